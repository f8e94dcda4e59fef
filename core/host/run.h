/* SPDX-License-Identifier: Apache-2.0 */
/* One request to an open account: the module's operation is called and what it said becomes an
 * answer. */
#ifndef HR_HOST_RUN_H
#define HR_HOST_RUN_H

#include "host/account.h"
#include "provider/dispatch.h"

/* What a call of that kind is about. Borrows all it is given. */
struct call_subject run_subject(const struct account *account,
				const struct dispatch_request *request);

/* CHECK, CREATE, STATUS, LIST, DESTROY, INJECT. Fills all of *ret but mail, ticket, kind and the
 * names. The call is fresh, made with run_subject. Calls of one account may run at once as far as
 * its module's thread model says. */
void run_request(struct account *account, const struct dispatch_request *request, struct call *call,
		 struct dispatch_answer *ret);

#endif
