/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox against a hostile module: one process per attempt, from the module's constructor and
 * from an operation. Prints a table and fails on any difference. What is forbidden counts only with
 * the report that the filter's signal brings, so nothing passes where no filter is loaded; a process
 * without a sandbox is tried last, to prove that. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <headroom/provider.h>

#include "attempt.h"
#include "host/sandbox.h"

#define TEST_UID 61201
#define EXIT_REFUSED 97

static char closed[PATH_MAX / 2], module_path[PATH_MAX];

/* NULL for `operation`: as in the constructor. "": not tried there. */
#define TRY(call) TRY_##call, #call
static const struct expectation {
	int which;
	const char *name, *constructor, *operation;
} expectations[] = {
	{TRY(OPEN_SHADOW), "EACCES", "openat#0 EPERM"},
	{TRY(OPEN_WRITE), "openat#0 EPERM", NULL},
	{TRY(OPEN_DIRECTORY), "EACCES", "openat#0 EPERM"},
	{TRY(OPEN_OWN_MEMORY), "EACCES", "openat#0 EPERM"},
	{TRY(OPENAT2), "openat2#0 EPERM", NULL},
	{TRY(CHMOD), "chmod#0 EPERM", NULL},
	{TRY(UNLINK), "unlink#0 EPERM", NULL},
	{TRY(SOCKET), "socket#1 EPERM", NULL},
	{TRY(SOCKETPAIR), "socketpair#1 EPERM", NULL},
	{TRY(CONNECT), "connect#1 EPERM", NULL},
	{TRY(BIND), "bind#1 EPERM", NULL},
	{TRY(SEND_TO), "sendto#0 EPERM", NULL},
	{TRY(SEND_FAST), "sendto#0 EPERM", NULL},
	{TRY(SEND_MESSAGE_FAST), "sendmsg#0 EPERM", NULL},
	{TRY(EXEC), "execve#1 EPERM", NULL},
	{TRY(EXECVEAT), "execveat#1 EPERM", NULL},
	{TRY(FORK_LIBRARY), "clone#1 EPERM", NULL},
#ifdef __x86_64__
	{TRY(FORK), "fork#1 EPERM", NULL},
	{TRY(VFORK), "vfork#1 EPERM", NULL},
#endif
	{TRY(CLONE), "clone#1 EPERM", NULL},
	{TRY(CLONE_NAMESPACE), "clone#1 EPERM", NULL},
	{TRY(CLONE3), "ENOSYS", NULL},
	{TRY(PTRACE), "ptrace#0 EPERM", NULL},
	{TRY(KILL), "kill#0 EPERM", NULL},
	{TRY(TGKILL), "tgkill#0 EPERM", NULL},
	{TRY(SIGQUEUE), "rt_sigqueueinfo#0 EPERM", NULL},
	{TRY(VM_READ), "process_vm_readv#0 EPERM", NULL},
	{TRY(PIDFD), "pidfd_open#0 EPERM", NULL},
	{TRY(SETOWN), "fcntl#0 EPERM", NULL},
	{TRY(MAP_EXEC), "mmap#0 EPERM", NULL},
	{TRY(MAP_FILE_EXEC), "done", "mmap#0 EPERM"}, /* as the loader does */
	{TRY(PROTECT_EXEC), "mprotect#0 EPERM", NULL},
	{TRY(MEMFD), "memfd_create#0 EPERM", NULL},
	{TRY(SIGACTION), "rt_sigaction#0 EPERM", NULL},
	{TRY(SIGACTION_WIDE), "rt_sigaction#0 EPERM", NULL},
	{TRY(DUMPABLE), "prctl#0 EPERM", NULL},
	{TRY(RAISE_LIMIT), "prlimit64#0 EPERM", NULL},
	{TRY(SETUID), "setresuid#0 EPERM", NULL},
	{TRY(UNSHARE), "unshare#0 EPERM", NULL},
	{TRY(MOUNT), "mount#0 EPERM", NULL},
	{TRY(PERSONALITY), "personality#0 EPERM", NULL},
	{TRY(IO_URING), "io_uring_setup#0 EPERM", NULL},
	{TRY(BPF), "bpf#0 EPERM", NULL},
	{TRY(NO_FILTER), "EFAULT", "seccomp#0 EPERM"},
	{TRY(THREE_SOCKETS), "socket#1 socket#2 socket#3 exit 86", NULL},
	{TRY(THREADS), "done", NULL},
	{TRY(THREAD_EXIT), "", "done"}, /* the loader, held in a constructor, has to help */
	{TRY(MEMORY), "done", NULL},
	{TRY(MEMORY_IN_THREADS), "", "done"}, /* as THREAD_EXIT */
	{TRY(PRINTF), "done", NULL},
	{TRY(RANDOM), "done", NULL},
	{TRY(CLOCK), "done", NULL},
	{TRY(LIMITS), "done", NULL},
	{TRY(ENVIRONMENT), "done", NULL},
	{TRY(WHO), "done", NULL},
	{TRY(ENDLESS_THREADS), "done", NULL},
	{TRY(ABORT), "signal 6", NULL},
};

