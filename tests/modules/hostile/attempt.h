/* SPDX-License-Identifier: Apache-2.0 */
/* What a hostile module may try, and what the one of that name and the test that runs it agree on: the attempts, by number, and the
 * answers over the one descriptor that the sandbox leaves both. */
#ifndef TEST_HOSTILE_ATTEMPT_H
#define TEST_HOSTILE_ATTEMPT_H

#include <stdint.h>

#define HOSTILE_FD 20 /* a socket: first the task, then answers and reports */

enum attempt_where { IN_CONSTRUCTOR = 1, IN_OPERATION };

/* Groups of hostile.c follow each other. */
enum attempt_which {
	TRY_OPEN_SHADOW,
	TRY_OPEN_READABLE,
	TRY_OPEN_WRITE,
	TRY_OPEN_DIRECTORY,
	TRY_OPEN_OWN_MEMORY,
	TRY_OPENAT2,
	TRY_SOCKET,
	TRY_SOCKETPAIR,
	TRY_CONNECT,
	TRY_BIND,
	TRY_SEND_TO,
	TRY_SEND_FAST,
	TRY_SEND_MESSAGE_FAST,
	TRY_EXEC,
	TRY_EXECVEAT,
	TRY_FORK_LIBRARY,
	TRY_FORK,
	TRY_VFORK,
	TRY_CLONE,
	TRY_CLONE_NAMESPACE,
	TRY_CLONE3,
	TRY_PTRACE,
	TRY_KILL,
	TRY_TGKILL,
	TRY_SIGQUEUE,
	TRY_MAP_EXEC,
	TRY_MAP_FILE_EXEC,
	TRY_PROTECT_EXEC,
	TRY_MEMFD,
	TRY_SIGACTION,
	TRY_SIGACTION_WIDE,
	TRY_DUMPABLE,
	TRY_RAISE_LIMIT,
	TRY_SETUID,
	TRY_UNSHARE,
	TRY_MOUNT,
	TRY_PERSONALITY,
	TRY_IO_URING,
	TRY_BPF,
	TRY_VM_READ,
	TRY_PIDFD,
	TRY_CHMOD,
	TRY_UNLINK,
	TRY_SETOWN,
	TRY_NO_FILTER,
	TRY_THREE_SOCKETS,
	TRY_FOLDER_FILES,
	TRY_FOLDER_LOCK,
	TRY_FOLDER_DEVICE,
	TRY_BESIDE_CREATE,
	TRY_BESIDE_RENAME,
	TRY_BESIDE_REMOVE,
	TRY_THREADS,
	TRY_THREAD_EXIT,
	TRY_MEMORY,
	TRY_MEMORY_IN_THREADS,
	TRY_PRINTF,
	TRY_RANDOM,
	TRY_CLOCK,
	TRY_LIMITS,
	TRY_ENVIRONMENT,
	TRY_WHO,
	TRY_ENDLESS_THREADS,
	TRY_ABORT,
};

/* Gives what the call gave; below 0 and errno: nothing. A good one gives 0 where it went well. */
long attempt_try(int which);

extern int attempt_socket;   /* a socket that is there, to be misused */
extern int attempt_spare_fd; /* a file that was open before; or -1 */

/* The account's folder, which profile local has for itself. Beside it, in a folder that all may write in,
 * stands a file BESIDE_VICTIM, which is the user's own. */
extern const char *attempt_folder;
extern int attempt_is_local;
#define BESIDE_VICTIM "victim"
#define BESIDE_MADE "made" /* what there must not be */

struct attempt_task {
	int32_t where, which;
	int32_t is_local;
	char folder[256]; /* there in either profile */
};

struct attempt_line {
	char kind; /* 'f': forbidden, name and count; 'r': what the attempt gave */
	char name[27];
	int32_t value, errno_value;
};

#endif
