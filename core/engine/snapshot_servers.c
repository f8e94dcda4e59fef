/* SPDX-License-Identifier: Apache-2.0 */
/* Servers in a snapshot: those that could seat who waits, those that could be removed, those that
 * could be cancelled. All bounded. */
#include "engine/snapshot_servers.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/server_rows.h"
#include "store/session_rows.h"

#define SEATS_MOST 1000
#define IDLE_MOST 200
#define PLANNED_MOST 1000

size_t snapshot_config_index(const struct snapshot *snapshot, const char *config_id)
{
	for (size_t i = 0; i < snapshot->n_configs; i++)
		if (strcmp(snapshot->configs[i].config.id, config_id) == 0)
			return i;
	return PLAN_NO_CONFIG;
}

static void fill(const struct snapshot *snapshot, const struct server *server,
		 struct plan_server *ret)
{
	*ret = (struct plan_server){0};
	text_copy(ret->id, sizeof(ret->id), server->id);
	text_copy(ret->name, sizeof(ret->name), server->name);
	text_copy(ret->zone_id, sizeof(ret->zone_id), server->zone_id);
	ret->config = snapshot_config_index(snapshot, server->config_id);
	ret->outdated = ret->config == PLAN_NO_CONFIG ||
			snapshot->plan_configs[ret->config].revision != server->config_revision;
	ret->state = server->state;
	ret->enabled = server_available(server);
	ret->connection_type = server->settings.connection_type;
	ret->max_sessions = server->settings.max_sessions;
	ret->max_users = server->settings.max_users;
	ret->free = server_free(server);
	ret->free_sessions = server_free_sessions(server);
	ret->free_users = server_free_users(server);
	ret->idle_since_ms = server->idle_since_ms;
	ret->created_ms = server->created_ms;
}

/* Appends n servers to a growing array. */
static int append(const struct snapshot *snapshot, const struct server *servers, size_t n,
		  struct plan_server **array, size_t *count, struct hr_error *err)
{
	struct plan_server *grown = realloc(*array, (*count + n + 1) * sizeof(*grown));

	if (!grown)
		return error_no_memory(err, "reading a pool's servers");
	*array = grown;
	for (size_t i = 0; i < n; i++)
		fill(snapshot, &servers[i], &grown[(*count)++]);
	return 0;
}

/* ---- Seats ---- */

/* Who is on the server; the rows are kept with the snapshot. */
static int load_users(struct tx *tx, struct snapshot *snapshot, struct plan_server *server,
		      struct hr_error *err)
{
	struct session_query query = {.server_id = server->id,
				      .states = SESSION_STATE_BIT(SESSION_ACTIVE)};
	struct session **rows;
	struct plan_seat **lists, *seats;
	size_t n, at = snapshot->n_seated;

