/* SPDX-License-Identifier: Apache-2.0 */
/* One headroom-host as the daemon sees it: a child process and the daemon's end of the channel to it.
 * Not here: what is asked of it (core/provider/process.c). One thread has it for itself. */
#ifndef HR_PROVIDER_HOST_PROCESS_H
#define HR_PROVIDER_HOST_PROCESS_H

#include <sys/types.h>

#include "provider/wire.h"

/* What is said, after how a process ended, where it had no memory left; of the limit in MiB. */
#define HOST_EXHAUSTED ", after it had used up its memory limit of %u MiB"

struct host_process {
	pid_t pid;
	int pidfd; /* readable when it has ended */
	int fd;    /* the channel; does not block; -1 once the host has closed it */
	struct frame_reader reader;
	struct frame_writer writer;
	bool is_empty;   /* the last read left nothing */
	uint32_t events; /* what epoll watches fd for */
};

struct host_process_options {
	const char *program; /* headroom-host, absolute */
	const char *builtin; /* the built-in module to run; NULL: a file */
	const char *module;  /* the module's file, absolute */
	const char *folder;  /* profile local: the account's folder, absolute; NULL: compute */
	bool switches_user;  /* to uid and gid, as root */
	uid_t uid;
	gid_t gid;
};

/* Starts it; it loads its module by itself and then says WIRE_READY or WIRE_REFUSED. The caller ends
 * it with host_process_free. HR_INTERNAL, HR_INVALID (there is no such program). */
int host_process_start(const struct host_process_options *options, struct host_process **ret_host,
		       struct hr_error *err);

/* 0, or -1 with err: the message cannot be written (the host's end shows by itself). */
int host_process_send(struct host_process *host, enum wire_kind kind, uint64_t id,
		      const void *value, struct hr_error *err);

/* The same with a descriptor (borrowed), at once or not at all: -1, HR_TRANSIENT. */
int host_process_send_descriptor(struct host_process *host, enum wire_kind kind, uint64_t id,
				 const void *value, int descriptor, struct hr_error *err);

/* Sends what waits. */
void host_process_flush(struct host_process *host);

/* 1: the next message, whose value the caller frees; 0: none now; -1: what came is no message. At the
 * end of the channel fd is -1. */
int host_process_receive(struct host_process *host, enum wire_kind *ret_kind, uint64_t *ret_id,
			 void **ret_value, struct hr_error *err);

/* No more will be sent: the host ends when it has done what it was asked. */
void host_process_finish(struct host_process *host);

/* Closes the channel, unread. */
void host_process_deafen(struct host_process *host);

/* SIGKILL; its end is still to come. */
void host_process_kill(const struct host_process *host);

/* How many threads it has now; 0: not known. */
unsigned host_process_threads(const struct host_process *host);

struct host_ending {
	char how[160];   /* "was ended by signal 11 (Segmentation fault)", "ended with status 3" */
	bool was_killed; /* SIGKILL, whoever sent it */
	bool by_sandbox; /* for a system call that it tried */
};

/* Whether it has ended; then how. Once. */
bool host_process_ended(struct host_process *host, struct host_ending *ret_ending);

/* Kills it if it still runs, waits for its end (a killed process ends at once) and frees. */
void host_process_free(struct host_process *host);

#endif
