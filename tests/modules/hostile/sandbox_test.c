/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox against a hostile module, as either profile has it: one process per attempt, from the
 * module's constructor and from an operation, with the kernel's Landlock (where there is one) and as on a
 * kernel without. Prints a table and fails on any difference. What is forbidden counts only with
 * the report that the filter's signal brings, so nothing passes where no filter is loaded; a process
 * without a sandbox is tried last, to prove that. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <headroom/provider.h>

#include "attempt.h"
#include "host/sandbox.h"

#define TEST_UID 61201
#define EXIT_REFUSED 97

static char closed[PATH_MAX / 2], module_path[PATH_MAX];
static char shared[128]; /* all may write in it: the account's folder, and what is beside that */

/* Which sandbox is tried. */
static bool is_local, has_landlock;

/* NULL for `operation`: as in the constructor. "": not tried there. Profile compute; `local`: of profile
 * local, NULL: the same. What is EACCES is so by Landlock, where `without` says what holds without it. */
#define TRY(call) TRY_##call, #call
#define LOCAL(call, constructor, operation, local, without)       \
	{                                                         \
		TRY(call), constructor, operation, local, without \
	}
#define LATER(call, constructor, operation) LOCAL(call, constructor, operation, NULL, NULL)
#define SAME(call, everywhere) LOCAL(call, everywhere, NULL, NULL, NULL)
static const struct expectation {
	int which;
	const char *name, *constructor, *operation, *local, *without;
} expectations[] = {
	LOCAL(OPEN_SHADOW, "EACCES", "openat#0 EPERM", "EACCES", NULL),
	/* What every user may read: no library's, so Landlock alone is in the way. */
	LOCAL(OPEN_READABLE, "EACCES", "openat#0 EPERM", "EACCES", "done"),
	LOCAL(OPEN_WRITE, "openat#0 EPERM", NULL, "EACCES", "done"),
	LOCAL(OPEN_DIRECTORY, "EACCES", "openat#0 EPERM", "EACCES", "done"),
	LOCAL(OPEN_OWN_MEMORY, "EACCES", "openat#0 EPERM", "EACCES", NULL),
	SAME(OPENAT2, "openat2#0 EPERM"),
	LOCAL(CHMOD, "chmod#0 EPERM", NULL, "EPERM", NULL),
	LOCAL(UNLINK, "unlink#0 EPERM", NULL, "", NULL),
	SAME(SOCKET, "socket#1 EPERM"),
	SAME(SOCKETPAIR, "socketpair#1 EPERM"),
	SAME(CONNECT, "connect#1 EPERM"),
	SAME(BIND, "bind#1 EPERM"),
	SAME(SEND_TO, "sendto#0 EPERM"),
	SAME(SEND_FAST, "sendto#0 EPERM"),
	SAME(SEND_MESSAGE_FAST, "sendmsg#0 EPERM"),
	SAME(EXEC, "execve#1 EPERM"),
	SAME(EXECVEAT, "execveat#1 EPERM"),
	SAME(FORK_LIBRARY, "clone#1 EPERM"),
#ifdef __x86_64__
	SAME(FORK, "fork#1 EPERM"),
	SAME(VFORK, "vfork#1 EPERM"),
#endif
	SAME(CLONE, "clone#1 EPERM"),
	SAME(CLONE_NAMESPACE, "clone#1 EPERM"),
	SAME(CLONE3, "ENOSYS"),
	SAME(PTRACE, "ptrace#0 EPERM"),
	SAME(KILL, "kill#0 EPERM"),
	SAME(TGKILL, "tgkill#0 EPERM"),
	SAME(SIGQUEUE, "rt_sigqueueinfo#0 EPERM"),
	SAME(VM_READ, "process_vm_readv#0 EPERM"),
	SAME(PIDFD, "pidfd_open#0 EPERM"),
	SAME(SETOWN, "fcntl#0 EPERM"),
	SAME(MAP_EXEC, "mmap#0 EPERM"),
	LATER(MAP_FILE_EXEC, "done", "mmap#0 EPERM"), /* as the loader does */
	SAME(PROTECT_EXEC, "mprotect#0 EPERM"),
	SAME(MEMFD, "memfd_create#0 EPERM"),
	SAME(SIGACTION, "rt_sigaction#0 EPERM"),
	SAME(SIGACTION_WIDE, "rt_sigaction#0 EPERM"),
	SAME(DUMPABLE, "prctl#0 EPERM"),
	SAME(RAISE_LIMIT, "prlimit64#0 EPERM"),
	SAME(SETUID, "setresuid#0 EPERM"),
	SAME(UNSHARE, "unshare#0 EPERM"),
	SAME(MOUNT, "mount#0 EPERM"),
	SAME(PERSONALITY, "personality#0 EPERM"),
	SAME(IO_URING, "io_uring_setup#0 EPERM"),
	SAME(BPF, "bpf#0 EPERM"),
	LATER(NO_FILTER, "EFAULT", "seccomp#0 EPERM"),
	SAME(THREE_SOCKETS, "socket#1 socket#2 socket#3 exit 86"),
	LOCAL(FOLDER_FILES, "openat#0 EPERM", NULL, "done", NULL),
	LOCAL(FOLDER_LOCK, "fcntl#0 EPERM", NULL, "done", NULL),
	SAME(FOLDER_DEVICE, "mknodat#0 EPERM"),
	LOCAL(BESIDE_CREATE, "openat#0 EPERM", NULL, "EACCES", "done"),
	LOCAL(BESIDE_RENAME, "openat#0 EPERM", NULL, "EACCES", "done"),
	LOCAL(BESIDE_REMOVE, "unlink#0 EPERM", NULL, "EACCES", "done"),
	SAME(THREADS, "done"),
	LATER(THREAD_EXIT, "", "done"), /* the loader, held in a constructor, has to help */
	SAME(MEMORY, "done"),
	LATER(MEMORY_IN_THREADS, "", "done"), /* as THREAD_EXIT */
	SAME(PRINTF, "done"),
	SAME(RANDOM, "done"),
	SAME(CLOCK, "done"),
	SAME(LIMITS, "done"),
	SAME(ENVIRONMENT, "done"),
	SAME(WHO, "done"),
	SAME(ENDLESS_THREADS, "done"),
	SAME(ABORT, "signal 6"),
};

