/* SPDX-License-Identifier: Apache-2.0 */
/* What a hostile module tries, by number. Raw system calls, where the C library would stand between. */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define THREADS_TRIED 8

int attempt_socket = HOSTILE_FD;
int attempt_spare_fd = -1;
const char *attempt_folder;
int attempt_is_local;
static char page[8192] __attribute__((aligned(4096)));

static long try_open(int which)
{
	const char how[24] = {0};

	switch (which) {
	case TRY_OPEN_SHADOW: return open("/etc/shadow", O_RDONLY | O_CLOEXEC);
	case TRY_OPEN_READABLE: return open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	case TRY_OPEN_WRITE: return open("/dev/null", O_WRONLY | O_CLOEXEC);
	case TRY_OPEN_DIRECTORY: return open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	case TRY_OPEN_OWN_MEMORY: return open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	case TRY_CHMOD: return chmod("/dev/null", 0666);
	case TRY_UNLINK: return unlink("/nonexistent");
	default: return syscall(SYS_openat2, AT_FDCWD, "/etc/shadow", how, sizeof(how));
	}
}

static long try_network(int which)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/nonexistent"};
	struct msghdr message = {.msg_name = &address, .msg_namelen = sizeof(address)};
	int ends[2];

	switch (which) {
	case TRY_SOCKET: return socket(AF_INET, SOCK_STREAM, 0);
	case TRY_SOCKETPAIR: return socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
	case TRY_CONNECT:
		return connect(attempt_socket, (struct sockaddr *)&address, sizeof(address));
	case TRY_BIND: return bind(attempt_socket, (struct sockaddr *)&address, sizeof(address));
	/* The sending that connects. */
	case TRY_SEND_TO:
		return sendto(attempt_socket, "x", 1, 0, (struct sockaddr *)&address,
			      sizeof(address));
	case TRY_SEND_FAST: return send(attempt_socket, "x", 1, MSG_FASTOPEN);
	case TRY_SEND_MESSAGE_FAST: return sendmsg(attempt_socket, &message, MSG_FASTOPEN);
	default:
		(void)socket(AF_INET, SOCK_STREAM, 0);
		(void)socket(AF_INET6, SOCK_DGRAM, 0);
		return socket(AF_UNIX, SOCK_STREAM, 0);
	}
}

/* A child that there must not be ends at once. */
static long child_ends(long pid)
{
	if (pid == 0)
		_exit(98);
	return pid;
}

static long try_process(int which)
{
	char name[] = "true";
	char *const argv[] = {name, NULL};
	const char arguments[88] = {0};

	switch (which) {
	case TRY_EXEC: return execve("/bin/true", argv, argv + 1);
	case TRY_EXECVEAT: return syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, argv + 1, 0);
	case TRY_FORK_LIBRARY: return child_ends(fork());
#ifdef SYS_fork
	case TRY_FORK: return child_ends(syscall(SYS_fork));
	case TRY_VFORK: return child_ends(syscall(SYS_vfork));
#endif
	case TRY_CLONE: return child_ends(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
	case TRY_CLONE_NAMESPACE:
		return child_ends(syscall(SYS_clone,
					  CLONE_NEWUSER | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM,
					  0, 0, 0, 0));
	case TRY_CLONE3: return child_ends(syscall(SYS_clone3, arguments, sizeof(arguments)));
	default: return -1;
	}
}

static long try_others(int which)
{
	siginfo_t info = {.si_code = SI_QUEUE};

	switch (which) {
	case TRY_PTRACE: return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	case TRY_KILL: return kill(getppid(), 0);
	case TRY_TGKILL: return syscall(SYS_tgkill, getppid(), getppid(), 0);
	case TRY_SIGQUEUE: return syscall(SYS_rt_sigqueueinfo, getpid(), 0, &info);
	case TRY_VM_READ: return syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
	case TRY_PIDFD: return syscall(SYS_pidfd_open, getppid(), 0);
	default: return fcntl(attempt_socket, F_SETOWN, getppid());
	}
}