static void on_forbidden(const char *name, unsigned count)
{
	struct attempt_line line = {.kind = 'f', .value = (int32_t)count};

	for (size_t i = 0; i < sizeof(line.name) - 1 && name[i]; i++)
		line.name[i] = name[i];
	if (write(HOSTILE_FD, &line, sizeof(line)) != (ssize_t)sizeof(line))
		_exit(99);
}

/* As headroom-host does. */
_Noreturn static void host(bool sandboxed)
{
	const struct sandbox_options options = {
		.module = module_path,
		.uid = TEST_UID,
		.gid = TEST_UID,
		.keep_fds = {HOSTILE_FD},
		.n_keep_fds = 1,
	};
	const struct hr_provider *provider;
	struct hr_error err = {0};
	void *handle;

	sandbox_on_forbidden = on_forbidden;
	if (sandboxed && sandbox_enter(&options, &err) != 0) {
		dprintf(HOSTILE_FD, "%s", err.message);
		_exit(EXIT_REFUSED);
	}
	handle = dlopen(module_path, RTLD_NOW | RTLD_LOCAL);
	provider = handle ? dlsym(handle, "headroom_provider_v0") : NULL;
	if (!provider) {
		dprintf(HOSTILE_FD, "%s", dlerror());
		_exit(EXIT_REFUSED);
	}
	if (sandboxed && sandbox_close(&options, &err) != 0) {
		dprintf(HOSTILE_FD, "%s", err.message);
		_exit(EXIT_REFUSED);
	}
	provider->check(NULL, NULL, NULL);
	_exit(0);
}

static void __attribute__((format(printf, 3, 4)))
add(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	if (used > 0 && used < size - 1)
		text[used++] = ' ';
	va_start(args, format);
	vsnprintf(text + used, size - used, format, args);
	va_end(args);
}

/* Everything that came over the socket and how the process ended, in words. */
static void hear(int fd, pid_t pid, char *seen, size_t size)
{
	struct attempt_line line;
	char raw[512];
	ssize_t n;
	int status = 0;

	seen[0] = '\0';
	while ((n = recv(fd, raw, sizeof(raw) - 1, 0)) > 0) {
		raw[n] = '\0';
		if (n != (ssize_t)sizeof(line)) {
			add(seen, size, "%s", raw);
			continue;
		}
		memcpy(&line, raw, sizeof(line));
		if (line.kind == 'f')
			add(seen, size, "%s#%d", line.name, line.value);
		else if (line.value < 0)
			add(seen, size, "%s", strerrorname_np(line.errno_value));
		else if (line.value == 0)
			add(seen, size, "done");
		else
			add(seen, size, "wrong %d", line.value);
	}
	if (waitpid(pid, &status, 0) != pid)
		add(seen, size, "lost");
	else if (WIFSIGNALED(status))
		add(seen, size, "signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		add(seen, size, "exit %d", WEXITSTATUS(status));
}

/* One attempt in a process of its own. What it writes to its standard output must not arrive. */
static void attempt(int where, int which, bool sandboxed, char *seen, size_t size)
{
	const struct attempt_task task = {where, which};
	int ends[2], out[2];
	char byte;
	pid_t pid;

	seen[0] = '\0';
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0 ||
	    pipe2(out, O_CLOEXEC | O_NONBLOCK) != 0 ||
	    send(ends[0], &task, sizeof(task), 0) != (ssize_t)sizeof(task)) {
		add(seen, size, "no socket");
		return;
	}
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		alarm(20);
		if (dup2(ends[1], HOSTILE_FD) < 0 || dup2(out[1], 1) < 0)
			_exit(99);
		host(sandboxed);
	}
	close(ends[1]);
	close(out[1]);
	hear(ends[0], pid, seen, size);
	if (read(out[0], &byte, 1) > 0)
		add(seen, size, "and it wrote to standard output");
	close(ends[0]);
	close(out[0]);
}

