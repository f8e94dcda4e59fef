/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: requested, shown, kept alive, ended, reached. The rules are the broker's (engine). */
#include "engine/sessions.h"

#include <stdlib.h>
#include <string.h>

#include "api/auth.h"
#include "api/handlers.h"
#include "api/names.h"
#include "api/page.h"
#include "api/servers.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/connection.h"
#include "schema/schema.h"
#include "store/document_rows.h"
#include "store/server_rows.h"
#include "store/session_rows.h"

static const char *const kinds[] = {"desktop", "remoteapp", NULL};

static const struct hr_setting wish_rows[] = {
	{.key = "pool",
	 .type = HR_TYPE_STRING,
	 .flags = HR_SETTING_REQUIRED,
	 .minimum = 1,
	 .maximum = 127,
	 .title = "Pool",
	 .help = "Where the session is wanted, by name or id.",
	 .example = "demo"},
	{.key = "user",
	 .type = HR_TYPE_STRING,
	 .flags = HR_SETTING_REQUIRED,
	 .minimum = 1,
	 .maximum = 127,
	 .title = "User",
	 .help = "Whose session it is.",
	 .example = "ana"},
	{.key = "kind",
	 .type = HR_TYPE_ENUM,
	 .choices = kinds,
	 .default_value = "desktop",
	 .title = "Kind",
	 .help = "A desktop, or one application (RDP only)."},
	{.key = "zone",
	 .type = HR_TYPE_STRING,
	 .maximum = 127,
	 .title = "Zone",
	 .help = "The preferred zone, by name or id."},
};

static const struct schema wish_schema = SCHEMA_OF("session request", wish_rows);

/* ---- Views --------------------------------------------------------------------------------- */

static json_t *seconds_json(int64_t ms)
{
	return ms < 0 ? json_null() : json_integer((ms + 999) / 1000);
}

static json_t *progress_view(struct tx *tx, const struct session *session, int64_t now_ms,
			     struct hr_error *err)
{
	struct session_progress progress;

	if (sessions_progress(tx, session, now_ms, &progress, err) != 0)
		return NULL;
	return json_pack("{sI so so so so so so}", "position", (json_int_t)progress.position,
			 "server_id", text_json(progress.server_id), "stage",
			 text_json(progress.stage), "percent",
			 progress.percent < 0 ? json_null() : json_integer(progress.percent),
			 "reason", text_json(progress.reason), "estimate_median_s",
			 seconds_json(progress.estimate_p50_ms), "estimate_90_percent_s",
			 seconds_json(progress.estimate_p90_ms));
}

static json_t *server_name(struct tx *tx, const char *id)
{
	struct server server;

	if (id[0] == '\0' || server_get(tx, id, &server, NULL) != 0)
		return text_json(id);
	return json_string(server.name);
}

static json_t *view(struct tx *tx, struct names *names, const struct session *session)
{
	return json_pack(
		"{ss so so ss ss ss so so so so so so so}", "id", session->id, "pool",
		names_json(tx, names, DOCUMENT_POOL, session->pool_id), "zone",
		names_json(tx, names, DOCUMENT_ZONE, session->zone_id), "user", session->user,
		"kind", session_kind_name(session->kind), "state",
		session_state_name(session->state), "server", server_name(tx, session->server_id),
		"server_id", text_json(session->server_id), "queued", time_json(session->queued_ms),
		"assigned", time_json(session->assigned_ms), "ended", time_json(session->ended_ms),
		"expires", time_json(session->expires_ms), "reason", text_json(session->reason));
}

static int answer(struct tx *tx, struct exchange *exchange, const struct session *session,
		  struct hr_error *err)
{
	struct names names = {0};
	json_t *whole = view(tx, &names, session), *progress;

	if (exchange_answer(exchange, whole, err) != 0)
		return -1;
	if (session->state != SESSION_QUEUED)
		return 0;
	progress = progress_view(tx, session, exchange->context.now_ms, err);
	if (!progress)
		return -1;
	return json_object_set_new(whole, "progress", progress) == 0
		       ? 0
		       : error_no_memory(err, "answering");
}

/* ---- Request ------------------------------------------------------------------------------- */

static int run_create(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	struct session_wish wish = {0};
	struct session session;
	json_t *body = NULL;
	int rc;

	if (schema_normalize(&wish_schema, exchange->input, 0, &body, err) != 0)
		return -1;
	wish.pool = json_string_or(body, "pool", "");
	wish.user = json_string_or(body, "user", "");
	wish.zone = json_string_or(body, "zone", NULL);
	wish.kind = (enum session_kind)session_kind_find(json_string_or(body, "kind", "desktop"));
	rc = sessions_request(tx, &exchange->context, &wish, &session, err);
	json_decref(body);
	if (rc != 0)
		return -1;
	exchange->status = MHD_HTTP_CREATED;
	text_format(exchange->location, sizeof(exchange->location), "/api/v1/sessions/%s",
		    session.id);
	if (exchange_notice(exchange, NOTICE_POOL, DOCUMENT_POOL, session.pool_id, err) != 0)
		return -1;
	return answer(tx, exchange, &session, err);
}

int sessions_create(struct exchange *exchange, struct hr_error *err)
{
	return exchange_write(exchange, run_create, err);
}

/* ---- List and show ------------------------------------------------------------------------- */

static int parse_states(struct exchange *exchange, unsigned *ret, struct hr_error *err)
{
	const char *name = exchange_query(exchange, "state");
	int state;

	*ret = SESSION_STATE_BIT(SESSION_QUEUED) | SESSION_STATE_BIT(SESSION_ACTIVE);
	if (!name || *name == '\0')
		return 0;
	*ret = ~0u;
	if (strcmp(name, "all") == 0)
		return 0;
	state = session_state_find(name);
	if (state < 0)
		return error_set_field(
			err, HR_INVALID, "state", "active",
			"\"%s\" is no state of a session; there are queued, active, ended, "
			"refused, and all",
			name);
	*ret = SESSION_STATE_BIT(state);
	return 0;
}

