/* SPDX-License-Identifier: Apache-2.0 */
/* What the hostile module and the test that runs it agree on: the attempts, by number, and the
 * answers over the one descriptor that the sandbox leaves both. */
#ifndef TEST_HOSTILE_ATTEMPT_H
#define TEST_HOSTILE_ATTEMPT_H

#include <stdint.h>

#define HOSTILE_FD 20 /* a socket: first the task, then answers and reports */

enum attempt_where { IN_CONSTRUCTOR = 1, IN_OPERATION };

#define ATTEMPTS(X)                                                                                \
	X(OPEN_SHADOW)                                                                             \
	X(OPEN_WRITE)                                                                              \
	X(OPEN_DIRECTORY)                                                                          \
	X(OPEN_OWN_MEMORY) X(OPENAT2) X(SOCKET) X(SOCKETPAIR) X(CONNECT) X(BIND) X(EXEC) X(        \
		EXECVEAT) X(FORK_LIBRARY) X(FORK) X(VFORK) X(CLONE) X(CLONE_NAMESPACE) X(CLONE3)   \
		X(PTRACE) X(KILL) X(TGKILL) X(SIGQUEUE) X(MAP_EXEC) X(MAP_FILE_EXEC)               \
			X(PROTECT_EXEC) X(MEMFD) X(SIGACTION) X(DUMPABLE) X(RAISE_LIMIT) X(SETUID) \
				X(UNSHARE) X(MOUNT) X(PERSONALITY) X(IO_URING) X(BPF) X(VM_READ)   \
					X(PIDFD) X(CHMOD) X(UNLINK) X(SETOWN) X(NO_FILTER)         \
						X(THREE_SOCKETS) X(THREADS) X(THREAD_EXIT)         \
							X(MEMORY) X(PRINTF) X(RANDOM) X(CLOCK)     \
								X(LIMITS) X(ENVIRONMENT) X(WHO)    \
									X(ABORT)

#define ATTEMPT_ENUM(name) TRY_##name,
enum attempt_which { ATTEMPTS(ATTEMPT_ENUM) N_ATTEMPTS };

struct attempt_task {
	int32_t where, which;
};

struct attempt_line {
	char kind; /* 'f': forbidden, name and count; 'r': what the attempt gave */
	char name[27];
	int32_t value, errno_value;
};

#endif