static bool compare(int where, const struct expectation *e, const char *expected)
{
	char seen[600];
	bool good;

	if (!expected[0])
		return true;
	attempt(where, e->which, true, seen, sizeof(seen));
	good = strcmp(seen, expected) == 0;
	printf("%-17s %-12s %-36s %-36s%s\n", e->name,
	       where == IN_CONSTRUCTOR ? "constructor" : "operation", expected, seen,
	       good ? "" : " <-- differs");
	return good;
}

/* Without a sandbox the module gets what it wants, and this test sees that. */
static bool control(void)
{
	static const struct {
		int which;
		const char *name;
	} tried[] = {{TRY(SOCKET)}, {TRY(PROTECT_EXEC)}, {TRY(OPEN_WRITE)}};
	bool good = true;
	char seen[600];

	for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
		attempt(IN_OPERATION, tried[i].which, false, seen, sizeof(seen));
		printf("%-17s %-12s %-36s %-36s\n", tried[i].name, "no sandbox", "done", seen);
		good = good && strcmp(seen, "done") == 0;
	}
	return good;
}

/* To a folder that, as root, only root may enter. */
static int module_copy(void)
{
	const char *top = getenv("TMPDIR"), *build = getenv("HEADROOM_BUILDDIR");
	char built[PATH_MAX];
	struct stat st;
	int from, to;

	snprintf(built, sizeof(built), "%s/tests/modules/hostile/.libs/hostile.so",
		 build ? build : ".");
	if (!realpath(top ? top : "/tmp", module_path))
		return -1;
	snprintf(closed, sizeof(closed), "%.*s/headroom-sandbox-XXXXXX", (int)sizeof(closed) - 32,
		 module_path);
	if (!mkdtemp(closed))
		return -1;
	snprintf(module_path, sizeof(module_path), "%s/hostile.so", closed);
	from = open(built, O_RDONLY | O_CLOEXEC);
	to = open(module_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (from < 0 || to < 0 || fstat(from, &st) != 0 || fchmod(to, 0644) != 0 ||
	    sendfile(to, from, NULL, (size_t)st.st_size) != (ssize_t)st.st_size)
		return -1;
	return close(from) != 0 || close(to) != 0 ? -1 : 0;
}

int main(void)
{
	size_t n = sizeof(expectations) / sizeof(expectations[0]);
	unsigned wrong = 0;

	if (sandbox_is_off()) {
		printf("skipped: the sandbox is off in a build with sanitizers\n");
		return 77;
	}
	if (module_copy() != 0) {
		printf("the hostile module cannot be copied: %s\n", strerror(errno));
		return 1;
	}
	printf("%-17s %-12s %-36s %-36s\n", "call", "where", "expected", "seen");
	for (size_t i = 0; i < n; i++) {
		const struct expectation *e = &expectations[i];

		/* The kernel counts a user's threads, and without root the user is ours. */
		if (e->which == TRY_ENDLESS_THREADS && geteuid() != 0)
			continue;
		wrong += !compare(IN_CONSTRUCTOR, e, e->constructor);
		wrong += !compare(IN_OPERATION, e, e->operation ? e->operation : e->constructor);
	}
	wrong += !control();
	unlink(module_path);
	rmdir(closed);
	printf("%zu attempts, each from constructor and operation, %u wrong\n", n, wrong);
	return wrong ? 1 : 0;
}
