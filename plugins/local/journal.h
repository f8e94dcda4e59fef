/* SPDX-License-Identifier: Apache-2.0 */
/* What a server's journal and its lock say, and what follows from them (see protocol.h). */
#ifndef LOCAL_JOURNAL_H
#define LOCAL_JOURNAL_H

#include <stdbool.h>

#include "account.h"

enum server_phase {
	SERVER_NEW,       /* never started, or begun anew after a failure that was reported */
	SERVER_LAUNCHING, /* started, process 1 is not there yet */
	SERVER_BOOTING,   /* process 1 is there, no port yet */
	SERVER_UP,        /* process 1 is there, sshd listens */
	SERVER_FAILED,    /* ended before sshd listened; not reported yet */
	SERVER_ENDED,     /* ended after that */
	SERVER_ENDING     /* process 1 let go of its lock, its processes are being killed */
};

struct server_view {
	enum server_phase phase;
	struct hr_process init;     /* process 1; BOOTING, UP, ENDING (pid 0: not known yet) */
	struct hr_process launcher; /* pid 0: none that lives */
	bool init_recorded;
	bool started;    /* process 1 ran once */
	bool supervised; /* it ran without namespaces */
	bool swept;      /* and nothing of it is left, or it ran in the folder's original */
	uint32_t port;
	int32_t failed_class;    /* FAILED */
	char failed_setting[32]; /* or empty */
	char failed_text[768];
	char text[128]; /* state in words */
};

/* Looks at the server whose folder is open. HR_OK, or an error with details reported. */
int32_t server_look(const struct hr_account *account, const struct hr_call *call, int folder,
		    const char *id, struct server_view *ret_view);

/* Appends a line to the journal: 0, or -1 with errno. */
int journal_append(int folder, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends the line of a process, key being "launcher" or "init": 0, or -1 with errno. */
int journal_append_process(int folder, const char *key, const struct hr_process *process);

/* From here on nothing starts in this folder any more: 0, or -1 with errno. */
int journal_close_for_starts(int folder);

#endif
