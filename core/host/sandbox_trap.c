/* SPDX-License-Identifier: Apache-2.0 */
/* The handler of SIGSYS. The filter is what protects; this only tells, and counts. */
#include "host/sandbox_trap.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include <seccomp.h>

#include "host/sandbox.h"

#define NUMBERS_MAX 1024
#define CODE_SECCOMP 1 /* SYS_SECCOMP, which the C library lacks a name for */

void (*sandbox_on_forbidden)(const char *name, unsigned count);

static const char *names[NUMBERS_MAX]; /* libseccomp's copies, kept for ever */
static bool is_attempt[NUMBERS_MAX];
static atomic_uint n_attempts;

/* Whoever tries one of these wants out. */
static const char *const attempts[] = {
	"socket",  "socketpair", "connect",  "bind", "listen", "accept",
	"accept4", "execve",     "execveat", "fork", "vfork",  "clone",
};

static void answer(ucontext_t *context, long value)
{
#if defined(__x86_64__)
	context->uc_mcontext.gregs[REG_RAX] = value;
#elif defined(__aarch64__)
	context->uc_mcontext.regs[0] = (unsigned long long)value;
#else
#error the register of a result is known for x86_64 and aarch64 only
#endif
}

static void handle(int number, siginfo_t *info, void *context)
{
	int saved = errno;
	const char *name = "?";
	unsigned count;
	bool counts = false;

	(void)number;
	if (info->si_code == CODE_SECCOMP && info->si_syscall >= 0 &&
	    info->si_syscall < NUMBERS_MAX) {
		if (names[info->si_syscall])
			name = names[info->si_syscall];
		counts = is_attempt[info->si_syscall];
	}
	count = counts ? atomic_fetch_add(&n_attempts, 1) + 1 : atomic_load(&n_attempts);
	if (sandbox_on_forbidden)
		sandbox_on_forbidden(name, count);
	if (counts && count >= SANDBOX_ATTEMPTS_MAX)
		_exit(HOST_EXIT_FORBIDDEN);
	if (info->si_code == CODE_SECCOMP)
		answer(context, -EPERM);
	errno = saved;
}

int sandbox_trap(struct hr_error *err)
{
	struct sigaction action = {.sa_sigaction = handle,
				   .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK};
	sigset_t set;

	for (int i = 0; i < NUMBERS_MAX; i++)
		names[i] = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
		int at = seccomp_syscall_resolve_name(attempts[i]);

		if (at >= 0 && at < NUMBERS_MAX)
			is_attempt[at] = true;
	}
	sigemptyset(&action.sa_mask);
	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	if (sigaction(SIGSYS, &action, NULL) != 0 || sigprocmask(SIG_UNBLOCK, &set, NULL) != 0)
		return error_set_errno(err, errno, "the sandbox cannot take the signal SIGSYS");
	return 0;
}
