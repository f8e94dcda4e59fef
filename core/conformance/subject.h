/* SPDX-License-Identifier: Apache-2.0 */
/* The module that is looked at, with an account of it, opened in this process. Requests go out by the
 * daemon's own HTTP; a fault may happen to one of them. One thread. */
#ifndef HR_CONFORMANCE_SUBJECT_H
#define HR_CONFORMANCE_SUBJECT_H

#include "conformance/fault.h"
#include "host/account.h"
#include "host/backend.h"
#include "host/mask.h"
#include "provider/dispatch.h"
#include "provider/inline_backend.h"
#include "provider/registry.h"

struct subject_options {
	const char *file;         /* the module's, absolute */
	const char *host_program; /* headroom-host, which describes it */
	const json_t *settings;   /* of the vendor's test account */
	bool may_be_local;        /* profile local is granted to it */
	struct http_service_options http;
};

struct subject {
	const struct subject_options *options;
	char state_dir[64]; /* for accounts' folders, of profile local; "": none */
	struct registry *registry;
	const struct registry_module *described;
	struct module *module;
	struct http_service *http;
	struct inline_backend backend;
	struct host_backend hooked;
	struct fault_point point;
	struct account *account; /* NULL: none is open */
	bool impatient;          /* it was waited for once in vain: from then on briefly */
	unsigned n_requests;     /* that the last call made */
	int64_t took_ms;         /* from the cancellation, or the call's begin, to its return */
	struct mask *mask;       /* of the settings' secrets */
	char leak[256];          /* where a secret of the settings was met first; or "" */
	unsigned n_allocs;       /* that the last call made */
	unsigned fails_at;       /* the alloc that gives NULL, from 1; 0: none does */
	/* Who answers in place of the account that is open here; NULL: that one does. */
	struct dispatch_answer *(*by)(void *context, const struct dispatch_request *request);
	void *by_context;
};

/* The options outlive the subject. The caller closes, also after an error. */
int subject_open(const struct subject_options *options, struct subject *ret, struct hr_error *err);
void subject_close(struct subject *subject);

/* A fresh account, as in a process that has just started; the one before is closed. HR_OK or a class. */
int32_t subject_account(struct subject *subject, struct hr_error *err);

/* From now on: fault happens to the at-th request; NULL: none does. */
void subject_fault(struct subject *subject, const struct fault *fault, unsigned at);

/* One call. The caller frees the answer; NULL: no memory, and that is said. */
struct dispatch_answer *subject_ask(struct subject *subject,
				    const struct dispatch_request *request);

#endif
