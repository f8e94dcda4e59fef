/* SPDX-License-Identifier: Apache-2.0 */
/* The process dispatcher: each account's module in a headroom-host of its own. It owns no thread: the
 * engine's drives it by submit and step. */
#ifndef HR_PROVIDER_PROCESS_H
#define HR_PROVIDER_PROCESS_H

#include "http/http.h"
#include "provider/dispatch.h"
#include "provider/module_metrics.h"
#include "provider/registry.h"
#include "provider/secret_reference.h"

struct process_options {
	/* borrowed; which modules there are. NULL: none but the built-in `probe`, whose account is
	 * opened like any other's, as PROBE_ACCOUNT. */
	struct registry *registry;
	struct mailbox *answers;  /* borrowed; where answers go */
	const char *installation; /* this installation's id */
	const char *state_dir;    /* each account has <state_dir>/accounts/<id> */
	int64_t host_uid_first;   /* as root: range of uids, each of one account's */
	int64_t host_uid_last;
	const char *host_program;       /* headroom-host, absolute */
	struct http_service *http;      /* borrowed; NULL: no module can make a request */
	struct secret_rules secrets;    /* borrowed strings */
	struct module_metrics *metrics; /* borrowed; NULL: nothing is counted */
};

int process_dispatcher_new(const struct process_options *options,
			   struct dispatcher **ret_dispatcher, struct hr_error *err);

#endif
