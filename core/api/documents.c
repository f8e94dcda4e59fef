/* SPDX-License-Identifier: Apache-2.0 */
/* Zones, pools, autoscale configs, provider configs: list, get, create, replace, patch, delete. */
#include <stdlib.h>
#include <string.h>

#include "api/documents.h"
#include "api/handlers.h"
#include "api/page.h"
#include "api/pool_status.h"
#include "api/routes.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "store/document_rows.h"
#include "store/server_rows.h"

static enum document_kind kind_of(const struct exchange *exchange)
{
	return (enum document_kind)exchange->route->kind;
}

/* ---- Reading ------------------------------------------------------------------------------- */

static json_t *account_status(struct tx *tx, const char *id)
{
	struct account_state state;

	if (account_state_get(tx, id, &state, NULL) != 0)
		return json_null();
	return json_pack("{sI so so}", "instances", (json_int_t)state.instances, "paused_until",
			 time_json(state.paused_until_ms), "pause_reason",
			 text_json(state.pause_reason));
}

/* What is going on, beside what is written. */
static int add_status(struct tx *tx, struct exchange *exchange, const struct document *document,
		      json_t *view, struct hr_error *err)
{
	json_t *status = NULL;

	if (document->kind == DOCUMENT_POOL) {
		if (pool_status(tx, document->id, exchange->context.now_ms, &status, err) != 0)
			return -1;
	} else if (document->kind == DOCUMENT_PROVIDER_CONFIG) {
		status = account_status(tx, document->id);
	} else {
		return 0;
	}
	if (json_object_set_new(view, "status", status) != 0)
		return error_no_memory(err, "answering");
	return 0;
}

static int show(struct tx *tx, struct exchange *exchange, struct names *names,
		const struct document *document, json_t **ret, struct hr_error *err)
{
	json_t *view = document_view(tx, exchange->api, names, document);

	if (!view)
		return error_no_memory(err, "answering");
	if (add_status(tx, exchange, document, view, err) != 0) {
		json_decref(view);
		return -1;
	}
	*ret = view;
	return 0;
}

static int run_list(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	struct document *documents = NULL;
	struct names names = {0};
	struct page page;
	size_t n = 0;
	int rc = 0;

	if (page_begin(exchange, &page, err) != 0 ||
	    document_list(tx, kind_of(exchange), page.cursor, page.limit + 1, &documents, &n,
			  err) != 0)
		return -1;
	for (size_t i = 0; i < n && i < (size_t)page.limit && rc == 0; i++) {
		json_t *view = NULL;

		rc = show(tx, exchange, &names, &documents[i], &view, err);
		if (rc == 0)
			rc = page_add(&page, view, documents[i].name, err);
	}
	page.more = n > (size_t)page.limit;
	document_list_free(documents, n);
	return page_end(exchange, &page, rc, err);
}

int documents_list(struct exchange *exchange, struct hr_error *err)
{
	return exchange_read(exchange, run_list, err);
}

static int run_get(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	struct document document = {0};
	struct names names = {0};
	json_t *view = NULL;
	int rc;

	if (document_find(tx, kind_of(exchange), exchange->params[0], &document, err) != 0)
		return -1;
	rc = show(tx, exchange, &names, &document, &view, err);
	if (rc == 0) {
		document_etag(exchange, &document);
		rc = exchange_answer(exchange, view, err);
	}
	document_clear(&document);
	return rc;
}

int documents_get(struct exchange *exchange, struct hr_error *err)
{
	return exchange_read(exchange, run_get, err);
}

/* ---- Writing ------------------------------------------------------------------------------- */

static int store_edit(struct tx *tx, struct exchange *exchange, struct edit *edit,
		      struct hr_error *err)
{
	if (document_put(tx, &edit->next, edit->secrets, err) != 0)
		return -1;
	return exchange_notice(exchange, NOTICE_DOCUMENT, edit->next.kind, edit->next.id, err);
}

static int answer_edit(struct tx *tx, struct exchange *exchange, struct edit *edit,
		       struct hr_error *err)
{
	struct names names = {0};
	json_t *view = document_view(tx, exchange->api, &names, &edit->next);

	if (view &&
	    json_object_set_new(view, "warnings",
				edit->warnings ? json_incref(edit->warnings) : json_array()) != 0) {
		json_decref(view);
		view = NULL;
	}
	document_etag(exchange, &edit->next);
	if (edit->present.revision == 0) {
		exchange->status = MHD_HTTP_CREATED;
		text_format(exchange->location, sizeof(exchange->location), "/api/v1/%s/%s",
			    document_kind_plural(edit->next.kind), edit->next.name);
	}
	return exchange_answer(exchange, view, err);
}

static int edit(struct tx *tx, struct exchange *exchange, enum edit_mode mode, struct hr_error *err)
{
	bool dry = exchange_query_true(exchange, "dry_run");
	struct edit prepared = {0};
	int rc;

	rc = edit_prepare(tx, exchange, mode, &prepared, err);
	if (rc == 0 && prepared.unchanged)
		prepared.next.changed_ms = prepared.present.changed_ms;
	else if (rc == 0 && dry)
		prepared.next.revision = prepared.present.revision + 1;
	else if (rc == 0)
		rc = store_edit(tx, exchange, &prepared, err);
	if (rc == 0)
		rc = answer_edit(tx, exchange, &prepared, err);
	if (rc == 0 && dry) {
		exchange->status = 0;
		exchange->location[0] = '\0';
	}
	edit_clear(&prepared);
	return rc;
}

