/* SPDX-License-Identifier: Apache-2.0 */
/* How far a waiting session is. Promises are not stored: the planner is asked, on a snapshot of
 * now, so that what is shown is what would be done. */
#include "engine/sessions.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/snapshot.h"
#include "plan/plan.h"
#include "store/server_rows.h"
#include "store/session_rows.h"

#define SAMPLES_PER_CONFIG 50
#define SAMPLES_MIN 5 /* with fewer an estimate would be a guess */

struct samples {
	int64_t *ms;
	size_t n;
};

static int compare_ms(const void *a, const void *b)
{
	const int64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static int add_samples(struct tx *tx, const char *config_id, struct samples *samples,
		       struct hr_error *err)
{
	int64_t *grown = realloc(samples->ms, (samples->n + SAMPLES_PER_CONFIG) * sizeof(*grown));
	size_t n = 0;

	if (!grown)
		return error_no_memory(err, "estimating a session's wait");
	samples->ms = grown;
	if (server_ready_times(tx, config_id, grown + samples->n, &n, err) != 0)
		return -1;
	samples->n += n;
	return 0;
}

/* Median and 90th percentile, less what has passed already. */
static void estimate(struct samples *samples, int64_t age_ms, struct session_progress *ret)
{
	int64_t p50, p90;

	if (samples->n < SAMPLES_MIN)
		return;
	qsort(samples->ms, samples->n, sizeof(*samples->ms), compare_ms);
	p50 = samples->ms[samples->n / 2] - age_ms;
	p90 = samples->ms[(samples->n * 9) / 10] - age_ms;
	ret->estimate_p50_ms = p50 > 0 ? p50 : 0;
	ret->estimate_p90_ms = p90 > 0 ? p90 : 0;
}

/* On its way: its own stage, and how long servers of its config take. */
static int from_server(struct tx *tx, const char *server_id, int64_t now_ms,
		       struct samples *samples, struct session_progress *ret, struct hr_error *err)
{
	struct server server;

	if (server_get(tx, server_id, &server, err) != 0)
		return -1;
	text_copy(ret->server_id, sizeof(ret->server_id), server.id);
	text_copy(ret->stage, sizeof(ret->stage), server.stage);
	ret->percent = server.percent;
	if (add_samples(tx, server.config_id, samples, err) != 0)
		return -1;
	estimate(samples, now_ms - server.created_ms, ret);
	return 0;
}

/* Not ordered yet: any config that could serve may get it. */
static int from_configs(struct tx *tx, const struct snapshot *snapshot,
			const struct session *session, struct samples *samples,
			struct session_progress *ret, struct hr_error *err)
{
	text_copy(ret->stage, sizeof(ret->stage), "a server is being ordered");
	for (size_t i = 0; i < snapshot->n_configs; i++) {
		const struct plan_config *config = &snapshot->plan_configs[i];

		if (config->enabled && place_can_serve(config->connection_type, session->kind) &&
		    add_samples(tx, config->id, samples, err) != 0)
			return -1;
	}
	estimate(samples, 0, ret);
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
	struct samples samples = {0};
	struct plan made = {0};
	int rc = 0;

	if (plan(&snapshot->plan, &made, err) != 0)
		return -1;
	promise = find_promise(&made, session->id);
	if (!promise)
		explain_shortage(&made, ret);
	else if (promise->server_id[0] != '\0')
		rc = from_server(tx, promise->server_id, now_ms, &samples, ret, err);
	else
		rc = from_configs(tx, snapshot, session, &samples, ret, err);
	free(samples.ms);
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
