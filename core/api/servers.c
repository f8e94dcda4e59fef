/* SPDX-License-Identifier: Apache-2.0 */
/* Servers: listed, shown, drained, destroyed. */
#include "api/servers.h"

#include <stdlib.h>
#include <string.h>

#include "api/events.h"
#include "api/handlers.h"
#include "api/page.h"
#include "base/text.h"
#include "engine/life.h"
#include "store/document_rows.h"
#include "store/operation_rows.h"
#include "store/server_rows.h"

#define LAST_EVENTS 20

/* A server's name ends in the first eight characters of its id, so it is found by the ids' order. */
int server_find(struct tx *tx, const char *name_or_id, struct server *ret, struct hr_error *err)
{
	const char *dash = strrchr(name_or_id, '-');
	struct server_query query = {.states = ~0u, .limit = 8, .order = SERVER_BY_ID};
	struct server *near = NULL;
	bool found = false;
	size_t n = 0;

	if (id_valid(name_or_id))
		return server_get(tx, name_or_id, ret, err);
	if (dash && strlen(dash + 1) == 8) {
		query.after_id = dash + 1;
		if (server_list(tx, &query, &near, &n, err) != 0)
			return -1;
	}
	for (size_t i = 0; i < n && !found; i++)
		if (strcmp(near[i].name, name_or_id) == 0) {
			*ret = near[i];
			found = true;
		}
	free(near);
	return found ? 0 : error_set(err, HR_NOT_FOUND, "there is no server \"%s\"", name_or_id);
}

static json_t *places(struct tx *tx, struct names *names, const struct server *server)
{
	return json_pack(
		"{so so so so sI}", "pool", names_json(tx, names, DOCUMENT_POOL, server->pool_id),
		"zone", names_json(tx, names, DOCUMENT_ZONE, server->zone_id), "config",
		names_json(tx, names, DOCUMENT_AUTOSCALE_CONFIG, server->config_id),
		"provider_config",
		names_json(tx, names, DOCUMENT_PROVIDER_CONFIG, server->provider_config_id),
		"config_revision", (json_int_t)server->config_revision);
}

static json_t *state(const struct server *server)
{
	return json_pack(
		"{ss so so so so sb ss so so so}", "state", server_state_name(server->state),
		"state_since", time_json(server->state_since_ms), "created",
		time_json(server->created_ms), "ready", time_json(server->ready_ms), "checked_in",
		time_json(server->checked_in_ms), "enabled", server->enabled, "health",
		server_health(server), "stage", text_json(server->stage), "percent",
		server->percent < 0 ? json_null() : json_integer(server->percent), "failure",
		text_json(server->failure));
}

static json_t *reach(const struct server *server)
{
	const struct server_settings *settings = &server->settings;

	return json_pack("{so so sI ss so so}", "instance_id", text_json(server->instance_id),
			 "address", text_json(server->address), "port",
			 (json_int_t)server_port(server), "connection_type",
			 connection_type_name(settings->connection_type), "connection_username",
			 text_json(settings->connection_username), "host_key",
			 text_json(server->host_key));
}

static json_t *load(const struct server *server)
{
	const struct server_settings *settings = &server->settings;

	return json_pack("{sI sI sI sI sb so}", "sessions", (json_int_t)server->sessions, "users",
			 (json_int_t)server->users, "max_simultaneous_sessions_per_server",
			 (json_int_t)settings->max_sessions, "max_simultaneous_users",
			 (json_int_t)settings->max_users, "reusable", settings->reusable,
			 "idle_since", time_json(server->idle_since_ms));
}

static json_t *view(struct tx *tx, struct names *names, const struct server *server)
{
	json_t *parts[] = {places(tx, names, server), state(server), reach(server), load(server)};
	json_t *whole = json_pack("{ss ss}", "id", server->id, "name", server->name);
	bool ok = whole != NULL;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		ok = ok && parts[i] && json_object_update(whole, parts[i]) == 0;
		json_decref(parts[i]);
	}
	if (ok)
		return whole;
	json_decref(whole);
	return NULL;
}

/* ---- List ---------------------------------------------------------------------------------- */

/* "running", "running,failed" or "all". Not given: all but gone ones. */
static int parse_states(struct exchange *exchange, unsigned *ret_states, struct hr_error *err)
{
	const char *at = exchange_query(exchange, "state");

	*ret_states = 0;
	if (!at || *at == '\0')
		return 0;
	if (strcmp(at, "all") == 0) {
		*ret_states = ~0u;
		return 0;
	}
	while (*at != '\0') {
		size_t len = strcspn(at, ",");
		char name[32];
		int number = -1;

		if (text_format(name, sizeof(name), "%.*s", (int)(len < 40 ? len : 40), at))
			number = server_state_find(name);
		if (number < 0)
			return error_set_field(
				err, HR_INVALID, "state", "running",
				"\"%s\" is no state of a server; there are planned, creating, "
				"booting, injecting, checking_in, running, draining, failed, "
				"destroying, gone, and all",
				name);
		*ret_states |= SERVER_STATE_BIT(number);
		at += len + (at[len] == ',');
	}
	return 0;
}

/* The id of the document that a filter names; "" without the filter. */
static int filter_id(struct tx *tx, struct exchange *exchange, const char *name,
		     enum document_kind kind, char ret_id[ID_SIZE], struct hr_error *err)
{
	const char *value = exchange_query(exchange, name);
	struct document document = {0};

