/* SPDX-License-Identifier: Apache-2.0 */
/* A pool's snapshot: configs, accounts, cohorts and the queue. Servers are in snapshot_servers.c. */
#include "engine/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine/brakes.h"
#include "engine/snapshot_servers.h"
#include "store/document_rows.h"
#include "store/server_rows.h"
#include "store/session_rows.h"

#define PAGE 100
#define QUEUE_MOST 1000

/* ---- Configs and accounts ---- */

static int add_account(struct tx *tx, struct snapshot *snapshot, struct snapshot_config *config,
		       size_t *ret_index, struct hr_error *err)
{
	struct document document = {0};
	struct provider_config provider;
	struct account_state state;
	struct plan_account *grown, *account;

	if (document_get(tx, DOCUMENT_PROVIDER_CONFIG, config->config.provider_config_id, &document,
			 err) < 0)
		return -1;
	provider_config_read(&document, &provider);
	document_clear(&document);
	config->provider_revision = provider.revision;
	for (size_t i = 0; i < snapshot->n_accounts; i++)
		if (strcmp(snapshot->accounts[i].id, provider.id) == 0) {
			*ret_index = i;
			return 0;
		}
	if (account_state_get(tx, provider.id, &state, err) < 0)
		return -1;
	grown = realloc(snapshot->accounts, (snapshot->n_accounts + 1) * sizeof(*grown));
	if (!grown)
		return error_no_memory(err, "reading a pool's accounts");
	snapshot->accounts = grown;
	*ret_index = snapshot->n_accounts++;
	account = &grown[*ret_index];
	*account = (struct plan_account){.max_instances = provider.max_instances,
					 .instances = state.instances,
					 .paused_until_ms = state.paused_until_ms};
	text_copy(account->id, sizeof(account->id), provider.id);
	text_copy(account->name, sizeof(account->name), provider.name);
	text_copy(account->pause_reason, sizeof(account->pause_reason), state.pause_reason);
	return 0;
}

static void fill_config(const struct autoscale_config *config, const struct config_state *state,
			struct plan_config *ret)
{
	*ret = (struct plan_config){
		.revision = config->revision,
		.enabled = config->enabled,
		.priority = config->priority,
		.stand_in = config->stand_in,
		.aggressive_scaling = config->aggressive_scaling,
		.aggressive_pooling = config->aggressive_pooling,
		.minimum_available = config->minimum_available_sessions,
		.connection_type = config->server.connection_type,
		.max_sessions = config->server.max_sessions,
		.max_users = config->server.max_users,
		.reusable = config->server.reusable,
		.downscale_backoff_ms = config->downscale_backoff_ms,
		.downscale_step = config->downscale_step,
		.paused_until_ms = state->paused_until_ms,
		.last_planned_ms = state->last_planned_ms,
		.surplus_since_ms = state->surplus_since_ms,
		.surplus_floor = state->surplus_floor,
	};
	text_copy(ret->id, sizeof(ret->id), config->id);
	text_copy(ret->name, sizeof(ret->name), config->name);
	text_copy(ret->zone_id, sizeof(ret->zone_id), config->zone_id);
	text_copy(ret->pause_reason, sizeof(ret->pause_reason), state->pause_reason);
}

/* What stops everything is put over it by whoever plans. */
static int add_brake(struct tx *tx, const struct snapshot *snapshot,
		     const struct autoscale_config *config, struct plan_config *ret,
		     struct hr_error *err)
{
	struct brake_limits limits;
	struct brake brake;

	brake_limits_of(config, snapshot->accounts[ret->account].max_instances, &limits);
	if (brake_look(tx, snapshot->plan.now_ms, &limits, OPERATION_CREATE, &brake, err) < 0)
		return -1;
	ret->braked_until_ms = brake.until_ms;
	text_copy(ret->brake_reason, sizeof(ret->brake_reason), brake.reason);
	return 0;
}

/* Takes the document over when its config is of the pool. */
static int add_config(struct tx *tx, struct snapshot *snapshot, struct document *document,
		      struct hr_error *err)
{
	struct autoscale_config config;
	struct config_state state;
	struct snapshot_config *configs;
	struct plan_config *plan_configs;
	size_t at = snapshot->n_configs;

	autoscale_config_read(document, &config);
	if (strcmp(config.pool_id, snapshot->pool.id) != 0)
		return 0;
	configs = realloc(snapshot->configs, (at + 1) * sizeof(*configs));
	if (configs)
		snapshot->configs = configs;
	plan_configs = realloc(snapshot->plan_configs, (at + 1) * sizeof(*plan_configs));
	if (plan_configs)
		snapshot->plan_configs = plan_configs;
	if (!configs || !plan_configs)
		return error_no_memory(err, "reading a pool's configs");
	configs[at] = (struct snapshot_config){.document = *document};
	document->body = NULL;
	autoscale_config_read(&configs[at].document, &configs[at].config);
	snapshot->n_configs++;
	if (config_state_get(tx, config.id, &state, err) < 0)
		return -1;
	fill_config(&configs[at].config, &state, &plan_configs[at]);
	if (add_account(tx, snapshot, &configs[at], &plan_configs[at].account, err) < 0)
		return -1;
	return add_brake(tx, snapshot, &configs[at].config, &plan_configs[at], err);
}