static long try_memory(int which)
{
	void *at = MAP_FAILED;

	switch (which) {
	case TRY_MAP_EXEC:
		at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		break;
	case TRY_MAP_FILE_EXEC:
		at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, attempt_spare_fd, 0);
		break;
	case TRY_PROTECT_EXEC: return mprotect(page, 4096, PROT_READ | PROT_EXEC);
	default: return memfd_create("code", MFD_CLOEXEC);
	}
	return at == MAP_FAILED ? -1 : 0;
}

static long try_rights(int which)
{
	const struct rlimit limit = {1000, 1000};
	const struct sigaction action = {.sa_handler = SIG_IGN};

	switch (which) {
	case TRY_SIGACTION: return sigaction(SIGSYS, &action, NULL);
	case TRY_SIGACTION_WIDE: /* the kernel sees SIGSYS */
		return syscall(SYS_rt_sigaction, (1ul << 32) | SIGSYS, &action, NULL, 8);
	case TRY_DUMPABLE: return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	case TRY_RAISE_LIMIT: return setrlimit(RLIMIT_NOFILE, &limit);
	case TRY_SETUID: return (int)syscall(SYS_setresuid, 0, 0, 0);
	case TRY_UNSHARE: return unshare(CLONE_NEWUSER);
	case TRY_MOUNT: return syscall(SYS_mount, "none", "/mnt", "tmpfs", 0, NULL);
	case TRY_PERSONALITY: return personality(READ_IMPLIES_EXEC);
	case TRY_IO_URING: return syscall(SYS_io_uring_setup, 1, page);
	case TRY_BPF: return syscall(SYS_bpf, 0, page, 8);
	default: return syscall(SYS_seccomp, 1, 1, NULL); /* a filter that is none */
	}
}

/* ---- The account's folder, and what is beside it -------------------------------------------- */

#define FOLDER_PATH_SIZE 512

/* "FOLDER/name", one of a few that are in use at once. */
static const char *in_folder(const char *name)
{
	static char paths[4][FOLDER_PATH_SIZE];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, FOLDER_PATH_SIZE, "%s/%s", attempt_folder, name);
	return path;
}

static long create_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? -1 : close(fd);
}

