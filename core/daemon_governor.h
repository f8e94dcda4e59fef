/* SPDX-License-Identifier: Apache-2.0 */
/* Puts the governor before the dispatcher that reaches the modules: what it has to know of an account
 * comes from the registry. */
#ifndef HR_DAEMON_GOVERNOR_H
#define HR_DAEMON_GOVERNOR_H

#include "provider/account_key.h"
#include "provider/dispatch.h"
#include "provider/module_metrics.h"
#include "provider/registry.h"

/* inner is owned from now on, also where this fails; the others are borrowed, metrics may be NULL. inner pushes into
 * inner_answers, the engine takes from answers. */
int daemon_governor_new(struct registry *registry, struct dispatcher *inner,
			struct mailbox *inner_answers, struct mailbox *answers,
			struct module_metrics *metrics, struct dispatcher **ret_dispatcher,
			struct hr_error *err);

/* An account's key, from an OPEN request; context: the registry. -1: not known. */
int daemon_account_key(void *context, const struct dispatch_request *request,
		       char ret_key[ACCOUNT_KEY_SIZE]);

#endif
