/* SPDX-License-Identifier: Apache-2.0 */
/* Users: they ask for sessions, keep them alive, end or forget them, and remember what they were
 * told. */
#ifndef HR_SIM_CLIENTS_H
#define HR_SIM_CLIENTS_H

#include "model/session.h"
#include "world.h"

struct client {
	struct world *world;
	char user[32];
	size_t pool;
	enum session_kind kind;
	char session_id[ID_SIZE]; /* "" until answered */
	bool told;                /* the daemon has said that the session exists */
	bool end_asked;           /* an end was sent, perhaps without an answer */
	bool end_told;
	bool forgets; /* neither keeps alive nor ends */
	bool end_planned;
	enum session_state seen; /* last state seen */
	int64_t lasts_ms;
};

void clients_make(struct world *world);
/* Those who forgot remember now; nobody asks for more. */
bool clients_done(const struct world *world);
void clients_free(struct world *world);

#endif