static bool kernel_has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

static void on_forbidden(const char *name, unsigned count)
{
	struct attempt_line line = {.kind = 'f', .value = (int32_t)count};

	for (size_t i = 0; i < sizeof(line.name) - 1 && name[i]; i++)
		line.name[i] = name[i];
	if (write(HOSTILE_FD, &line, sizeof(line)) != (ssize_t)sizeof(line))
		_exit(99);
}

/* From now on the kernel says that it has no Landlock. -1: it cannot be made to. */
static int hide_landlock(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_create_ruleset, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
		       ? (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)
		       : -1;
}

/* As headroom-host does. */
_Noreturn static void host(bool sandboxed)
{
	char folder[PATH_MAX];
	const struct sandbox_options options = {
		.module = module_path,
		.folder = is_local ? folder : NULL,
		.uid = TEST_UID,
		.gid = TEST_UID,
		.keep_fds = {HOSTILE_FD},
		.n_keep_fds = 1,
	};
	const struct hr_provider *provider;
	struct hr_error err = {0};
	void *handle;

	sandbox_on_forbidden = on_forbidden;
	snprintf(folder, sizeof(folder), "%s/folder", shared);
	if (sandboxed && !has_landlock && kernel_has_landlock() && hide_landlock() != 0)
		_exit(99);
	if (sandboxed && sandbox_enter(&options, &err) != 0) {
		dprintf(HOSTILE_FD, "%s", err.message);
		_exit(EXIT_REFUSED);
	}
	if (sandboxed && sandbox_has_landlock() != has_landlock) {
		dprintf(HOSTILE_FD, "Landlock is %s", has_landlock ? "off" : "on");
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

/* The account's folder, empty, and beside it what may not be touched, both of the module's user. */
static int place_make(void)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/folder", shared);
	if (mkdir(path, 0700) != 0 || (geteuid() == 0 && chown(path, TEST_UID, TEST_UID) != 0))
		return -1;
	snprintf(path, sizeof(path), "%s/" BESIDE_VICTIM, shared);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || (geteuid() == 0 && fchown(fd, TEST_UID, TEST_UID) != 0))
		return -1;
	return close(fd);
}

static void place_clear(void)
{
	static const char *const names[] = {
		"folder/file", "folder/null", BESIDE_MADE, BESIDE_VICTIM, "folder",
	};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", shared, names[i]);
		(void)remove(path);
	}
}

