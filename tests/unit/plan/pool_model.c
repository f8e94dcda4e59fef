/* SPDX-License-Identifier: Apache-2.0 */
/* The pool to plan for. Written from the rules and the snapshot's contract, not from the planner:
 * its sums are counted anew from its rows each time. */
#include "pool_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void *must_alloc(size_t n, size_t size)
{
	void *memory = calloc(n, size);

	if (!memory)
		abort();
	return memory;
}

static void open_lists(struct model *model)
{
	model->servers = must_alloc(model->size, sizeof(*model->servers));
	model->queue = must_alloc(model->size, sizeof(*model->queue));
	model->cohorts = must_alloc(model->size, sizeof(*model->cohorts));
	model->seats = must_alloc(model->size, sizeof(*model->seats));
	model->idle = must_alloc(model->size, sizeof(*model->idle));
	model->planned = must_alloc(model->size, sizeof(*model->planned));
}

void model_open(struct model *model, size_t size)
{
	memset(model, 0, sizeof(*model));
	model->size = size;
	model->now_ms = INT64_C(1800000000000);
	open_lists(model);
}

void model_close(struct model *model)
{
	free(model->servers);
	free(model->queue);
	free(model->cohorts);
	free(model->seats);
	free(model->idle);
	free(model->planned);
}

void model_copy(struct model *to, const struct model *from)
{
	*to = *from;
	/* Small, as copies are many: room for a server for whoever waits, and for standby. */
	to->size = from->n_servers + from->n_queue + 40;
	open_lists(to);
	memcpy(to->servers, from->servers, from->n_servers * sizeof(*to->servers));
	memcpy(to->queue, from->queue, from->n_queue * sizeof(*to->queue));
}

static void new_id(struct model *model, const char *kind, char *ret_id)
{
	uint64_t n = ++model->ids;

	/* One to one, and in no order. */
	text_format(ret_id, ID_SIZE, "%08x-%s", (unsigned)(n * UINT64_C(2654435761) & 0xffffffff),
		    kind);
}

size_t model_add_account(struct model *model, const char *name, int64_t max_instances)
{
	struct plan_account *account = &model->accounts[model->n_accounts];

	text_copy(account->id, sizeof(account->id), name);
	text_copy(account->name, sizeof(account->name), name);
	account->max_instances = max_instances;
	return model->n_accounts++;
}

struct plan_config *model_add_config(struct model *model, const char *name, const char *zone,
				     size_t account)
{
	struct plan_config *config = &model->configs[model->n_configs++];

	text_copy(config->id, sizeof(config->id), name);
	text_copy(config->name, sizeof(config->name), name);
	text_copy(config->zone_id, sizeof(config->zone_id), zone);
	config->revision = 1;
	config->account = account;
	config->enabled = true;
	config->priority = 100;
	config->stand_in = config->aggressive_scaling = config->aggressive_pooling = true;
	config->connection_type = CONNECTION_SSH;
	config->max_sessions = config->max_users = 1;
	config->reusable = true;
	return config;
}

struct model_server *model_add_server(struct model *model, size_t config, enum server_state state)
{
	struct model_server *server = &model->servers[model->n_servers++];
	const struct plan_config *from = &model->configs[config];

	if (model->n_servers > model->size)
		abort();
	memset(server, 0, sizeof(*server));
	new_id(model, "server", server->row.id);
	text_format(server->row.name, sizeof(server->row.name), "s%zu", model->n_servers);
	text_copy(server->row.zone_id, sizeof(server->row.zone_id), from->zone_id);
	server->row.config = config;
	server->row.state = state;
	server->row.enabled = true;
	server->row.connection_type = from->connection_type;
	server->row.max_sessions = from->max_sessions;
	server->row.max_users = from->max_users;
	server->row.created_ms = model->now_ms;
	server->row.idle_since_ms = state == SERVER_RUNNING ? model->now_ms : 0;
	server->reusable = from->reusable;
	model->accounts[from->account].instances++;
	model->configs[config].servers++;
	return server;
}

void model_add_session(struct model *model, struct model_server *server, const char *user,
		       enum session_kind kind)
{
	struct model_session *session = &server->sessions[server->n_sessions++];

	new_id(model, "session", session->id);
	text_copy(session->user, sizeof(session->user), user);
	session->kind = kind;
	server->row.idle_since_ms = 0;
}

struct plan_waiting *model_add_waiting(struct model *model, const char *user,
				       enum session_kind kind, const char *zone)
{
	struct plan_waiting *waiting = &model->queue[model->n_queue++];

	if (model->n_queue > model->size)
		abort();
	memset(waiting, 0, sizeof(*waiting));
	new_id(model, "session", waiting->session_id);
	text_copy(waiting->user, sizeof(waiting->user), user);
	text_copy(waiting->zone_id, sizeof(waiting->zone_id), zone);
	waiting->kind = kind;
	waiting->search_alternate = true;
	waiting->queued_ms = model->now_ms;
	return waiting;
}

struct model_server *model_find_server(struct model *model, const char *id)
{
	for (size_t i = 0; i < model->n_servers; i++)
		if (strcmp(model->servers[i].row.id, id) == 0)
			return &model->servers[i];
	return NULL;
}

