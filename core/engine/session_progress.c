/* SPDX-License-Identifier: Apache-2.0 */
/* How far a waiting session is. Promises are not stored: the planner is asked, on a snapshot of
 * now, so that what is shown is what would be done. */
#include "engine/sessions.h"

#include <string.h>

#include "base/text.h"
#include "engine/ready_times.h"
#include "engine/snapshot.h"
#include "plan/plan.h"
#include "store/server_rows.h"
#include "store/session_rows.h"

#define TIMES_MIN 5 /* with fewer an estimate would be a guess */

/* Median and 90th percentile, less what has passed already. */
static void estimate(struct ready_times *times, int64_t age_ms, struct session_progress *ret)
{
	int64_t p50, p90;

	if (times->n < TIMES_MIN || !ready_times_measure(times, &p50, &p90))
		return;
	ret->estimate_p50_ms = p50 > age_ms ? p50 - age_ms : 0;
	ret->estimate_p90_ms = p90 > age_ms ? p90 - age_ms : 0;
}

/* On its way: its own stage, and how long servers of its config take. */
static int from_server(struct tx *tx, const char *server_id, int64_t now_ms,
		       struct ready_times *times, struct session_progress *ret,
		       struct hr_error *err)
{
	struct server server;

	if (server_get(tx, server_id, &server, err) != 0)
		return -1;
	text_copy(ret->server_id, sizeof(ret->server_id), server.id);
	text_copy(ret->stage, sizeof(ret->stage), server.stage);
	ret->percent = server.percent;
	if (ready_times_add(tx, server.config_id, times, err) != 0)
		return -1;
	estimate(times, now_ms - server.created_ms, ret);
	return 0;
}

/* Not ordered yet: the plan knows whose server it will be. */
static int from_config(struct tx *tx, const struct snapshot *snapshot,
		       const struct plan_promise *promise, struct ready_times *times,
		       struct session_progress *ret, struct hr_error *err)
{
	text_copy(ret->stage, sizeof(ret->stage), "a server is being ordered");
	if (promise->config != PLAN_NO_CONFIG &&
	    ready_times_add(tx, snapshot->plan_configs[promise->config].id, times, err) != 0)
		return -1;
	estimate(times, 0, ret);
	return 0;
}

static const struct plan_promise *find_promise(const struct plan *plan, const char *session_id)
{
	for (size_t i = 0; i < plan->n_promises; i++)
		if (strcmp(plan->promises[i].session_id, session_id) == 0)
			return &plan->promises[i];
	return NULL;
}

/* Nobody can make what is missing: that says more than that it waits. */
static void explain_shortage(const struct plan *plan, struct session_progress *ret)
{
	for (size_t i = 0; i < plan->n_decisions; i++)
		if (plan->decisions[i].action == PLAN_SHORT) {
			text_copy(ret->reason, sizeof(ret->reason), plan->decisions[i].reason);
			return;
		}
}

static int from_plan(struct tx *tx, const struct snapshot *snapshot, const struct session *session,
		     int64_t now_ms, struct session_progress *ret, struct hr_error *err)
{
	const struct plan_promise *promise;
	struct ready_times times = {0};
	struct plan made = {0};
	int rc = 0;

	if (plan(&snapshot->plan, &made, err) != 0)
		return -1;
	promise = find_promise(&made, session->id);
	if (!promise)
		explain_shortage(&made, ret);
	else if (promise->server_id[0] != '\0')
		rc = from_server(tx, promise->server_id, now_ms, &times, ret, err);
	else
		rc = from_config(tx, snapshot, promise, &times, ret, err);
	ready_times_clear(&times);
	plan_clear(&made);
	return rc;
}

int sessions_progress(struct tx *tx, const struct session *session, int64_t now_ms,
		      struct session_progress *ret, struct hr_error *err)
{
	struct snapshot snapshot = {0};
	int rc;

	*ret = (struct session_progress){
		.percent = -1, .estimate_p50_ms = -1, .estimate_p90_ms = -1};
	text_copy(ret->reason, sizeof(ret->reason), session->reason);
	if (session->state != SESSION_QUEUED)
		return 0;
	if (session_position(tx, session, &ret->position, err) != 0)
		return -1;
	rc = snapshot_load(tx, session->pool_id, now_ms, &snapshot, err);
	if (rc == 0)
		rc = from_plan(tx, &snapshot, session, now_ms, ret, err);
	snapshot_clear(&snapshot);
	return rc;
}
