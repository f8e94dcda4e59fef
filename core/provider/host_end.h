/* SPDX-License-Identifier: Apache-2.0 */
/* Why a module's process ended: the reasons that are counted. Not here: the words for a person, which
 * tell more (core/provider/process_account.c). */
#ifndef HR_PROVIDER_HOST_END_H
#define HR_PROVIDER_HOST_END_H

enum host_end {
	HOST_END_CLOSED,    /* by us: its account was closed, or it is not needed any more */
	HOST_END_CRASH,     /* by a signal of its own, or it exited */
	HOST_END_MEMORY,    /* the same, with all the memory used that it may have */
	HOST_END_FORBIDDEN, /* by its sandbox, for a system call; or a crash in a call in which it was
			       refused one */
	HOST_END_THREADS,   /* by us: it had as many threads as it may have */
	HOST_END_HANG,      /* by us: it did not return from a call */
	HOST_END_GARBAGE,   /* by us: it broke the rules of the channel */
	HOST_END_REFUSED,   /* its module cannot be loaded */
	HOST_END_KILLED     /* from outside */
};
#define HOST_ENDS (HOST_END_KILLED + 1)

/* "closed", "crash", ... Never NULL. */
static inline const char *host_end_name(enum host_end end)
{
	static const char *const names[HOST_ENDS] = {"closed",    "crash",   "memory",
						     "forbidden", "threads", "hang",
						     "garbage",   "refused", "killed"};

	return names[end < HOST_ENDS ? end : HOST_END_CRASH];
}

#endif