/* One attempt in a process of its own. What it writes to its standard output must not arrive. */
static void attempt(int where, int which, bool sandboxed, char *seen, size_t size)
{
	struct attempt_task task = {.where = where, .which = which, .is_local = is_local};
	int ends[2], out[2];
	char byte;
	pid_t pid;

	seen[0] = '\0';
	snprintf(task.folder, sizeof(task.folder), "%s/folder", shared);
	if (place_make() != 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0 ||
	    pipe2(out, O_CLOEXEC | O_NONBLOCK) != 0 ||
	    send(ends[0], &task, sizeof(task), 0) != (ssize_t)sizeof(task)) {
		add(seen, size, "no socket or no folder");
		place_clear();
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
	place_clear();
}

static const char *expected_of(int where, const struct expectation *e)
{
	const char *expected = is_local && e->local                    ? e->local
			       : where == IN_OPERATION && e->operation ? e->operation
								       : e->constructor;

	return !has_landlock && e->without && strcmp(expected, "EACCES") == 0 ? e->without
									      : expected;
}

static bool compare(int where, const struct expectation *e)
{
	const char *expected = expected_of(where, e);
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
	} tried[] = {{TRY(SOCKET)}, {TRY(PROTECT_EXEC)}, {TRY(OPEN_WRITE)}, {TRY(OPEN_READABLE)}};
	bool good = true;
	char seen[600];

	for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
		attempt(IN_OPERATION, tried[i].which, false, seen, sizeof(seen));
		printf("%-17s %-12s %-36s %-36s\n", tried[i].name, "no sandbox", "done", seen);
		good = good && strcmp(seen, "done") == 0;
	}
	return good;
}

/* As root: there is no sandbox in which a module would still be root, whatever asks for it. */
static bool refuses_root(void)
{
	const struct sandbox_options options = {
		.module = module_path, .keep_fds = {HOSTILE_FD}, .n_keep_fds = 1};
	char seen[600] = "";
	int ends[2], status = -1;
	pid_t child;

	if (geteuid() != 0)
		return true;
	fflush(NULL);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	child = fork();
	if (child == 0) {
		struct hr_error err = {0};

		if (dup2(ends[1], HOSTILE_FD) < 0 || sandbox_enter(&options, &err) == 0)
			_exit(0);
		dprintf(HOSTILE_FD, "%s", err.message);
		_exit(EXIT_REFUSED);
	}
	close(ends[1]);
	if (read(ends[0], seen, sizeof(seen) - 1) < 0 || waitpid(child, &status, 0) != child)
		return false;
	close(ends[0]);
	printf("%-17s %-12s %s\n", "uid 0", "sandbox", seen);
	return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_REFUSED &&
	       strcmp(seen, "no module runs as root: it needs a uid of host_uids") == 0;
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
	snprintf(shared, sizeof(shared), "%.80s/headroom-shared-XXXXXX", module_path);
	if (!mkdtemp(shared) || chmod(shared, 0777) != 0)
		return -1;
	snprintf(module_path, sizeof(module_path), "%s/hostile.so", closed);
	from = open(built, O_RDONLY | O_CLOEXEC);
	to = open(module_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (from < 0 || to < 0 || fstat(from, &st) != 0 || fchmod(to, 0644) != 0 ||
	    sendfile(to, from, NULL, (size_t)st.st_size) != (ssize_t)st.st_size)
		return -1;
	return close(from) != 0 || close(to) != 0 ? -1 : 0;
}

/* Gives how many were wrong. */
static unsigned try_all(bool local, bool landlock, unsigned *n_tried)
{
	unsigned wrong = 0;

	is_local = local;
	has_landlock = landlock;
	printf("-- profile %s, %s Landlock\n", local ? "local" : "compute",
	       landlock ? "with" : "without");
	for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++) {
		const struct expectation *e = &expectations[i];

		/* The kernel counts a user's threads, and without root the user is ours; profile
		 * local's has its servers' processes too. */
		if (e->which == TRY_ENDLESS_THREADS && (geteuid() != 0 || local))
			continue;
		wrong += !compare(IN_CONSTRUCTOR, e);
		wrong += !compare(IN_OPERATION, e);
		(*n_tried)++;
	}
	return wrong;
}

int main(void)
{
	unsigned wrong = 0, n = 0;

	if (sandbox_is_off()) {
		printf("skipped: the sandbox is off in a build with sanitizers\n");
		return 77;
	}
	if (module_copy() != 0) {
		printf("the hostile module cannot be copied: %s\n", strerror(errno));
		return 1;
	}
	printf("%-17s %-12s %-36s %-36s\n", "call", "where", "expected", "seen");
	for (int local = 0; local < 2; local++) {
		wrong += try_all(local, false, &n);
		if (kernel_has_landlock())
			wrong += try_all(local, true, &n);
	}
	wrong += !control();
	wrong += !refuses_root();
	unlink(module_path);
	rmdir(closed);
	rmdir(shared);
	if (!kernel_has_landlock())
		printf("this kernel has no Landlock: what it adds was not tried, only what holds "
		       "without it\n");
	printf("%u attempts, each from constructor and operation, %u wrong\n", n, wrong);
	return wrong ? 1 : 0;
}
