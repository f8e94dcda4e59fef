/* SPDX-License-Identifier: Apache-2.0 */
/* headroom-host: the process in which one account's module runs. Started by headroomd; a person has
 * no use for it but --describe. Everything here is in the order in which it makes the process
 * poorer: arguments, sandbox, module, second filter, work. */
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "host/loader.h"
#include "host/sandbox.h"
#include "host/serve.h"
#include "provider/wire.h"

#define CHANNEL_FD 3
#define ARENAS 2
#define STATUS_USAGE 2
#define STATUS_REFUSED 3

struct host_options {
	const char *module;
	const char *folder; /* profile local */
	int64_t uid, gid;   /* -1: none */
	bool serves;
};

static const struct option long_options[] = {
	{"serve", no_argument, NULL, 's'},        {"module", required_argument, NULL, 'm'},
	{"folder", required_argument, NULL, 'f'}, {"uid", required_argument, NULL, 'u'},
	{"gid", required_argument, NULL, 'g'},    {"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'v'},      {NULL, 0, NULL, 0},
};

static void help(void)
{
	puts("Usage: headroom-host --serve --module FILE [--folder DIR] [--uid N --gid N]\n"
	     "Runs a provider module in a process of its own. headroomd starts it.\n");
}

/* 0: go on; 1: all is said; -1: wrong usage. */
static int options_parse(int argc, char **argv, struct host_options *ret)
{
	int c, rc = 0;

	*ret = (struct host_options){.uid = -1, .gid = -1};
	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (c) {
		case 's': ret->serves = true; break;
		case 'm': ret->module = optarg; break;
		case 'f': ret->folder = optarg; break;
		case 'u': rc |= text_to_int64(optarg, 1, UINT32_MAX - 1, &ret->uid); break;
		case 'g': rc |= text_to_int64(optarg, 1, UINT32_MAX - 1, &ret->gid); break;
		case 'h': help(); return 1;
		case 'v': puts("headroom-host " HEADROOM_VERSION); return 1;
		default: return -1;
		}
	}
	return rc == 0 && optind == argc && ret->serves && ret->module ? 0 : -1;
}

/* From here on the process can do less and less. */
static int load(const struct host_options *options, const struct sandbox_options *sandbox,
		struct module **ret_module, struct hr_error *err)
{
	if (sandbox_enter(sandbox, err) != 0 ||
	    loader_open(options->module, options->folder ? LOADER_MAY_BE_LOCAL : 0, ret_module,
			err) != 0)
		return -1;
	return sandbox_close(sandbox, err);
}

static int serve(const struct host_options *options)
{
	/* The sandbox takes paths without symbolic links. */
	char *module_path = realpath(options->module, NULL);
	char *folder_path = options->folder ? realpath(options->folder, NULL) : NULL;
	const struct sandbox_options sandbox = {
		.module = module_path ? module_path : options->module,
		.folder = folder_path ? folder_path : options->folder,
		.uid = (uid_t)options->uid,
		.gid = (gid_t)options->gid,
		.keep_fds = {CHANNEL_FD},
		.n_keep_fds = 1,
	};
	struct serve_options serving = {.state_dir = options->folder};
	struct hr_error error = {0};
	struct module *module;

	serve_prepare(CHANNEL_FD);
	sandbox_on_forbidden = serve_forbidden;
	if (load(options, &sandbox, &module, &error) != 0) {
		serve_refuse(&error);
		return STATUS_REFUSED;
	}
	serving.module = module;
	if (!sandbox_is_off())
		serving.sandbox = WIRE_SANDBOX_FILTER;
	if (sandbox_has_landlock())
		serving.sandbox |= WIRE_SANDBOX_LANDLOCK;
	serve_run(&serving);
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
	return serve(&options);
}