static int run_create(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	return edit(tx, exchange, EDIT_CREATE, err);
}

static int run_put(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	return edit(tx, exchange, EDIT_PUT, err);
}

static int run_patch(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	return edit(tx, exchange, EDIT_PATCH, err);
}

/* A dry run has no effect, so it reads only. */
static int change(struct exchange *exchange, exchange_run run, struct hr_error *err)
{
	if (exchange_query_true(exchange, "dry_run"))
		return exchange_read(exchange, run, err);
	return exchange_write(exchange, run, err);
}

int documents_create(struct exchange *exchange, struct hr_error *err)
{
	return change(exchange, run_create, err);
}

int documents_put(struct exchange *exchange, struct hr_error *err)
{
	return change(exchange, run_put, err);
}

int documents_patch(struct exchange *exchange, struct hr_error *err)
{
	return change(exchange, run_patch, err);
}

/* ---- Deleting ------------------------------------------------------------------------------ */

/* Disabled first, or the planner would make new ones; then every server of it is destroyed. */
static int empty_config(struct tx *tx, struct exchange *exchange, struct document *document,
			int64_t *ret_servers, struct hr_error *err)
{
	const struct server_query query = {.config_id = document->id};
	struct server *servers = NULL;
	size_t n = 0;
	int rc = 0;

	if (json_is_true(json_object_get(document->body, "enabled"))) {
		json_object_set_new(document->body, "enabled", json_false());
		document->changed_ms = exchange->context.now_ms;
		if (document_put(tx, document, NULL, err) != 0)
			return -1;
	}
	if (server_list(tx, &query, &servers, &n, err) != 0)
		return -1;
	exchange->context.by_person = true;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = life_destroy(tx, &exchange->context, &servers[i],
				  "its autoscale config is being deleted", err);
	free(servers);
	*ret_servers = (int64_t)n;
	return rc;
}

static int count_servers(struct tx *tx, const char *config_id, size_t *ret_n, struct hr_error *err)
{
	const struct server_query query = {.config_id = config_id};
	struct server *servers = NULL;

	if (server_list(tx, &query, &servers, ret_n, err) != 0)
		return -1;
	free(servers);
	return 0;
}

/* Servers of a config outlive the request that deletes it: only proven absence ends one. */
static int delete_config(struct tx *tx, struct exchange *exchange, struct document *document,
			 struct hr_error *err)
{
	int64_t ordered = 0;
	size_t n = 0;

	if (count_servers(tx, document->id, &n, err) != 0)
		return -1;
	if (n == 0)
		return document_delete(tx, document->kind, document->id, err);
	if (!exchange_query_true(exchange, "force"))
		return error_set_field(
			err, HR_CONFLICT, "force", "true",
			"autoscale-config \"%s\" still has %zu server%s; disable it and wait until "
			"they are gone, or destroy them with force",
			document->name, n, n == 1 ? "" : "s");
	if (empty_config(tx, exchange, document, &ordered, err) != 0 ||
	    count_servers(tx, document->id, &n, err) != 0)
		return -1;
	if (n == 0)
		return document_delete(tx, document->kind, document->id, err);
	exchange->status = MHD_HTTP_ACCEPTED;
	return exchange_answer(
		exchange,
		json_pack("{ss sI ss}", "name", document->name, "servers", (json_int_t)n, "message",
			  "the config is disabled and its servers are being destroyed; delete it "
			  "again when they are gone"),
		err);
}

static int run_delete(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	struct document document = {0};
	char pool_id[ID_SIZE] = "";
	int rc;

	if (document_find(tx, kind_of(exchange), exchange->params[0], &document, err) != 0)
		return -1;
	exchange->status = MHD_HTTP_NO_CONTENT;
	rc = edit_check_match(exchange, &document, err);
	if (rc == 0 && document.kind == DOCUMENT_AUTOSCALE_CONFIG) {
		text_copy(pool_id, sizeof(pool_id), json_string_or(document.body, "pool", ""));
		rc = delete_config(tx, exchange, &document, err);
	} else if (rc == 0) {
		rc = document_delete(tx, document.kind, document.id, err);
	}
	if (rc == 0)
		rc = exchange_notice(exchange, NOTICE_DOCUMENT, document.kind, document.id, err);
	if (rc == 0 && pool_id[0] != '\0')
		rc = exchange_notice(exchange, NOTICE_POOL, DOCUMENT_POOL, pool_id, err);
	if (rc == 0 && exchange->status == MHD_HTTP_ACCEPTED)
		rc = exchange_notice(exchange, NOTICE_OPERATIONS, DOCUMENT_POOL, "", err);
	document_clear(&document);
	return rc;
}

int documents_delete(struct exchange *exchange, struct hr_error *err)
{
	return exchange_write(exchange, run_delete, err);
}
