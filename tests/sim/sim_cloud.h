/* SPDX-License-Identifier: Apache-2.0 */
/* headroom-sim's cloud (cloud.h) as the provider of a world: the same model, asked by the same module
 * (plugins/sim) with the same requests; what HTTP does between them is virtual time here
 * (sim_course.c). Its books are in memory, so that a process made by fork() has them as they were
 * then, for itself. */
#ifndef HR_SIM_CLOUD_WORLD_H
#define HR_SIM_CLOUD_WORLD_H

#include "cloud.h"
#include "sim_calls.h"
#include "sim_module.h"

struct sim_cloud {
	struct cloud *books;
	int64_t last_row;           /* of the machines, which all are instances up to here */
	char stray_server[ID_SIZE]; /* the mark of the one that is nobody's */
	int64_t visits_ms;          /* when guests are asked for next; monotonic */
	/* The reaper, of that generation, is at it, and may come again until then. */
	unsigned reaped_by;
	int64_t reaped_until_ms;
	/* The daemon's, by the scenario's accounts; NULL: not open. */
	struct module_account *accounts[ACCOUNTS_MAX];
};

/* ---- sim_cloud.c: what the seed makes of it ---- */

void sim_cloud_open(struct world *world);
void sim_cloud_free(struct world *world);

/* How its accounts behave: the scenario's faults as the cloud's settings. */
void sim_cloud_make(struct world *world);
/* Nothing fails any more, nothing is late, nothing is limited. */
void sim_cloud_heal(struct world *world);

/* The present time there: nobody sets a cloud's clock. */
int64_t sim_cloud_now(const struct world *world);
/* By index of the scenario's accounts, which may be one at the cloud. */
const char *sim_cloud_key(const struct world *world, size_t account);
size_t sim_cloud_account(const struct world *world, const char *id);
bool sim_cloud_is_down(const struct world *world, size_t account);

/* ---- sim_machines.c: its machines as instances ---- */

/* Reads the books anew; a machine that was not there before has the check-in token of the call. */
void sim_cloud_read(struct world *world, const struct call *made);
uint32_t sim_cloud_state(const struct world *world, const struct instance *instance);
/* It stopped by itself, or was never made. */
bool sim_cloud_failed(const struct world *world, const struct instance *instance);
/* Somebody deletes it by hand, if the cloud lets him. */
void sim_cloud_vanish(struct world *world, struct instance *instance);
/* A machine with our mark that no row ever claimed. */
void sim_cloud_stray(struct world *world, size_t account);
/* The verdict of its books, after all. */
void sim_cloud_judge(struct world *world);

/* ---- sim_visits.c: its machines' check-ins ---- */

/* There may be others than before. */
void sim_visits_plan(struct world *world);
/* The HTTP status; 0: nobody answered. */
void sim_visits_done(struct world *world, int64_t row, int status);

/* ---- sim_course.c: calls ---- */

/* Kinds that make no request, and take the fates of sim_calls.c. */
bool sim_course_is_ours(enum dispatch_kind kind);
void sim_course_open(struct world *world, struct call *call);
void sim_cloud_close_accounts(struct world *world);
/* A call is on its way from now on. */
void sim_course_begin(struct world *world, struct call *call,
		      const struct dispatch_request *request);
void sim_course_free(struct sim_course *course);

#endif
