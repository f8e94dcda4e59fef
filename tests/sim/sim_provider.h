/* SPDX-License-Identifier: Apache-2.0 */
/* A provider, with what real ones do to their callers: slow, failing, done but unanswered, lists that
 * lag or are partial, instances that stop or vanish. Its books are the truth that the daemon's rows
 * are compared with. There are two: one in memory (sim_effects.c), and headroom-sim's cloud behind the
 * module for it (sim_cloud.h), whose machines are instances here too. */
#ifndef HR_SIM_PROVIDER_H
#define HR_SIM_PROVIDER_H

#include "cloud.h"
#include "provider/dispatch.h"
#include "world.h"

struct instance {
	struct instance *next;
	char id[CLOUD_TEXT + ID_SIZE]; /* as the daemon is told it */
	char server_id[ID_SIZE];
	char config_id[ID_SIZE];
	char account[ID_SIZE];
	char token[ID_SIZE]; /* idempotency */
	char checkin_token[2048];
	uint32_t state;     /* HR_STATE_*: pending until running_ms */
	int64_t created_ms; /* monotonic */
	int64_t running_ms;
	/* Of a machine of the cloud, whose state is not kept but follows from them: */
	int64_t row, made_ms, stops_ms, delete_ms, ended_ms;
	bool fails;
	char address[32];
	int64_t listed_ms;   /* in lists from then on */
	int64_t unlisted_ms; /* gone ones: out of lists from then on */
	bool faulted;        /* it failed, vanished or was stopped by the simulation */
	bool stray;          /* made by nobody: for the reaper */
	bool is_protected;
	unsigned checkins;
	bool checkin_failed; /* said "failed" */
	bool checkin_taken;  /* said "running", and was answered well */
	bool checkin_tried;  /* said it, answered or not */
	int64_t speaks_ms;   /* its port speaks from then on; INT64_MAX: never */
	int64_t mute_ms;     /* it ceases to from then ... */
	int64_t again_ms;    /* ... until then */
	bool probe_was_well;
	int64_t probed_ms;      /* when a probe was answered last; 0: never */
	unsigned mute_in_a_row; /* probes that were told nobody is there */
	bool was_unanswered;    /* as its row said when last looked at */
	int64_t silent_ms;      /* it does not check in from then ... */
	int64_t heard_ms;       /* ... until then */
};

struct dispatcher *sim_dispatcher_new(struct world *world);

/* Plans mishaps of instances until the faults' end. */
void provider_mishaps(struct world *world);

/* Faults are over: nothing fails, vanishes or is protected any more. */
void provider_heal(struct world *world);

/* The present state, and that of the whole for the eyes of status and list. */
uint32_t instance_state(const struct world *world, const struct instance *instance);
bool instance_alive(const struct world *world, const struct instance *instance);
/* Whatever became of it or those on it is no mistake of the daemon's. */
bool instance_faulted(const struct world *world, const struct instance *instance);
/* The newest instance of a server, alive or not; NULL: there never was one. */
struct instance *provider_instance_of(struct world *world, const char *server_id);

void provider_free(struct world *world);

/* ---- between sim_provider.c and sim_calls.c ---- */

struct instance *provider_add(struct world *world, const char *account);
void instance_end(struct world *world, struct instance *instance);

/* ---- guests.c ---- */

/* The instance runs from its running_ms on: its startup script starts then. */
void guest_boot(struct world *world, struct instance *instance);
/* It checks in now, with that status, for the cloud's visit of that row. */
void guest_visit(struct world *world, struct instance *instance, const char *status, int64_t row);

#endif