	ret_id[0] = '\0';
	if (!value || *value == '\0')
		return 0;
	if (document_find(tx, kind, value, &document, err) != 0)
		return -1;
	text_copy(ret_id, ID_SIZE, document.id);
	document_clear(&document);
	return 0;
}

static int run_list(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	char pool_id[ID_SIZE], config_id[ID_SIZE];
	struct server_query query = {.order = SERVER_BY_ID};
	struct server *servers = NULL;
	struct names names = {0};
	struct page page;
	size_t n = 0;
	int rc = 0;

	if (parse_states(exchange, &query.states, err) != 0 ||
	    filter_id(tx, exchange, "pool", DOCUMENT_POOL, pool_id, err) != 0 ||
	    filter_id(tx, exchange, "config", DOCUMENT_AUTOSCALE_CONFIG, config_id, err) != 0 ||
	    page_begin(exchange, &page, err) != 0)
		return -1;
	query.pool_id = pool_id[0] ? pool_id : NULL;
	query.config_id = config_id[0] ? config_id : NULL;
	query.after_id = page.cursor;
	query.limit = page.limit;
	rc = server_list(tx, &query, &servers, &n, err);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = page_add(&page, view(tx, &names, &servers[i]), servers[i].id, err);
	/* A full page may be the last one; then the next one is empty. */
	page.more = n == (size_t)page.limit;
	free(servers);
	return page_end(exchange, &page, rc, err);
}

int servers_list(struct exchange *exchange, struct hr_error *err)
{
	return exchange_read(exchange, run_list, err);
}

/* ---- One ----------------------------------------------------------------------------------- */

static json_t *operation_view(const struct operation *operation)
{
	return json_pack(
		"{ss ss ss sI sI so so so so so so so}", "id", operation->id, "kind",
		operation_kind_name(operation->kind), "state",
		operation_state_name(operation->state), "attempt", (json_int_t)operation->attempt,
		"failures", (json_int_t)operation->failures, "created",
		time_json(operation->created_ms), "due", time_json(operation->due_ms), "finished",
		time_json(operation->finished_ms), "text", text_json(operation->text), "error",
		text_json(operation->error), "error_class",
		operation->error_class ? json_string(error_class_name(operation->error_class))
				       : json_null(),
		"request_id", text_json(operation->request_id));
}

static int add_operations(struct tx *tx, const char *server_id, json_t *whole, struct hr_error *err)
{
	struct operation *operations = NULL;
	json_t *list = json_array();
	size_t n = 0;
	int rc;

	rc = list ? operation_list_server(tx, server_id, &operations, &n, err)
		  : error_no_memory(err, "answering");
	for (size_t i = 0; i < n && rc == 0; i++)
		if (json_array_append_new(list, operation_view(&operations[i])) != 0)
			rc = error_no_memory(err, "answering");
	if (rc == 0 && json_object_set(whole, "operations", list) != 0)
		rc = error_no_memory(err, "answering");
	json_decref(list);
	free(operations);
	return rc;
}

static int run_get(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	struct event_query query = {.newest = true, .limit = LAST_EVENTS};
	struct names names = {0};
	struct server server;
	json_t *whole, *events = NULL;

	if (server_find(tx, exchange->params[0], &server, err) != 0)
		return -1;
	query.server_id = server.id;
	whole = view(tx, &names, &server);
	if (exchange_answer(exchange, whole, err) != 0 ||
	    add_operations(tx, server.id, whole, err) != 0 ||
	    events_view(tx, &names, &query, &events, NULL, err) != 0)
		return -1;
	if (json_object_set_new(whole, "events", events) != 0)
		return error_no_memory(err, "answering");
	return 0;
}

int servers_get(struct exchange *exchange, struct hr_error *err)
{
	return exchange_read(exchange, run_get, err);
}

/* ---- Changes ------------------------------------------------------------------------------- */

static int changed(struct tx *tx, struct exchange *exchange, const struct server *server,
		   struct hr_error *err)
{
	struct names names = {0};

	exchange->status = MHD_HTTP_ACCEPTED;
	if (exchange_notice(exchange, NOTICE_POOL, DOCUMENT_POOL, server->pool_id, err) != 0 ||
	    exchange_notice(exchange, NOTICE_OPERATIONS, DOCUMENT_POOL, "", err) != 0)
		return -1;
	return exchange_answer(exchange, view(tx, &names, server), err);
}

static int run_drain(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	struct server server;
	char reason[128];

	if (server_find(tx, exchange->params[0], &server, err) != 0)
		return -1;
	if (server.state > SERVER_DRAINING)
		return error_set(err, HR_CONFLICT, "server %s is %s; it cannot be drained any more",
				 server.name, server_state_name(server.state));
	text_format(reason, sizeof(reason), "drained by %s", exchange->who);
	exchange->context.by_person = true;
	if (life_drain(tx, &exchange->context, &server, false, reason, err) != 0)
		return -1;
	return changed(tx, exchange, &server, err);
}

int servers_drain(struct exchange *exchange, struct hr_error *err)
{
	return exchange_write(exchange, run_drain, err);
}

static int run_destroy(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	struct server server;
	char reason[128];

	if (server_find(tx, exchange->params[0], &server, err) != 0)
		return -1;
	text_format(reason, sizeof(reason), "destroyed by %s", exchange->who);
	exchange->context.by_person = true;
	if (life_destroy(tx, &exchange->context, &server, reason, err) != 0)
		return -1;
	return changed(tx, exchange, &server, err);
}

int servers_destroy(struct exchange *exchange, struct hr_error *err)
{
	return exchange_write(exchange, run_destroy, err);
}
