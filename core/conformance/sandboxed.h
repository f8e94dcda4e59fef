/* SPDX-License-Identifier: Apache-2.0 */
/* The module in a process of its own, with the daemon's dispatcher in front of it. One thread. */
#ifndef HR_CONFORMANCE_SANDBOXED_H
#define HR_CONFORMANCE_SANDBOXED_H

#include "conformance/subject.h"

struct sandboxed {
	struct mailbox *answers;
	struct dispatcher *dispatcher;
	uint64_t ticket;
	char folder[64]; /* for the account's; removed at the end */
	char news[256];  /* what the dispatcher said of the process unasked; or "" */
};

/* subject: for its registry, module and HTTP. Opens an account there. The caller closes, also after an error. */
int sandboxed_open(const struct subject *subject, struct sandboxed *ret, struct hr_error *err);
void sandboxed_close(struct sandboxed *sandboxed);

/* For subject's `by`: context is the sandboxed. NULL: no answer came. */
struct dispatch_answer *sandboxed_ask(void *context, const struct dispatch_request *request);

#endif