void model_make_ready(struct model *model, struct model_server *server)
{
	server->row.state = SERVER_RUNNING;
	server->row.idle_since_ms = model->now_ms;
}

void model_end_session(struct model *model, struct model_server *server)
{
	memmove(&server->sessions[0], &server->sessions[1],
		(server->n_sessions - 1) * sizeof(server->sessions[0]));
	server->n_sessions--;
	server->used = true;
	if (server->n_sessions > 0)
		return;
	server->row.idle_since_ms = model->now_ms;
	if (!server->reusable)
		model_remove_server(model, server);
}

void model_remove_server(struct model *model, struct model_server *server)
{
	size_t config = server->row.config;

	if (config != PLAN_NO_CONFIG) {
		model->accounts[model->configs[config].account].instances--;
		model->configs[config].servers--;
	}
	*server = model->servers[--model->n_servers];
}

void model_remove_waiting(struct model *model, size_t index)
{
	model->n_queue--;
	memmove(&model->queue[index], &model->queue[index + 1],
		(model->n_queue - index) * sizeof(model->queue[0]));
}

static void count_free(struct model_server *server)
{
	struct plan_server *row = &server->row;
	int64_t users = 0;

	for (size_t i = 0; i < server->n_sessions; i++) {
		size_t k = 0;

		while (strcmp(server->sessions[k].user, server->sessions[i].user) != 0)
			k++;
		users += k == i;
		server->seats[i] = (struct plan_seat){.user = server->sessions[i].user,
						      .kind = server->sessions[i].kind};
	}
	row->seats = server->seats;
	row->n_seats = server->n_sessions;
	row->free_sessions = row->max_sessions - (int64_t)server->n_sessions;
	row->free_users = row->max_users - users;
	if (!server->reusable && server->used)
		row->free_users = 0;
	if (row->free_sessions < 0)
		row->free_sessions = 0;
	if (row->free_users < 0)
		row->free_users = 0;
	row->free = row->free_sessions < row->free_users ? row->free_sessions : row->free_users;
}

static void count_cohort(struct model *model, const struct model_server *server, size_t *n)
{
	struct plan_cohort wanted = {.config = server->row.config,
				     .outdated = server->row.outdated,
				     .state = server->row.state,
				     .enabled = server->row.enabled,
				     .idle = server->n_sessions == 0,
				     .free = server->row.free};

	for (size_t i = 0; i < *n; i++) {
		struct plan_cohort *cohort = &model->cohorts[i];

		if (cohort->config == wanted.config && cohort->outdated == wanted.outdated &&
		    cohort->state == wanted.state && cohort->enabled == wanted.enabled &&
		    cohort->idle == wanted.idle && cohort->free == wanted.free) {
			cohort->count++;
			return;
		}
	}
	wanted.count = 1;
	model->cohorts[(*n)++] = wanted;
}

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

/* Running ones by fewest sessions, then those on their way, nearest to ready first. */
static int compare_seats(const void *a, const void *b)
{
	const struct plan_server *x = a, *y = b;
	int order = -ORDER(x->state, y->state);

	if (!order)
		order = ORDER(x->n_seats, y->n_seats);
	if (!order)
		order = ORDER(x->created_ms, y->created_ms);
	return order ? order : strcmp(x->id, y->id);
}

static int compare_idle(const void *a, const void *b)
{
	const struct plan_server *x = a, *y = b;
	int order = ORDER(y->outdated, x->outdated);

	if (!order)
		order = ORDER(x->idle_since_ms, y->idle_since_ms);
	if (!order)
		order = ORDER(x->created_ms, y->created_ms);
	return order ? order : strcmp(x->id, y->id);
}

static int compare_planned(const void *a, const void *b)
{
	const struct plan_server *x = a, *y = b;
	int order = ORDER(y->created_ms, x->created_ms);

	return order ? order : strcmp(x->id, y->id);
}

struct plan_snapshot model_snapshot(struct model *model)
{
	struct plan_snapshot snapshot = {.strategy = model->strategy,
					 .on_no_room = model->on_no_room,
					 .now_ms = model->now_ms,
					 .accounts = model->accounts,
					 .n_accounts = model->n_accounts,
					 .configs = model->configs,
					 .n_configs = model->n_configs,
					 .cohorts = model->cohorts,
					 .queue = model->queue,
					 .n_queue = model->n_queue,
					 .seats = model->seats,
					 .idle = model->idle,
					 .planned = model->planned};

	text_copy(snapshot.pool_id, sizeof(snapshot.pool_id), "pool");
	text_copy(snapshot.pool_name, sizeof(snapshot.pool_name), "demo");
	for (size_t i = 0; i < model->n_servers; i++) {
		struct model_server *server = &model->servers[i];

		count_free(server);
		if (server->row.state > SERVER_RUNNING)
			continue;
		count_cohort(model, server, &snapshot.n_cohorts);
		if (model->n_queue > 0 && server->row.enabled && server->row.free_sessions > 0)
			model->seats[snapshot.n_seats++] = server->row;
		if (server->row.state == SERVER_RUNNING && server->n_sessions == 0)
			model->idle[snapshot.n_idle++] = server->row;
		if (server->row.state == SERVER_PLANNED)
			model->planned[snapshot.n_planned++] = server->row;
	}
	qsort(model->seats, snapshot.n_seats, sizeof(model->seats[0]), compare_seats);
	qsort(model->idle, snapshot.n_idle, sizeof(model->idle[0]), compare_idle);
	qsort(model->planned, snapshot.n_planned, sizeof(model->planned[0]), compare_planned);
	return snapshot;
}