	/* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
	rows = realloc(snapshot->seated, (at + 1) * sizeof(*rows));
	if (!rows)
		return error_no_memory(err, "reading a server's sessions");
	snapshot->seated = rows;
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
	lists = realloc(snapshot->seat_lists, (at + 1) * sizeof(*lists));
	if (!lists)
		return error_no_memory(err, "reading a server's sessions");
	snapshot->seat_lists = lists;
	if (session_list(tx, &query, &rows[at], &n, err) < 0)
		return -1;
	seats = calloc(n + 1, sizeof(*seats));
	lists[at] = seats;
	snapshot->n_seated++;
	if (!seats)
		return error_no_memory(err, "reading a server's sessions");
	for (size_t i = 0; i < n; i++)
		seats[i] = (struct plan_seat){.user = rows[at][i].user, .kind = rows[at][i].kind};
	server->seats = seats;
	server->n_seats = n;
	return 0;
}

/* Nearest to ready first: by state, then the oldest. */
static int nearest_first(const void *a, const void *b)
{
	const struct server *left = a, *right = b;

	if (left->state != right->state)
		return left->state > right->state ? -1 : 1;
	if (left->created_ms != right->created_ms)
		return left->created_ms < right->created_ms ? -1 : 1;
	return strcmp(left->id, right->id);
}

int snapshot_load_seats(struct tx *tx, struct snapshot *snapshot, struct hr_error *err)
{
	size_t wanted = snapshot->plan.n_queue * 2 + 50;
	struct server_query query = {.pool_id = snapshot->pool.id,
				     .states = SERVER_STATE_BIT(SERVER_RUNNING),
				     .with_free = true,
				     .order = snapshot->pool.strategy == STRATEGY_PACK
						      ? SERVER_BY_PACK
						      : SERVER_BY_SPREAD,
				     .limit = wanted < SEATS_MOST ? (int)wanted : SEATS_MOST};
	struct server *servers;
	size_t n;
	int result;

	if (snapshot->plan.n_queue == 0)
		return 0;
	if (server_list(tx, &query, &servers, &n, err) < 0)
		return -1;
	result = append(snapshot, servers, n, &snapshot->seats, &snapshot->plan.n_seats, err);
	for (size_t i = 0; result == 0 && i < n; i++)
		if (servers[i].sessions > 0)
			result = load_users(tx, snapshot, &snapshot->seats[i], err);
	free(servers);
	if (result < 0)
		return -1;
	query.states = SERVER_STATE_BIT(SERVER_PLANNED) | SERVER_STATE_BIT(SERVER_CREATING) |
		       SERVER_STATE_BIT(SERVER_BOOTING) | SERVER_STATE_BIT(SERVER_INJECTING) |
		       SERVER_STATE_BIT(SERVER_CHECKING_IN);
	query.order = SERVER_BY_ID;
	query.limit = SEATS_MOST;
	if (server_list(tx, &query, &servers, &n, err) < 0)
		return -1;
	if (n > 1)
		qsort(servers, n, sizeof(*servers), nearest_first);
	result = append(snapshot, servers, n, &snapshot->seats, &snapshot->plan.n_seats, err);
	free(servers);
	snapshot->plan.seats = snapshot->seats;
	return result;
}

/* ---- Idle ---- */

/* A server with what orders removals. */
struct removable {
	struct plan_server server;
	int64_t priority;
};

/* Outdated, worst priority, longest idle, oldest, id. */
static int removal_order(const void *a, const void *b)
{
	const struct removable *left = a, *right = b;
	const struct plan_server *l = &left->server, *r = &right->server;

	if (l->outdated != r->outdated)
		return l->outdated ? -1 : 1;
	if (left->priority != right->priority)
		return left->priority > right->priority ? -1 : 1;
	if (l->idle_since_ms != r->idle_since_ms)
		return l->idle_since_ms < r->idle_since_ms ? -1 : 1;
	if (l->created_ms != r->created_ms)
		return l->created_ms < r->created_ms ? -1 : 1;
	return strcmp(l->id, r->id);
}

static int sort_idle(struct snapshot *snapshot, struct hr_error *err)
{
	size_t n = snapshot->plan.n_idle;
	struct removable *array = calloc(n + 1, sizeof(*array));

	if (!array)
		return error_no_memory(err, "ordering idle servers");
	for (size_t i = 0; i < n; i++) {
		size_t config = snapshot->idle[i].config;

		array[i].server = snapshot->idle[i];
		array[i].priority = config == PLAN_NO_CONFIG
					    ? INT64_MAX
					    : snapshot->plan_configs[config].priority;
	}
	if (n > 1)
		qsort(array, n, sizeof(*array), removal_order);
	for (size_t i = 0; i < n; i++)
		snapshot->idle[i] = array[i].server;
	free(array);
	return 0;
}

/* Those of one config, or (NULL) of none that the pool has now. */
static int load_idle_of(struct tx *tx, struct snapshot *snapshot, const char *config_id,
			struct hr_error *err)
{
	struct server_query query = {.pool_id = snapshot->pool.id,
				     .config_id = config_id,
				     .states = SERVER_STATE_BIT(SERVER_RUNNING),
				     .order = SERVER_BY_IDLE,
				     .limit = IDLE_MOST};
	struct server *servers;
	size_t n, kept = 0;
	int result;

	if (server_list(tx, &query, &servers, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (config_id ||
		    snapshot_config_index(snapshot, servers[i].config_id) == PLAN_NO_CONFIG)
			servers[kept++] = servers[i];
	result = append(snapshot, servers, kept, &snapshot->idle, &snapshot->plan.n_idle, err);
	free(servers);
	return result;
}

/* Whether there may be idle servers of configs that the pool has no more. */
static bool has_strays(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->plan.n_cohorts; i++)
		if (snapshot->cohorts[i].config == PLAN_NO_CONFIG && snapshot->cohorts[i].idle)
			return true;
	return false;
}

int snapshot_load_idle(struct tx *tx, struct snapshot *snapshot, struct hr_error *err)
{
	for (size_t i = 0; i < snapshot->n_configs; i++)
		if (load_idle_of(tx, snapshot, snapshot->configs[i].config.id, err) < 0)
			return -1;
	if (has_strays(snapshot) && load_idle_of(tx, snapshot, NULL, err) < 0)
		return -1;
	if (sort_idle(snapshot, err) < 0)
		return -1;
	snapshot->plan.idle = snapshot->idle;
	return 0;
}

static int newest_first(const void *a, const void *b)
{
	const struct server *left = a, *right = b;

	if (left->created_ms != right->created_ms)
		return left->created_ms > right->created_ms ? -1 : 1;
	return strcmp(left->id, right->id);
}

int snapshot_load_planned(struct tx *tx, struct snapshot *snapshot, struct hr_error *err)
{
	struct server_query query = {.pool_id = snapshot->pool.id,
				     .states = SERVER_STATE_BIT(SERVER_PLANNED),
				     .limit = PLANNED_MOST};
	struct server *servers;
	size_t n;
	int result;

	if (server_list(tx, &query, &servers, &n, err) < 0)
		return -1;
	if (n > 1)
		qsort(servers, n, sizeof(*servers), newest_first);
	result = append(snapshot, servers, n, &snapshot->planned, &snapshot->plan.n_planned, err);
	free(servers);
	snapshot->plan.planned = snapshot->planned;
	return result;
}
