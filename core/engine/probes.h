/* SPDX-License-Identifier: Apache-2.0 */
/* Probes of servers that have nothing else to prove that they are ready: whether their connection port
 * speaks their protocol. Asked after each look at the provider, so no timer is needed here; those that
 * run are asked by rounds.c. */
#ifndef HR_ENGINE_PROBES_H
#define HR_ENGINE_PROBES_H

#include "engine/engine_state.h"

/* A server to be asked. */
struct probe_wish {
	char server_id[ID_SIZE];
	struct dispatch_probe probe;
	bool in_round;       /* it runs: the answer is rounds_take's */
	bool was_unanswered; /* as its row says */
};

/* The wish for a server as its row is now. */
void probe_wish_of(const struct server *server, struct probe_wish *ret_wish);

/* Whether the wish, or what came of it, is about the server as it is now. */
bool probe_is_of(const struct dispatch_probe *probe, const struct server *server);

/* Whether there is a prober that can be asked now; it is opened where it is not. */
bool probes_can_ask(struct engine *engine);

/* Asks those that are not being asked already; gives how many. Without a prober: none. */
size_t probes_ask(struct engine *engine, const struct probe_wish *wishes, size_t n);

/* Whether the answer is the prober's; then it is taken, and the flight landed. */
bool probes_take(struct engine *engine, struct flight *flight, struct dispatch_answer *answer);

#endif