static size_t find_waiting(const struct model *model, const char *session_id)
{
	size_t i = 0;

	while (i < model->n_queue && strcmp(model->queue[i].session_id, session_id) != 0)
		i++;
	if (i == model->n_queue)
		abort();
	return i;
}

static void apply_seat(struct model *model, const struct plan_decision *decision)
{
	size_t i = find_waiting(model, decision->session_id);
	struct model_server *server = model_find_server(model, decision->server_id);

	if (!server)
		abort();
	model_add_session(model, server, model->queue[i].user, model->queue[i].kind);
	memcpy(server->sessions[server->n_sessions - 1].id, decision->session_id, ID_SIZE);
	model_remove_waiting(model, i);
}

static void apply_one(struct model *model, const struct plan_decision *decision)
{
	struct model_server *server = model_find_server(model, decision->server_id);

	switch (decision->action) {
	case PLAN_SEAT: apply_seat(model, decision); break;
	case PLAN_CREATE:
		model_add_server(model, decision->config, SERVER_PLANNED);
		model->configs[decision->config].last_planned_ms = model->now_ms;
		break;
	case PLAN_CANCEL:
		if (!server)
			abort();
		model_remove_server(model, server);
		break;
	case PLAN_REMOVE:
		if (!server)
			abort();
		server->row.state = SERVER_DRAINING;
		break;
	case PLAN_SURPLUS:
		model->configs[decision->config].surplus_since_ms = decision->surplus_since_ms;
		model->configs[decision->config].surplus_floor = decision->surplus_floor;
		break;
	case PLAN_SHORT: break;
	case PLAN_REFUSE:
		model_remove_waiting(model, find_waiting(model, decision->session_id));
		break;
	}
}

void model_apply(struct model *model, const struct plan *plan, long skip)
{
	for (size_t i = 0; i < plan->n_decisions; i++)
		if ((long)i != skip)
			apply_one(model, &plan->decisions[i]);
}

static void print_config(const struct model *model, size_t i)
{
	const struct plan_config *config = &model->configs[i];
	const struct plan_account *account = &model->accounts[config->account];

	fprintf(stderr,
		"%s %s %s prio %" PRId64 " min %" PRId64 " sessions %" PRId64 " users %" PRId64
		"%s%s%s%s%s paused %" PRId64 "; %s %" PRId64 "/%" PRId64 " paused %" PRId64 "\n",
		config->name, config->zone_id, connection_type_name(config->connection_type),
		config->priority, config->minimum_available, config->max_sessions,
		config->max_users, config->enabled ? "" : " DISABLED",
		config->stand_in ? " stand-in" : "", config->aggressive_scaling ? " scaling" : "",
		config->aggressive_pooling ? " pooling" : "", config->reusable ? " reusable" : "",
		config->paused_until_ms - model->now_ms, account->name, account->instances,
		account->max_instances, account->paused_until_ms - model->now_ms);
}

void model_print(const struct model *model, const struct plan *plan)
{
	for (size_t i = 0; i < model->n_configs; i++)
		print_config(model, i);
	for (size_t i = 0; i < model->n_servers; i++) {
		const struct model_server *server = &model->servers[i];

		fprintf(stderr, "  %s %.8s of %zd %s%s%s, free %" PRId64 ":", server->row.name,
			server->row.id, (ssize_t)server->row.config,
			server_state_name(server->row.state),
			server->row.enabled ? "" : " DISABLED",
			server->row.outdated ? " outdated" : "", server->row.free);
		for (size_t k = 0; k < server->n_sessions; k++)
			fprintf(stderr, " %s/%s", server->sessions[k].user,
				session_kind_name(server->sessions[k].kind));
		fprintf(stderr, "\n");
	}
	for (size_t i = 0; i < model->n_queue; i++)
		fprintf(stderr, "  waits %.8s: %s/%s in '%s'%s\n", model->queue[i].session_id,
			model->queue[i].user, session_kind_name(model->queue[i].kind),
			model->queue[i].zone_id,
			model->queue[i].search_alternate ? " or elsewhere" : "");
	for (size_t i = 0; plan && i < plan->n_decisions; i++)
		fprintf(stderr, "  -> %d %.8s %.8s %s\n", (int)plan->decisions[i].action,
			plan->decisions[i].server_id, plan->decisions[i].session_id,
			plan->decisions[i].reason);
	for (size_t i = 0; plan && i < plan->n_promises; i++)
		fprintf(stderr, "  promise %.8s: %.8s\n", plan->promises[i].session_id,
			plan->promises[i].server_id);
}
