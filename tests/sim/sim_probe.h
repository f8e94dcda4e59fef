/* SPDX-License-Identifier: Apache-2.0 */
/* The prober of the simulation: asks a guest whether its port speaks yet. It is late at times, finds
 * nobody where somebody is, and now and then claims what is not so. */
#ifndef HR_SIM_PROBE_H
#define HR_SIM_PROBE_H

#include "books.h"
#include "model/server.h"
#include "sim_provider.h"

struct dispatcher *sim_prober_new(struct world *world);

/* Whether servers of this world have nothing but probes, and when none of them is reached. */
void probe_make(struct world *world);

/* When the instance's port begins to speak, if ever; chosen as it boots. */
void probe_boot(struct world *world, struct instance *instance);

/* A server runs: it has checked in, or a probe of it was well, or its config wants neither. */
void probe_check(struct world *world, const struct server *server, const struct instance *instance);

/* Who is called unanswered did not answer three times in a row; and nobody is while most are mute. */
void probe_check_judged(struct world *world, const struct books *books);

#endif