static int load_configs(struct tx *tx, struct snapshot *snapshot, struct hr_error *err)
{
	char after[NAME_SIZE] = "";
	size_t n = PAGE;
	int result = 0;

	while (result == 0 && n == PAGE) {
		struct document *documents;

		if (document_list_naming(tx, DOCUMENT_AUTOSCALE_CONFIG, snapshot->pool.id, after,
					 PAGE, &documents, &n, err) < 0)
			return -1;
		if (n > 0)
			text_copy(after, sizeof(after), documents[n - 1].name);
		for (size_t i = 0; result == 0 && i < n; i++)
			result = add_config(tx, snapshot, &documents[i], err);
		document_list_free(documents, n);
	}
	snapshot->plan.configs = snapshot->plan_configs;
	snapshot->plan.n_configs = snapshot->n_configs;
	snapshot->plan.accounts = snapshot->accounts;
	snapshot->plan.n_accounts = snapshot->n_accounts;
	return result;
}

/* ---- Cohorts and queue ---- */

static int load_cohorts(struct tx *tx, struct snapshot *snapshot, struct hr_error *err)
{
	struct cohort *cohorts;
	size_t n, kept = 0;

	if (cohort_list(tx, snapshot->pool.id, &cohorts, &n, err) < 0)
		return -1;
	snapshot->cohorts = calloc(n + 1, sizeof(*snapshot->cohorts));
	if (!snapshot->cohorts) {
		free(cohorts);
		return error_no_memory(err, "reading a pool's cohorts");
	}
	for (size_t i = 0; i < n; i++) {
		struct plan_cohort *cohort = &snapshot->cohorts[kept];
		size_t config = snapshot_config_index(snapshot, cohorts[i].config_id);

		if (config != PLAN_NO_CONFIG)
			snapshot->plan_configs[config].servers += cohorts[i].count;
		if (!server_on_the_way(cohorts[i].state) && cohorts[i].state != SERVER_RUNNING)
			continue;
		*cohort = (struct plan_cohort){.config = config,
					       .state = cohorts[i].state,
					       .enabled = cohorts[i].enabled,
					       .idle = cohorts[i].idle,
					       .free = cohorts[i].free,
					       .count = cohorts[i].count};
		cohort->outdated = cohort->config == PLAN_NO_CONFIG ||
				   snapshot->plan_configs[cohort->config].revision !=
					   cohorts[i].config_revision;
		kept++;
	}
	free(cohorts);
	snapshot->plan.cohorts = snapshot->cohorts;
	snapshot->plan.n_cohorts = kept;
	return 0;
}

static int fill_waiting(struct tx *tx, const struct session *session, struct plan_waiting *ret,
			struct hr_error *err)
{
	struct document document = {0};
	struct zone zone;

	*ret = (struct plan_waiting){
		.kind = session->kind, .search_alternate = true, .queued_ms = session->queued_ms};
	text_copy(ret->session_id, sizeof(ret->session_id), session->id);
	text_copy(ret->user, sizeof(ret->user), session->user);
	text_copy(ret->zone_id, sizeof(ret->zone_id), session->zone_id);
	if (session->zone_id[0] == '\0')
		return 0;
	if (document_get(tx, DOCUMENT_ZONE, session->zone_id, &document, err) < 0)
		return -1;
	zone_read(&document, &zone);
	ret->search_alternate = zone.search_alternate_zones;
	document_clear(&document);
	return 0;
}

static int load_queue(struct tx *tx, struct snapshot *snapshot, struct hr_error *err)
{
	struct session_query query = {.pool_id = snapshot->pool.id,
				      .states = SESSION_STATE_BIT(SESSION_QUEUED),
				      .limit = QUEUE_MOST};
	struct session *sessions;
	size_t n;
	int result = 0;

	if (session_list(tx, &query, &sessions, &n, err) < 0)
		return -1;
	snapshot->queue = calloc(n + 1, sizeof(*snapshot->queue));
	if (!snapshot->queue)
		result = error_no_memory(err, "reading a pool's queue");
	for (size_t i = 0; result == 0 && i < n; i++)
		result = fill_waiting(tx, &sessions[i], &snapshot->queue[i], err);
	free(sessions);
	snapshot->plan.queue = snapshot->queue;
	snapshot->plan.n_queue = n;
	snapshot->more_waiting = n == QUEUE_MOST;
	return result;
}

int snapshot_load(struct tx *tx, const char *pool_id, int64_t now_ms, struct snapshot *ret,
		  struct hr_error *err)
{
	struct document document = {0};

	*ret = (struct snapshot){0};
	if (document_get(tx, DOCUMENT_POOL, pool_id, &document, err) < 0)
		return -1;
	pool_read(&document, &ret->pool);
	document_clear(&document);
	text_copy(ret->plan.pool_id, sizeof(ret->plan.pool_id), ret->pool.id);
	text_copy(ret->plan.pool_name, sizeof(ret->plan.pool_name), ret->pool.name);
	ret->plan.strategy = ret->pool.strategy;
	ret->plan.on_no_room = ret->pool.on_no_room;
	ret->plan.now_ms = now_ms;
	if (load_configs(tx, ret, err) < 0 || load_cohorts(tx, ret, err) < 0 ||
	    load_queue(tx, ret, err) < 0 || snapshot_load_seats(tx, ret, err) < 0 ||
	    snapshot_load_idle(tx, ret, err) < 0 || snapshot_load_planned(tx, ret, err) < 0)
		return -1;
	return 0;
}

void snapshot_clear(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->n_configs; i++)
		document_clear(&snapshot->configs[i].document);
	for (size_t i = 0; i < snapshot->n_seated; i++) {
		free(snapshot->seated[i]);
		free(snapshot->seat_lists[i]);
	}
	free(snapshot->seated);
	free(snapshot->seat_lists);
	free(snapshot->configs);
	free(snapshot->plan_configs);
	free(snapshot->accounts);
	free(snapshot->cohorts);
	free(snapshot->queue);
	free(snapshot->seats);
	free(snapshot->idle);
	free(snapshot->planned);
	*snapshot = (struct snapshot){0};
}
