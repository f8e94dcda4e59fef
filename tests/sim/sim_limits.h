/* SPDX-License-Identifier: Apache-2.0 */
/* The provider's limits: how many calls a minute it takes of an account, and when it is down. What it
 * says about when to come again is held against what comes. */
#ifndef HR_SIM_LIMITS_H
#define HR_SIM_LIMITS_H

#include "provider/governor.h"
#include "sim_calls.h"

/* Chosen by the seed, from a stream of its own. */
void limits_make(struct world *world);

/* Key and presets for the governor: in some worlds all accounts are one at the provider. */
int limits_describe(void *context, const struct dispatch_request *open_request,
		    struct governor_account *ret_account);

/* A call has come: counts it, and gives FATE_THROTTLED or FATE_DOWN when that is its fate, else
 * FATE_ANSWERED. A call that comes before the time it was told is a violation. */
enum fate limits_meet(struct world *world, const struct dispatch_request *request);

/* The error of such a fate, into the call's answer. */
void limits_refuse(struct world *world, struct call *call);

/* The answer has reached the daemon. */
void limits_told(struct world *world, const struct call *call);

/* A new daemon has been told nothing yet. */
void limits_forget(struct world *world);

#endif
