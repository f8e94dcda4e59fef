/* SPDX-License-Identifier: Apache-2.0 */
/* The module thief as headroom-host runs it as root: with a spawner, inside the sandbox, its files
 * below a folder that only root may enter. Afterwards nothing of root's may be in its state folder. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <headroom/process.h>

#include "base/clock.h"
#include "host/call.h"
#include "host/process.h"
#include "host/sandbox.h"
#include "host/spawner.h"

#define TEST_UID 61204
#define SECRET "root-alone-may-read-this"
#define OPEN "all-may-read-this"
#define PATIENCE_MS 20000

static char top[300], module_path[PATH_MAX], state[PATH_MAX];
static int report_fd = -1; /* in the child: a pipe to the test */

static struct hr_span span(const char *text)
{
	return (struct hr_span){text, strlen(text)};
}

/* ---- The child: what headroom-host does ---------------------------------------------------- */
_Noreturn static void __attribute__((format(printf, 1, 2))) give_up(const char *format, ...)
{
	char text[1024];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(void)!write(report_fd, text, n > 0 ? (size_t)n : 0);
	_exit(1);
}

static const void *service_find(const struct hr_host *host, const char *name)
{
	(void)host;
	return strcmp(name, HR_PROCESS_SERVICE) ? NULL : &process_service;
}

static const struct hr_host host = {
	.magic = HR_ABI_MAGIC,
	.abi_major = HR_ABI_MAJOR,
	.abi_minor = HR_ABI_MINOR,
	.size = sizeof(host),
	.draft = HR_ABI_DRAFT,
	.service = service_find,
};

static void open_it(const struct hr_provider *provider, const struct state_folder *folder)
{
	static const struct module module = {.id = "thief"};
	const struct call_subject subject = {.module = &module, .account = "a", .folder = folder};
	const struct hr_open request = {.size = sizeof(request), .state_dir = span(state)};
	struct hr_account *account = NULL;
	struct hr_error err = {0};
	struct call call;

	if (call_init(&call, &subject, clock_now().mono_ms + PATIENCE_MS, &err) != 0)
		give_up("%s", err.message);
	if (provider->open(&host, &call.abi, &request, &account) != HR_OK)
		give_up("the good start: %s", call.fault.message);
	call_clear(&call);
}

_Noreturn static void be_host(void)
{
	struct sandbox_options options = {.module = module_path,
					  .folder = state,
					  .uid = TEST_UID,
					  .gid = TEST_UID,
					  .n_keep_fds = 2};
	const struct state_folder folder = {.path = state,
					    .fd = open(state, O_PATH | O_DIRECTORY | O_CLOEXEC),
					    .uid = TEST_UID,
					    .gid = TEST_UID};
	const struct hr_provider *provider;
	struct hr_error err = {0};
	void *handle;
	int fd;

	alarm(PATIENCE_MS / 1000);
	if (spawner_start(&folder, module_path, &fd, &err) != 0)
		give_up("spawner: %s", err.message);
	options.keep_fds[0] = fd;
	options.keep_fds[1] = report_fd;
	process_use_spawner(fd);
	if (sandbox_enter(&options, &err) != 0)
		give_up("enter: %s", err.message);
	handle = dlopen(module_path, RTLD_NOW | RTLD_LOCAL);
	provider = handle ? dlsym(handle, "headroom_provider_v0") : NULL;
	if (!provider)
		give_up("%s", dlerror());
	if (sandbox_close(&options, &err) != 0)
		give_up("close: %s", err.message);
	open_it(provider, &folder);
	_exit(0);
}

/* ---- The test ------------------------------------------------------------------------------ */
static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int write_file(const char *name, const char *text, mode_t mode)
{
	char path[PATH_MAX];
	int fd, rc;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	rc = write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? fchmod(fd, mode) : -1;
	close(fd);
	return rc;
}

static int copy_module(void)
{
	const char *build = getenv("HEADROOM_BUILDDIR");
	char from[PATH_MAX], buffer[65536];
	int source, target, rc = 0;
	ssize_t n;

	snprintf(from, sizeof(from), "%s/tests/modules/hostile/.libs/thief.so",
		 build ? build : ".");
	snprintf(module_path, sizeof(module_path), "%s/thief.so", top);
	source = open(from, O_RDONLY | O_CLOEXEC);
	target = open(module_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	while (rc == 0 && (n = read(source, buffer, sizeof(buffer))) != 0)
		rc = n < 0 || write(target, buffer, (size_t)n) != n ? -1 : 0;
	close(source);
	close(target);
	return rc;
}

/* Everything in one folder that only root may enter. */
static int make_place(void)
{
	const char *tmp = getenv("TMPDIR");
	char path[PATH_MAX];

	if (!realpath(tmp ? tmp : "/tmp", path))
		return -1;
	snprintf(top, sizeof(top), "%.200s/headroom-thief-XXXXXX", path);
	if (!mkdtemp(top))
		return -1;
	snprintf(state, sizeof(state), "%s/state", top);
	snprintf(path, sizeof(path), "%s/link-to-secret", top);
	if (mkdir(state, 0700) != 0 || chown(state, TEST_UID, TEST_UID) != 0 ||
	    symlink("secret", path) != 0)
		return -1;
	return write_file("secret", SECRET, 0700) || write_file("open", OPEN, 0644) ||
			       write_file("written-by-others", SECRET, 0666) ||
			       write_file("program", "#!/bin/true\n", 0755) || copy_module()
		       ? -1
		       : 0;
}

static unsigned n_secrets, n_open;

static int look_at(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char text[64] = "";
	int fd;

	(void)st;
	(void)ftw;
	if (type != FTW_F)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return -1;
	close(fd);
	if (strcmp(text, SECRET) == 0) {
		printf("the module has got %s\n", path);
		n_secrets++;
	}
	n_open += strcmp(text, OPEN) == 0;
	return 0;
}

static bool run(void)
{
	char said[2048] = "";
	int ends[2], status = 0;
	ssize_t n;
	pid_t pid;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0 || pipe2(ends, O_CLOEXEC) != 0)
		return false;
	pid = fork();
	if (pid == 0) {
		report_fd = fcntl(ends[1], F_DUPFD_CLOEXEC, 10);
		be_host();
	}
	close(ends[1]);
	n = read(ends[0], said, sizeof(said) - 1);
	said[n > 0 ? n : 0] = '\0';
	close(ends[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		printf("the host ended with status 0x%x: %s\n", (unsigned)status, said);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		; /* the spawner, and what it started */
	if (nftw(state, look_at, 16, FTW_PHYS) != 0)
		printf("cannot look at %s: %s\n", state, strerror(errno));
	else if (n_open != 1)
		printf("%u copies of what the module may have instead of 1\n", n_open);
	return status == 0 && n_secrets == 0 && n_open == 1;
}

int main(void)
{
	bool good;

	if (geteuid() != 0) {
		printf("skipped: only as root anything is copied\n");
		return 77;
	}
	if (sandbox_is_off()) {
		printf("skipped: the sandbox is off in a build with sanitizers\n");
		return 77;
	}
	if (make_place() != 0) {
		printf("no place for a test: %s\n", strerror(errno));
		return 1;
	}
	good = run();
	nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	printf("a module that asks for files of root's: %s\n", good ? "gets none" : "wrong");
	return good ? 0 : 1;
}
