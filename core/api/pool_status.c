/* SPDX-License-Identifier: Apache-2.0 */
/* A pool's sums: cohorts for what is, the planner for what should be. */
#include "api/pool_status.h"

#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/names.h"
#include "engine/snapshot.h"
#include "plan/plan.h"
#include "store/document_rows.h"
#include "store/server_rows.h"
#include "store/session_rows.h"

#define PAGE 1000

int pool_count_sessions(struct tx *tx, const char *pool_id, unsigned states, int64_t *ret_n,
			struct hr_error *err)
{
	struct session_query query = {.pool_id = pool_id, .states = states, .limit = PAGE};
	struct session *sessions;
	size_t n;

	*ret_n = 0;
	do {
		sessions = NULL;
		n = 0;
		if (session_list(tx, &query, &sessions, &n, err) != 0)
			return -1;
		*ret_n += (int64_t)n;
		if (n > 0)
			query.after_sequence = sessions[n - 1].sequence;
		free(sessions);
	} while (n == PAGE);
	return 0;
}

/* Counts by state, the room on running servers, and how many of those take no session: disabled, missing. */
static int add_cohorts(struct tx *tx, const char *pool_id, json_t *status, struct hr_error *err)
{
	json_t *servers = json_object();
	struct cohort *cohorts = NULL;
	int64_t available = 0, unavailable = 0;
	size_t n = 0;
	int rc;

	rc = servers ? cohort_list(tx, pool_id, &cohorts, &n, err)
		     : error_no_memory(err, "answering");
	for (size_t i = 0; i < n && rc == 0; i++) {
		const char *state = server_state_name(cohorts[i].state);
		json_int_t before = json_integer_value(json_object_get(servers, state));

		if (cohorts[i].state == SERVER_RUNNING && cohorts[i].enabled)
			available += cohorts[i].free * cohorts[i].count;
		else if (cohorts[i].state == SERVER_RUNNING)
			unavailable += cohorts[i].count;
		if (json_object_set_new(servers, state, json_integer(before + cohorts[i].count)) !=
		    0)
			rc = error_no_memory(err, "answering");
	}
	free(cohorts);
	if (rc == 0 && (json_object_set(status, "servers", servers) != 0 ||
			json_object_set_new(status, "available", json_integer(available)) != 0 ||
			json_object_set_new(status, "unavailable", json_integer(unavailable)) != 0))
		rc = error_no_memory(err, "answering");
	json_decref(servers);
	return rc;
}

static int add_sessions(struct tx *tx, const char *pool_id, json_t *status, struct hr_error *err)
{
	int64_t active, queued;

	if (pool_count_sessions(tx, pool_id, SESSION_STATE_BIT(SESSION_ACTIVE), &active, err) !=
		    0 ||
	    pool_count_sessions(tx, pool_id, SESSION_STATE_BIT(SESSION_QUEUED), &queued, err) != 0)
		return -1;
	if (json_object_set_new(status, "sessions", json_integer(active)) != 0 ||
	    json_object_set_new(status, "queued", json_integer(queued)) != 0)
		return error_no_memory(err, "answering");
	return 0;
}

static void add_paused(json_t *paused, const struct plan_config *config, int64_t until_ms,
		       const char *reason)
{
	json_array_append_new(paused, json_pack("{ss so so}", "config", config->name, "until",
						time_json(until_ms), "reason", text_json(reason)));
}

/* By a pause or by a brake; what stops everything is not the pool's. */
static json_t *paused_configs(const struct snapshot *snapshot)
{
	json_t *paused = json_array();

	for (size_t i = 0; paused && i < snapshot->n_configs; i++) {
		const struct plan_config *config = &snapshot->plan_configs[i];

		if (config->paused_until_ms > snapshot->plan.now_ms)
			add_paused(paused, config, config->paused_until_ms, config->pause_reason);
		if (config->braked_until_ms > snapshot->plan.now_ms)
			add_paused(paused, config, config->braked_until_ms, config->brake_reason);
	}
	return paused;
}

static json_t *shortages(const struct plan *made)
{
	json_t *texts = json_array();

	for (size_t i = 0; texts && i < made->n_decisions; i++)
		if (made->decisions[i].action == PLAN_SHORT)
			json_array_append_new(texts, json_string(made->decisions[i].reason));
	return texts;
}

/* What the planner makes of it now; nothing is done. */
static int add_plan(struct tx *tx, const char *pool_id, int64_t now_ms, json_t *status,
		    struct hr_error *err)
{
	struct snapshot snapshot = {0};
	struct plan made = {0};
	json_t *sums = NULL;
	int rc;

	rc = snapshot_load(tx, pool_id, now_ms, &snapshot, err);
	if (rc == 0)
		rc = plan(&snapshot.plan, &made, err);
	if (rc == 0) {
		sums = json_pack("{sI sI sI sI sI so so}", "running", (json_int_t)made.running,
				 "on_the_way", (json_int_t)made.on_the_way, "spare",
				 (json_int_t)made.spare, "target", (json_int_t)made.target,
				 "unseated", (json_int_t)made.unseated, "short", shortages(&made),
				 "paused", paused_configs(&snapshot));
		if (!sums || json_object_update(status, sums) != 0)
			rc = error_no_memory(err, "answering");
	}
	json_decref(sums);
	plan_clear(&made);
	snapshot_clear(&snapshot);
	return rc;
}

int pool_status(struct tx *tx, const char *pool_id, int64_t now_ms, json_t **ret,
		struct hr_error *err)
{
	json_t *status = json_object();

	if (!status)
		return error_no_memory(err, "answering");
	if (add_cohorts(tx, pool_id, status, err) != 0 ||
	    add_sessions(tx, pool_id, status, err) != 0 ||
	    add_plan(tx, pool_id, now_ms, status, err) != 0) {
		json_decref(status);
		return -1;
	}
	*ret = status;
	return 0;
}

static int run_status(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	struct document document = {0};
	json_t *status = NULL;
	int rc;

	if (document_find(tx, DOCUMENT_POOL, exchange->params[0], &document, err) != 0)
		return -1;
	rc = pool_status(tx, document.id, exchange->context.now_ms, &status, err);
	document_clear(&document);
	return rc == 0 ? exchange_answer(exchange, status, err) : -1;
}

int pools_status(struct exchange *exchange, struct hr_error *err)
{
	return exchange_read(exchange, run_status, err);
}
