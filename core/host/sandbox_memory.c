/* SPDX-License-Identifier: Apache-2.0 */
/* See sandbox_memory.h. The kernel is asked, by a try: nothing that the module has could be wrong. */
#include "host/sandbox_memory.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "host/sandbox.h"

/* Who has less than this part of its memory left has used it up. */
#define PART_LEFT 16

void (*sandbox_on_exhausted)(unsigned limit_mib);

static size_t limit_bytes;

static bool is_used_up(void)
{
	void *piece = mmap(NULL, limit_bytes / PART_LEFT, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (piece == MAP_FAILED)
		return errno == ENOMEM;
	munmap(piece, limit_bytes / PART_LEFT);
	return false;
}

/* The signal's own action is restored by now. A fault comes again when this returns; what was sent has
 * to be sent again. */
static void handle(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (sandbox_on_exhausted && is_used_up())
		sandbox_on_exhausted((unsigned)(limit_bytes >> 20));
	if (info->si_code <= 0)
		raise(number);
}

int sandbox_watch_memory(struct hr_error *err)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT};
	struct sigaction action = {.sa_sigaction = handle,
				   .sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NODEFER | SA_ONSTACK};
	struct rlimit limit;

	if (getrlimit(RLIMIT_DATA, &limit) != 0)
		return error_set_errno(err, errno, "the sandbox cannot read a limit");
	limit_bytes = limit.rlim_cur;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (sigaction(signals[i], &action, NULL) != 0)
			return error_set_errno(err, errno, "the sandbox cannot take a signal");
	return 0;
}
