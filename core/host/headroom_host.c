/* SPDX-License-Identifier: Apache-2.0 */
/* headroom-host: the process in which one account's module runs. Started by headroomd; a person has
 * no use for it but --describe. Everything here is in the order in which it makes the process
 * poorer: arguments, sandbox, module, second filter, work. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "builtin/builtin.h"
#include "host/account.h"
#include "host/describe.h"
#include "host/file_check.h"
#include "host/loader.h"
#include "host/process.h"
#include "host/refusal.h"
#include "host/sandbox.h"
#include "host/serve.h"
#include "host/spawner.h"
#include "provider/wire.h"

#define CHANNEL_FD 3
#define ARENAS 2
#define DESCRIPTION_MAX (4u << 20) /* bytes, where standard output is a file */
#define NOBODY 65534               /* describes modules: nothing else of ours runs as this user */
#define STATUS_USAGE 2
#define STATUS_REFUSED 3

struct host_options {
	const char *module;
	const struct module *builtin; /* instead of a file */
	bool describes;               /* the module, and no more */
	bool is_local;                /* profile local is granted to it */
	const char *folder;           /* profile local */
	int64_t uid, gid;             /* -1: none */
	bool serves;
};

static const struct option long_options[] = {
	{"describe", required_argument, NULL, 'd'},
	{"local", no_argument, NULL, 'l'},
	{"serve", no_argument, NULL, 's'},
	{"module", required_argument, NULL, 'm'},
	{"builtin", required_argument, NULL, 'b'},
	{"folder", required_argument, NULL, 'f'},
	{"uid", required_argument, NULL, 'u'},
	{"gid", required_argument, NULL, 'g'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'v'},
	{NULL, 0, NULL, 0},
};

static void help(void)
{
	puts("Usage: headroom-host --describe FILE [--local]\n"
	     "       headroom-host --serve --module FILE [--folder DIR] [--uid N --gid N]\n"
	     "       headroom-host --serve --builtin probe [--uid N --gid N]\n"
	     "Runs a provider module in a process of its own; headroomd starts it.\n"
	     "--describe prints what a module says of itself, as JSON, or why it is refused (status "
	     "3);\n"
	     "with --local also where it asks for profile local.");
}

/* 0: go on; 1: all is said; -1: wrong usage. */
static int options_parse(int argc, char **argv, struct host_options *ret)
{
	int c, rc = 0;

	*ret = (struct host_options){.uid = -1, .gid = -1};
	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (c) {
		case 'd':
			ret->describes = true;
			ret->module = optarg;
			break;
		case 'l': ret->is_local = true; break;
		case 's': ret->serves = true; break;
		case 'm': ret->module = optarg; break;
		case 'b':
			ret->builtin = builtin_find(optarg);
			rc |= ret->builtin ? 0 : -1;
			break;
		case 'f':
			ret->folder = optarg;
			ret->is_local = true;
			break;
		case 'u': rc |= text_to_int64(optarg, 1, UINT32_MAX - 1, &ret->uid); break;
		case 'g': rc |= text_to_int64(optarg, 1, UINT32_MAX - 1, &ret->gid); break;
		case 'h': help(); return 1;
		case 'v': puts("headroom-host " HEADROOM_VERSION); return 1;
		default: return -1;
		}
	}
	if (rc != 0 || optind != argc || ret->serves == ret->describes)
		return -1;
	if (ret->builtin)
		return ret->serves && !ret->module && !ret->folder ? 0 : -1;
	return ret->module ? 0 : -1;
}

/* Without its folder's symbolic links where there is such a folder: the sandbox's view of the files
 * has none. The file keeps its name, which is its module's. buffer: PATH_MAX bytes, the answer where
 * there is room. */
static const char *absolute_path(const char *path, char *buffer)
{
	CLEANUP_FREE char *folder = strdup(path);
	CLEANUP_FREE char *real = NULL;
	char *slash = folder ? strrchr(folder, '/') : NULL;

	if (path[0] == '/' || !folder)
		return path;
	if (slash)
		*slash = '\0';
	real = realpath(slash ? folder : ".", NULL);
	if (!real)
		return path;
	return text_format(buffer, PATH_MAX, "%s/%s", real, slash ? slash + 1 : path) ? buffer
										      : path;
}

/* From here on the process can do less and less. */
static int load(const struct host_options *options, const struct sandbox_options *sandbox,
		struct module **ret_module, struct hr_error *err)
{
	static char path[PATH_MAX];
	const char *module = absolute_path(options->module, path);
	char id[MODULE_ID_SIZE];
	struct stat st;