static int filter_pool(struct tx *tx, struct exchange *exchange, char ret_id[ID_SIZE],
		       struct hr_error *err)
{
	const char *pool = exchange_query(exchange, "pool");
	struct document document = {0};

	ret_id[0] = '\0';
	if (!pool)
		return 0;
	if (document_find(tx, DOCUMENT_POOL, pool, &document, err) != 0)
		return -1;
	text_copy(ret_id, ID_SIZE, document.id);
	document_clear(&document);
	return 0;
}

static int filter_server(struct tx *tx, struct exchange *exchange, char ret_id[ID_SIZE],
			 struct hr_error *err)
{
	const char *name = exchange_query(exchange, "server");
	struct server server;

	ret_id[0] = '\0';
	if (!name)
		return 0;
	if (server_find(tx, name, &server, err) != 0)
		return -1;
	text_copy(ret_id, ID_SIZE, server.id);
	return 0;
}

static int run_list(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	char pool_id[ID_SIZE], server_id[ID_SIZE], next[24];
	struct session_query query = {.user = exchange_query(exchange, "user")};
	struct session *sessions = NULL;
	struct names names = {0};
	struct page page;
	size_t n = 0;
	int rc;

	if (parse_states(exchange, &query.states, err) != 0 ||
	    filter_pool(tx, exchange, pool_id, err) != 0 ||
	    filter_server(tx, exchange, server_id, err) != 0 ||
	    exchange_query_number(exchange, "cursor", 0, INT64_MAX, 0, &query.after_sequence,
				  err) != 0 ||
	    page_begin(exchange, &page, err) != 0)
		return -1;
	query.pool_id = pool_id[0] ? pool_id : NULL;
	query.server_id = server_id[0] ? server_id : NULL;
	query.limit = page.limit;
	rc = session_list(tx, &query, &sessions, &n, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		text_format(next, sizeof(next), "%lld", (long long)sessions[i].sequence);
		rc = page_add(&page, view(tx, &names, &sessions[i]), next, err);
	}
	page.more = n == (size_t)page.limit;
	free(sessions);
	return page_end(exchange, &page, rc, err);
}

int sessions_list(struct exchange *exchange, struct hr_error *err)
{
	return exchange_read(exchange, run_list, err);
}

static int run_get(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	struct session session;

	if (session_get(tx, exchange->params[0], &session, err) != 0)
		return -1;
	return answer(tx, exchange, &session, err);
}

int sessions_get(struct exchange *exchange, struct hr_error *err)
{
	return exchange_read(exchange, run_get, err);
}

/* ---- Keep alive, end ----------------------------------------------------------------------- */

static int run_stay(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	struct session session;

	if (session_get(tx, exchange->params[0], &session, err) != 0 ||
	    sessions_keepalive(tx, &exchange->context, &session, err) != 0)
		return -1;
	return answer(tx, exchange, &session, err);
}

int sessions_stay(struct exchange *exchange, struct hr_error *err)
{
	return exchange_write(exchange, run_stay, err);
}

static int run_delete(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	struct session session;
	char reason[128];

	if (session_get(tx, exchange->params[0], &session, err) != 0)
		return -1;
	text_format(reason, sizeof(reason), "ended by %s", exchange->who);
	if (sessions_end(tx, &exchange->context, &session, reason, err) != 0 ||
	    exchange_notice(exchange, NOTICE_POOL, DOCUMENT_POOL, session.pool_id, err) != 0 ||
	    exchange_notice(exchange, NOTICE_OPERATIONS, DOCUMENT_POOL, "", err) != 0)
		return -1;
	return answer(tx, exchange, &session, err);
}

int sessions_delete(struct exchange *exchange, struct hr_error *err)
{
	return exchange_write(exchange, run_delete, err);
}

/* ---- Connection ---------------------------------------------------------------------------- */

/* The key goes to who may log users in, and to nobody else. */
static int check_secret(struct exchange *exchange, bool *ret_secret, struct hr_error *err)
{
	*ret_secret = exchange_query_true(exchange, "secret");
	if (!*ret_secret || exchange->role == ROLE_BROKER || exchange->role == ROLE_ADMIN)
		return 0;
	error_set(err, HR_AUTH,
		  "the token \"%s\" has the role %s; the key of a session needs broker or "
		  "admin",
		  exchange->who, token_role_name(exchange->role));
	err->http_status = MHD_HTTP_FORBIDDEN;
	return -1;
}

static int run_connection(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	struct connection connection = {0};
	struct session session;
	json_t *whole;
	bool secret;
	int rc = 0;

	if (check_secret(exchange, &secret, err) != 0 ||
	    session_get(tx, exchange->params[0], &session, err) != 0)
		return -1;
	rc = connection_get(tx, &session, secret, &connection, err);
	if (rc == 0) {
		whole = json_pack("{ss so sI ss so}", "type", connection_type_name(connection.type),
				  "host", text_json(connection.host), "port",
				  (json_int_t)connection.port, "username", connection.username,
				  "host_key", text_json(connection.host_key));
		rc = exchange_answer(exchange, whole, err);
		if (rc == 0 && connection.private_key &&
		    json_object_set_new(whole, "private_key",
					json_string(connection.private_key)) != 0)
			rc = error_no_memory(err, "answering");
	}
	connection_clear(&connection);
	return rc;
}

int sessions_connection(struct exchange *exchange, struct hr_error *err)
{
	return exchange_read(exchange, run_connection, err);
}