/* What profile local is for: each of the calls that it has and others have not. */
static long use_folder(void)
{
	int fd = open(in_folder("file"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	const struct timespec times[2] = {{1, 0}, {1, 0}};

	if (fd < 0)
		return -1;
	if (write(fd, "x", 1) != 1 || ftruncate(fd, 10) != 0 || fchmod(fd, 0640) != 0 ||
	    fsync(fd) != 0 || fdatasync(fd) != 0 || flock(fd, LOCK_EX) != 0 ||
	    futimens(fd, times) != 0 || close(fd) != 0)
		return -1;
	if (mkdir(in_folder("sub"), 0700) != 0 || chmod(in_folder("file"), 0600) != 0 ||
	    truncate(in_folder("file"), 5) != 0 ||
	    link(in_folder("file"), in_folder("other")) != 0 ||
	    symlink("file", in_folder("link")) != 0 ||
	    rename(in_folder("other"), in_folder("moved")) != 0)
		return -1;
	if (unlink(in_folder("file")) != 0 || unlink(in_folder("moved")) != 0 ||
	    unlink(in_folder("link")) != 0)
		return -1;
	return rmdir(in_folder("sub"));
}

static long try_folder(int which)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

	switch (which) {
	case TRY_FOLDER_FILES: return use_folder();
	case TRY_FOLDER_LOCK: return fcntl(attempt_spare_fd, F_SETLK, &lock);
	case TRY_FOLDER_DEVICE: return mknod(in_folder("null"), S_IFCHR | 0666, 0x103);
	case TRY_BESIDE_CREATE: return create_file(in_folder("../" BESIDE_MADE));
	case TRY_BESIDE_RENAME:
		if (create_file(in_folder("file")) != 0)
			return -1;
		return rename(in_folder("file"), in_folder("../" BESIDE_MADE));
	default: return unlink(in_folder("../" BESIDE_VICTIM));
	}
}

/* ---- What is to go on ----------------------------------------------------------------------- */

static void *count_up(void *counter)
{
	__atomic_add_fetch((int *)counter, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void *exit_early(void *counter)
{
	count_up(counter);
	pthread_exit(NULL);
}

/* Enough that freeing it gives some back to the system. */
static void *take_and_give(void *counter)
{
	char *blocks[8];

	for (int i = 0; i < 8; i++)
		blocks[i] = malloc(100000);
	for (int i = 0; i < 8; i++)
		free(blocks[i]);
	return count_up(counter);
}

static long threads(void *(*run)(void *))
{
	pthread_t all[THREADS_TRIED];
	int counter = 0;

	for (int i = 0; i < THREADS_TRIED; i++)
		if (pthread_create(&all[i], NULL, run, &counter) != 0)
			return -1;
	for (int i = 0; i < THREADS_TRIED; i++)
		pthread_join(all[i], NULL);
	return counter == THREADS_TRIED ? 0 : 1;
}

static void *stay(void *unused)
{
	while (!unused)
		pause();
	return unused;
}

/* As many as there can be, with stacks so small that memory is not what is missing. 0: the kernel gave
 * no more than a user of a module's may have; they stay. */
static long endless_threads(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int n = 0, rc;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536);
	while ((rc = pthread_create(&thread, &attributes, stay, NULL)) == 0 && n < 4000)
		n++;
	pthread_attr_destroy(&attributes);
	return rc == EAGAIN && n < 1024 ? 0 : n;
}

static long memory(void)
{
	for (size_t size = 1; size <= 64u << 20; size *= 4) {
		char *block = malloc(size);

		if (!block)
			return -1;
		memset(block, 1, size);
		block = realloc(block, size * 2);
		free(block);
	}
	return 0;
}

/* Limits as the sandbox sets them, and no more memory than that. */
static long limits(bool is_local)
{
	struct rlimit data, core, files;
	void *much = malloc(600u << 20);

	free(much);
	getrlimit(RLIMIT_DATA, &data);
	getrlimit(RLIMIT_CORE, &core);
	getrlimit(RLIMIT_NOFILE, &files);
	return !much && data.rlim_max <= 512u << 20 && core.rlim_max == 0 &&
			       files.rlim_max <= (is_local ? 256 : 64)
		       ? 0
		       : 1;
}

/* Neither root nor of any group of root's. */
static long who(void)
{
	gid_t groups[1];

	if (prctl(PR_SET_NAME, "hostile", 0, 0, 0) != 0)
		return -1;
	return getuid() != 0 && geteuid() != 0 && getgid() != 0 && getegid() != 0 &&
			       getgroups(1, groups) == 0
		       ? 0
		       : 1;
}

static long try_good(int which)
{
	struct timespec now, moment = {0, 1000};
	char bytes[16];

	switch (which) {
	case TRY_THREADS: return threads(count_up);
	case TRY_THREAD_EXIT: return threads(exit_early);
	case TRY_MEMORY: return memory();
	case TRY_MEMORY_IN_THREADS: return threads(take_and_give);
	case TRY_PRINTF: return printf("from the module\n") < 0 || fflush(stdout) != 0 ? -1 : 0;
	case TRY_RANDOM: return getrandom(bytes, sizeof(bytes), 0) == sizeof(bytes) ? 0 : -1;
	case TRY_CLOCK:
		return clock_gettime(CLOCK_REALTIME, &now) != 0 || nanosleep(&moment, NULL) != 0;
	case TRY_LIMITS: return limits(attempt_is_local != 0);
	case TRY_ENVIRONMENT: return getenv("PATH") ? 1 : 0;
	case TRY_WHO: return who();
	case TRY_ENDLESS_THREADS: return endless_threads();
	default: abort();
	}
}

long attempt_try(int which)
{
	if (which <= TRY_OPENAT2 || which == TRY_CHMOD || which == TRY_UNLINK)
		return try_open(which);
	if (which <= TRY_SEND_MESSAGE_FAST || which == TRY_THREE_SOCKETS)
		return try_network(which);
	if (which <= TRY_CLONE3)
		return try_process(which);
	if (which <= TRY_SIGQUEUE || which == TRY_VM_READ || which == TRY_PIDFD ||
	    which == TRY_SETOWN)
		return try_others(which);
	if (which <= TRY_MEMFD)
		return try_memory(which);
	if (which >= TRY_FOLDER_FILES && which <= TRY_BESIDE_REMOVE)
		return try_folder(which);
	if (which < TRY_THREADS)
		return try_rights(which);
	return try_good(which);
}
