/* SPDX-License-Identifier: Apache-2.0 */
/* The inline dispatcher: modules in this process, calls on worker threads. */
#ifndef HR_PROVIDER_INLINE_H
#define HR_PROVIDER_INLINE_H

#include "provider/dispatch.h"
#include "http/http.h"
#include "provider/registry.h"
#include "provider/secret_reference.h"

struct inline_options {
	struct registry *registry; /* borrowed; which modules there are */
	struct mailbox *answers;   /* borrowed; where answers go */
	const char *installation;  /* this installation's id */
	const char *state_dir;     /* accounts of profile local get <state_dir>/accounts/<id> */
	int64_t host_uid_first;    /* as root: range of uids for such accounts */
	int64_t host_uid_last;
	unsigned workers;            /* 0: 16 */
	struct http_service *http;   /* borrowed; NULL: no module can make a request */
	struct secret_rules secrets; /* borrowed strings */
};

int inline_dispatcher_new(const struct inline_options *options, struct dispatcher **ret_dispatcher,
			  struct hr_error *err);

/* How many workers are held by calls that a module does not return from. Any thread. */
unsigned inline_dispatcher_stuck(struct dispatcher *dispatcher);

#endif