	/* First: the sandbox can only say what it cannot do with a folder or a file that is not there,
	 * and in it the daemon's user is not known any more. */
	if (stat(module, &st) != 0 && (errno == ENOENT || errno == ENOTDIR))
		return error_set(err, HR_INVALID,
				 "cannot load the module %s: there is no such file; give the path "
				 "of a module's file, or install the module anew",
				 options->module);
	if (file_check(module, id, err) != 0)
		return -1;
	if (sandbox_enter(sandbox, err) != 0)
		return refusal_head(err, id, module);
	if (loader_open(module, options->is_local ? LOADER_MAY_BE_LOCAL : 0, ret_module, err) != 0)
		return -1;
	return sandbox_close(sandbox, err);
}

/* Likewise for what is linked in: there is no file to open, and its process can do as little. */
static int enter_builtin(const struct sandbox_options *sandbox, struct hr_error *err)
{
	return sandbox_enter(sandbox, err) == 0 ? sandbox_close(sandbox, err) : -1;
}

/* buffer: PATH_MAX bytes, which the answer may be. */
static const char *real_path(const char *path, char *buffer)
{
	return path && realpath(path, buffer) ? buffer : path;
}

static struct sandbox_options sandbox_for(const struct host_options *options, int keep_fd)
{
	/* The sandbox takes paths without symbolic links, and uses them as long as the process is. */
	static char module[PATH_MAX], folder[PATH_MAX];

	return (struct sandbox_options){
		.module = real_path(options->module, module),
		.folder = real_path(options->folder, folder),
		.uid = options->uid > 0 ? (uid_t)options->uid : NOBODY,
		.gid = options->gid > 0 ? (gid_t)options->gid : NOBODY,
		.keep_fds = {keep_fd},
		.n_keep_fds = 1,
	};
}

/* Profile local: what starts processes must be apart from what runs the module. */
static int start_spawner(const struct host_options *options, struct sandbox_options *sandbox,
			 int *ret_fd, struct hr_error *err)
{
	/* Of the process from here on. */
	static struct state_folder folder = {.fd = -1};

	*ret_fd = -1;
	if (!options->folder)
		return 0;
	if (state_folder_open(&folder, options->folder, err) != 0 ||
	    spawner_start(&folder, sandbox->module, ret_fd, err) != 0)
		return -1;
	process_use_spawner(*ret_fd);
	sandbox->keep_fds[sandbox->n_keep_fds++] = *ret_fd;
	return 0;
}

static int serve(const struct host_options *options)
{
	struct sandbox_options sandbox = sandbox_for(options, CHANNEL_FD);
	struct serve_options serving = {.state_dir = options->folder};
	struct hr_error error = {0};
	struct module *module = NULL;
	int spawner;

	serve_prepare(CHANNEL_FD);
	sandbox_on_forbidden = serve_forbidden;
	sandbox_on_exhausted = serve_exhausted;
	if (start_spawner(options, &sandbox, &spawner, &error) != 0 ||
	    (options->builtin ? enter_builtin(&sandbox, &error)
			      : load(options, &sandbox, &module, &error)) != 0 ||
	    (spawner >= 0 && spawner_watch(spawner, serve_lost_spawner, &error) != 0)) {
		serve_refuse(&error);
		return STATUS_REFUSED;
	}
	serving.module = options->builtin ? options->builtin : module;
	if (!sandbox_is_off())
		serving.sandbox = WIRE_SANDBOX_FILTER;
	if (sandbox_has_landlock())
		serving.sandbox |= WIRE_SANDBOX_LANDLOCK;
	malloc_trim(0); /* what filter and loader needed */
	serve_run(&serving);
}

/* Standard output is the module's to print to, and goes nowhere; the answer goes where it went. */
static int describe(const struct host_options *options)
{
	int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, CHANNEL_FD);
	struct sandbox_options sandbox = sandbox_for(options, out);
	struct describe_file file = describe_look(options->module);
	struct hr_error error = {0};
	struct module *module = NULL;
	int rc;

	if (out < 0) {
		perror("headroom-host: standard output");
		return EXIT_FAILURE;
	}
	sandbox.file_max = DESCRIPTION_MAX;
	describe_signals_to(out);
	sandbox_on_forbidden = describe_forbidden;
	sandbox_on_exhausted = describe_exhausted;
	if (load(options, &sandbox, &module, &error) != 0)
		return describe_refusal(out, &error) == 0 ? STATUS_REFUSED : EXIT_FAILURE;
	rc = describe_module(out, module, &file);
	loader_close(module);
	return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct host_options options;
	int rc = options_parse(argc, argv, &options);

	if (rc > 0)
		return EXIT_SUCCESS;
	if (rc < 0) {
		fprintf(stderr, "headroom-host: wrong arguments; see headroom-host --help\n");
		return STATUS_USAGE;
	}
	json_wipe_when_freed();
	/* What would open a file at its first use must have been used before. */
	json_object_seed(0);
	/* Few: for its memory; and a limit of its own: malloc would open a file to find one. */
	mallopt(M_ARENA_MAX, ARENAS);
	return options.describes ? describe(&options) : serve(&options);
}
