/* SPDX-License-Identifier: Apache-2.0 */
/* The module local as headroom-host runs it: with a spawner, inside the sandbox. A server's whole
 * life must need nothing that is forbidden there. As root also from below a folder that only root
 * may enter, so that the process needs a view of its own and the program a copy. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <headroom/clock.h>
#include <headroom/process.h>

#include "base/clock.h"
#include "host/call.h"
#include "host/process.h"
#include "host/sandbox.h"
#include "host/spawner.h"
#include "open_values.h"

#define TEST_UID 61203
#define INSTALLATION "inst-sandboxed"
#define SERVER "srv-sandboxed"
#define PATIENCE_MS 60000

static char top[300], module_path[PATH_MAX], state[PATH_MAX];
static int report_fd = -1; /* in the child: a pipe to the test */
static struct module module;
static struct state_folder folder = {.fd = -1};

static struct hr_span span(const char *text)
{
	return (struct hr_span){text, text ? strlen(text) : 0};
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

static void on_forbidden(const char *name, unsigned count)
{
	(void)count;
	(void)!write(report_fd, "forbidden: ", 11);
	(void)!write(report_fd, name, strlen(name));
	(void)!write(report_fd, "\n", 1);
}

static int64_t wall(void)
{
	return clock_now().wall_ms;
}

static int64_t monotonic(void)
{
	return clock_now().mono_ms;
}

static const void *service_find(const struct hr_host *host, const char *name)
{
	static const struct hr_clock_service clock = {sizeof(clock), wall, monotonic};

	(void)host;
	if (!strcmp(name, HR_CLOCK_SERVICE))
		return &clock;
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

static void call_begin(struct call *call, bool is_step)
{
	const struct call_subject subject = {
		.module = &module, .account = "a", .is_step = is_step, .folder = &folder};
	struct hr_error err = {0};

	if (call_init(call, &subject, monotonic() + PATIENCE_MS, &err) != 0)
		give_up("%s", err.message);
}

static struct hr_account *open_account(const struct hr_provider *provider, const char *isolation)
{
	struct open_values values = open_values_of(provider);
	struct hr_open request = {.size = sizeof(request),
				  .value_stride = sizeof(values.list[0]),
				  .values = values.list,
				  .installation = span(INSTALLATION),
				  .account = span("a"),
				  .state_dir = span(state)};
	struct hr_account *account = NULL;
	struct call call;

	open_values_set(&values, provider, "isolation", isolation);
	request.n_values = values.n;
	call_begin(&call, false);
	if (provider->open(&host, &call.abi, &request, &account) != HR_OK)
		give_up("open: %s", call.fault.message);
	call_clear(&call);
	return account;
}

/* Calls until it is done. */
static void run_step(const struct hr_provider *provider, struct hr_account *account, bool create)
{
	const struct hr_mark marks[] = {
		{span(HR_MARK_INSTALLATION), span(INSTALLATION)},
		{span(HR_MARK_CONFIG), span("a")},
		{span(HR_MARK_SERVER), span(SERVER)},
	};
	const struct hr_step step = {.size = sizeof(step),
				     .attempt = 1,
				     .server_id = span(SERVER),
				     .server_name = span("demo"),
				     .instance_id = span(create ? "" : SERVER),
				     .marks = marks,
				     .n_marks = 3,
				     .guest_os = HR_GUEST_LINUX,
				     .script = span("#!/bin/sh\nmkdir -p m/n && chmod 0 m\n"),
				     .host_name = span("demo")};
	int64_t until = monotonic() + PATIENCE_MS;
	struct call call;
	int32_t result;

	do {
		call_begin(&call, true);
		result = create ? provider->create(account, &call.abi, &step)
				: provider->destroy(account, &call.abi, &step);
		if (result != HR_OK && result != HR_AGAIN)
			give_up("%s: %d %s", create ? "create" : "destroy", result,
				call.fault.message);
		call_clear(&call);
		nanosleep(&(struct timespec){0, 20000000}, NULL);
	} while (result == HR_AGAIN && monotonic() < until);
	if (result != HR_OK)
		give_up("%s takes too long", create ? "create" : "destroy");
}

static uint32_t seen_state, seen_port, n_seen, n_complete;

static void on_instance(const struct hr_instance_sink *sink, const struct hr_instance *instance)
{
	(void)sink;
	n_seen++;
	seen_state = instance->state;
	seen_port = instance->connection_port;
}

static void on_unread(const struct hr_instance_sink *sink, struct hr_span part, struct hr_span why)
{
	(void)sink;
	give_up("unread: %.*s: %.*s", (int)part.len, part.ptr, (int)why.len, why.ptr);
}

static void on_complete(const struct hr_instance_sink *sink)
{
	(void)sink;
	n_complete++;
}

static const struct hr_instance_sink sink = {.size = sizeof(sink),
					     .instance = on_instance,
					     .unread = on_unread,
					     .complete = on_complete};

static void expect_state(const struct hr_provider *provider, struct hr_account *account,
			 uint32_t wanted)
{
	const struct hr_span id = span(SERVER);
	const struct hr_status request = {
		.size = sizeof(request), .n_instances = 1, .instance_ids = &id};
	struct call call;

	n_seen = 0;
	call_begin(&call, false);
	if (provider->status(account, &call.abi, &request, &sink) != HR_OK)
		give_up("status: %s", call.fault.message);
	if (n_seen != 1 || seen_state != wanted || (wanted == HR_STATE_RUNNING) != (seen_port > 0))
		give_up("status: state %u instead of %u, port %u", seen_state, wanted, seen_port);
	call_clear(&call);
}

static void expect_list(const struct hr_provider *provider, struct hr_account *account,
			unsigned wanted)
{
	const struct hr_list request = {.size = sizeof(request),
					.installation = span(INSTALLATION)};
	struct call call;

	n_seen = n_complete = 0;
	call_begin(&call, false);
	if (provider->list(account, &call.abi, &request, &sink) != HR_OK)
		give_up("list: %s", call.fault.message);
	if (n_seen != wanted || n_complete != 1)
		give_up("list: %u instances instead of %u", n_seen, wanted);
	call_clear(&call);
}

static void on_problem(const struct hr_check_sink *check, int32_t class,
		       const struct hr_fault *fault)
{
	(void)check;
	(void)class;
	give_up("check: %.*s", (int)fault->message.len, fault->message.ptr);
}

static void expect_good_check(const struct hr_provider *provider, struct hr_account *account)
{
	const struct hr_check_sink check = {.size = sizeof(check), .problem = on_problem};
	struct call call;

	call_begin(&call, false);
	if (provider->check(account, &call.abi, &check) != HR_OK)
		give_up("check: %s", call.fault.message);
	call_clear(&call);
}

/* Everything that a server goes through. */
static void life(const struct hr_provider *provider, const char *isolation)
{
	struct hr_account *account = open_account(provider, isolation);

	expect_good_check(provider, account);
	expect_list(provider, account, 0);
	run_step(provider, account, true);
	expect_state(provider, account, HR_STATE_RUNNING);
	expect_list(provider, account, 1);
	run_step(provider, account, false);
	expect_state(provider, account, HR_STATE_GONE);
	expect_list(provider, account, 0);
	provider->close(account);
}

_Noreturn static void be_host(const char *isolation)
{
	struct sandbox_options options = {.module = module_path,
					  .folder = state,
					  .uid = TEST_UID,
					  .gid = TEST_UID,
					  .n_keep_fds = 2};
	const struct hr_provider *provider;
	struct hr_error err = {0};
	void *handle;
	int fd;

	alarm(4 * PATIENCE_MS / 1000);
	folder = (struct state_folder){.path = state,
				       .fd = open(state, O_PATH | O_DIRECTORY | O_CLOEXEC),
				       .uid = geteuid() == 0 ? TEST_UID : geteuid(),
				       .gid = geteuid() == 0 ? TEST_UID : getegid()};
	if (spawner_start(&folder, module_path, &fd, &err) != 0)
		give_up("spawner: %s", err.message);
	options.keep_fds[0] = fd;
	options.keep_fds[1] = report_fd;
	process_use_spawner(fd);
	sandbox_on_forbidden = on_forbidden;
	if (sandbox_enter(&options, &err) != 0)
		give_up("enter: %s", err.message);
	handle = dlopen(module_path, RTLD_NOW | RTLD_LOCAL);
	provider = handle ? dlsym(handle, "headroom_provider_v0") : NULL;
	if (!provider)
		give_up("%s", dlerror());
	if (sandbox_close(&options, &err) != 0)
		give_up("close: %s", err.message);
	if (geteuid() == 0)
		give_up("the module runs as root");
	life(provider, isolation);
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

static int copy_file(const char *built, const char *name, mode_t mode)
{
	char from[PATH_MAX], to[PATH_MAX], buffer[65536];
	int source, target, rc = 0;
	ssize_t n;

	snprintf(from, sizeof(from), "%s/plugins/local/%s", getenv("HEADROOM_BUILDDIR"), built);
	snprintf(to, sizeof(to), "%s/%s", top, name);
	source = open(from, O_RDONLY | O_CLOEXEC);
	target = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, mode);
	while (rc == 0 && (n = read(source, buffer, sizeof(buffer))) != 0)
		rc = n < 0 || write(target, buffer, (size_t)n) != n ? -1 : 0;
	if (rc != 0 || fchmod(target, mode) != 0)
		rc = -1;
	close(source);
	close(target);
	return rc;
}

/* A folder with the account's folder in it; closed: only its owner may enter, and the module lies
 * in it too. */
static int make_place(bool closed)
{
	const char *tmp = getenv("TMPDIR");
	char path[PATH_MAX];

	if (!realpath(tmp ? tmp : "/tmp", path))
		return -1;
	snprintf(top, sizeof(top), "%.200s/headroom-sandboxed-XXXXXX", path);
	if (!mkdtemp(top) || chmod(top, closed ? 0700 : 0711) != 0)
		return -1;
	snprintf(state, sizeof(state), "%s/state", top);
	if (mkdir(state, 0700) != 0 || (geteuid() == 0 && chown(state, TEST_UID, TEST_UID) != 0))
		return -1;
	if (!closed) {
		snprintf(path, sizeof(path), "%s/plugins/local/.libs/local.so",
			 getenv("HEADROOM_BUILDDIR"));
		return realpath(path, module_path) ? 0 : -1;
	}
	snprintf(module_path, sizeof(module_path), "%s/local.so", top);
	return copy_file(".libs/local.so", "local.so", 0644) ||
			       copy_file("headroom-local-server", "headroom-local-server", 0755) ||
			       copy_file("headroom-local-names.so", "headroom-local-names.so", 0644)
		       ? -1
		       : 0;
}

static bool run_one(bool closed, const char *isolation)
{
	char said[2048] = "";
	size_t have = 0;
	int ends[2], status = 0;
	ssize_t n;
	pid_t pid;

	if (make_place(closed) != 0 || pipe2(ends, O_CLOEXEC) != 0) {
		printf("no place for a test: %s\n", strerror(errno));
		return false;
	}
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		report_fd = fcntl(ends[1], F_DUPFD_CLOEXEC, 10);
		be_host(isolation);
	}
	close(ends[1]);
	while (have < sizeof(said) - 1 &&
	       (n = read(ends[0], said + have, sizeof(said) - 1 - have)) > 0)
		have += (size_t)n;
	close(ends[0]);
	said[have] = '\0';
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		printf("the host ended with status 0x%x\n", (unsigned)status);
	printf("%s, %s: %s\n", closed ? "closed folder" : "open folder", isolation,
	       status == 0 && said[0] == '\0' ? "good" : said);
	nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return status == 0 && said[0] == '\0';
}

int main(void)
{
	static const char *const isolations[] = {"namespaces", "supervisor"};
	bool good = true;

	if (access("/usr/bin/bwrap", X_OK) || access("/usr/sbin/sshd", X_OK)) {
		printf("skipped: bwrap or sshd is not installed\n");
		return 77;
	}
	for (int i = 0; i < 2; i++) {
		good = run_one(false, isolations[i]) && good;
		if (geteuid() == 0)
			good = run_one(true, isolations[i]) && good;
	}
	return good ? 0 : 1;
}
