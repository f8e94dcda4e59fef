/* SPDX-License-Identifier: Apache-2.0 */
/* Routes, the fields of a create, and answers. A request of the wrong form meets its fate as any
 * other does, and is refused then. */
#include "cloud_requests.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

#define MACHINES "/v1/machines"
#define PAGE_USUAL 100

struct route {
	struct cloud *cloud;
	struct cloud_call call;
	const struct cloud_request *request;
	struct cloud_response *response;
	/* What is wrong with the request's form; NULL: nothing. */
	const char *bad_code;
	int bad_status;
	char bad_field[32];
	char bad_message[200];
};

static void put_json(struct route *route, int status, json_t *body)
{
	route->response->status = status;
	route->response->body = json_text(body);
	json_decref(body);
}

static void put_error(struct route *route, int status, const char *code, const char *field,
		      const char *message)
{
	json_t *error = json_pack("{ss ss}", "code", code, "message", message);

	if (field[0] != '\0')
		json_object_set_new(error, "field", json_string(field));
	put_json(route, status,
		 json_pack("{so ss}", "error", error, "request_id", route->response->request_id));
}

static void bad_form(struct route *route, int status, const char *code, const char *field,
		     const char *message)
{
	if (route->bad_code)
		return;
	route->bad_code = code;
	route->bad_status = status;
	text_copy(route->bad_field, sizeof(route->bad_field), field);
	text_copy(route->bad_message, sizeof(route->bad_message), message);
}

/* How the answer is to come; false: it is an error, and complete. */
static bool take_answer(struct route *route, int rc, const struct cloud_answer *answer,
			const struct hr_error *err)
{
	static const int statuses[] = {200, 401, 400, 404, 412, 409, 403,
				       503, 429, 409, 503, 500, 504};
	struct cloud_response *response = route->response;

	if (rc != 0) {
		put_error(route, 500, "BooksFailed", "", err->message);
		return false;
	}
	text_copy(response->request_id, sizeof(response->request_id), answer->request_id);
	response->latency_ms = answer->latency_ms;
	response->retry_after_ms = answer->retry_after_ms;
	response->delivery = answer->delivery;
	/* Half of them were not done and have no machine; none is answered. */
	if (answer->delivery == CLOUD_HANGS)
		return false;
	if (answer->code == CLOUD_OK)
		return true;
	put_error(route, statuses[answer->code], cloud_code_name(answer->code), answer->field,
		  answer->message);
	return false;
}

static json_t *names(const char *const *texts)
{
	json_t *array = json_array();

	for (size_t i = 0; texts[i]; i++)
		json_array_append_new(array, json_string(texts[i]));
	return array;
}

static json_t *machine_json(const struct cloud_machine *m)
{
	json_t *json = json_pack("{ss ss ss ss ss ss sI s{ss ss ss}}", "id", m->id, "name", m->name,
				 "zone", m->zone, "size", m->size, "image", m->image, "state",
				 cloud_state_name(m->state), "created_ms", (json_int_t)m->asked_ms,
				 "marks", "installation", m->installation, "config", m->config,
				 "server", m->server);

	if (m->state == CLOUD_RUNNING)
		json_object_set_new(json, "address", json_string(m->address));
	return json;
}

/* Also answers a request of the wrong form, once its fate lets it through. */
static void serve_account(struct route *route)
{
	struct cloud_answer answer;
	struct hr_error err;
	int rc = cloud_check(route->cloud, &route->call, &answer, &err);

	if (take_answer(route, rc, &answer, &err)) {
		if (route->bad_code)
			put_error(route, route->bad_status, route->bad_code, route->bad_field,
				  route->bad_message);
		else
			put_json(route, 200,
				 json_pack("{ss sI sI so so so}", "account", answer.account,
					   "quota", (json_int_t)answer.quota, "machines",
					   (json_int_t)answer.alive, "zones", names(cloud_zones),
					   "sizes", names(cloud_sizes), "images",
					   names(cloud_images)));
	}
	cloud_answer_clear(&answer);
}

/* ---- Create ---- */

/* The field's text; where it is missing or no text, that is what is wrong with the request. */
static const char *text_field(struct route *route, const json_t *object, const char *prefix,
			      const char *key)
{
	const json_t *value = json_object_get(object, key);
	char field[32];

	text_format(field, sizeof(field), "%s%s", prefix, key);
	if (!value)
		bad_form(route, 400, "InvalidRequest", field, "a field is missing");
	else if (!json_is_string(value))
		bad_form(route, 400, "InvalidRequest", field, "a field must be text");
	return json_string_value(value);
}

static void only_fields(struct route *route, const json_t *object, const char *const *known)
{
	const char *key;
	json_t *value;

	json_object_foreach (json_unconst(object), key, value) {
		size_t i = 0;

		while (known[i] && strcmp(known[i], key) != 0)
			i++;
		if (!known[i])
			bad_form(route, 400, "InvalidRequest", key, "there is no such field");
	}
}

static void read_order(struct route *route, const json_t *body, struct cloud_order *ret)
{
	static const char *const fields[] = {"token", "name",      "zone",  "size",
					     "image", "user_data", "marks", NULL};
	static const char *const mark_fields[] = {"installation", "config", "server", NULL};
	const json_t *marks = json_object_get(body, "marks");

	if (!json_is_object(body))
		bad_form(route, 400, "InvalidRequest", "", "the body must be an object");
	only_fields(route, body, fields);
	ret->token = text_field(route, body, "", "token");
	ret->name = text_field(route, body, "", "name");
	ret->zone = text_field(route, body, "", "zone");
	ret->size = text_field(route, body, "", "size");
	ret->image = text_field(route, body, "", "image");
	ret->user_data = text_field(route, body, "", "user_data");
	if (!json_is_object(marks))
		bad_form(route, 400, "InvalidRequest", "marks", "the marks must be an object");
	only_fields(route, marks, mark_fields);
	ret->installation = text_field(route, marks, "marks.", "installation");
	ret->config = text_field(route, marks, "marks.", "config");
	ret->server = text_field(route, marks, "marks.", "server");
}

static void serve_create(struct route *route)
{
	const struct cloud_request *request = route->request;
	struct cloud_order order = {0};
	struct cloud_answer answer;
	struct hr_error err;
	json_t *body = NULL;
	int rc;

	if (request->body_len > CLOUD_BODY_MAX)
		bad_form(route, 413, "TooLarge", "", "the body is too large");
	else if (!request->content_type ||
		 strncmp(request->content_type, "application/json", 16) != 0)
		bad_form(route, 415, "UnsupportedMediaType", "", "the body must be JSON");
	else if (json_parse(request->body ? request->body : "", request->body_len, "body", &body,
			    &err) != 0)
		bad_form(route, 400, "InvalidRequest", "", err.message);
	if (request->n_query > 0)
		bad_form(route, 400, "InvalidRequest", request->query[0].name, "not with a create");
	if (!route->bad_code)
		read_order(route, body, &order);
	if (route->bad_code) {
		serve_account(route);
		json_decref(body);
		return;
	}
	rc = cloud_create(route->cloud, &route->call, &order, &answer, &err);
	if (take_answer(route, rc, &answer, &err))
		put_json(route,
			 answer.queued || answer.machines[0].state == CLOUD_PENDING ? 202 : 201,
			 answer.queued ? json_pack("{ss}", "state", "queued")
				       : machine_json(&answer.machines[0]));
	cloud_answer_clear(&answer);
	json_decref(body);
}

/* ---- Looks and destroys ---- */

static const char *query(const struct route *route, const char *name)
{
	for (size_t i = 0; i < route->request->n_query && i < CLOUD_QUERY_MAX; i++)
		if (strcmp(route->request->query[i].name, name) == 0)
			return route->request->query[i].value;
	return NULL;
}

static void only_queries(struct route *route, const char *known)
{
	size_t n = route->request->n_query;

	if (n > CLOUD_QUERY_MAX)
		bad_form(route, 400, "InvalidRequest", "", "too many parameters");
	for (size_t i = 0; i < n && i < CLOUD_QUERY_MAX; i++) {
		char name[40];

		if (!text_format(name, sizeof(name), " %s ", route->request->query[i].name) ||
		    !strstr(known, name))
			bad_form(route, 400, "InvalidRequest", route->request->query[i].name,
				 "there is no such parameter");
	}
}

static void put_machines(struct route *route, const struct cloud_answer *answer, bool is_list)
{
	json_t *machines = json_array(), *body = json_pack("{so}", "machines", machines);
	char page[32];

	for (size_t i = 0; i < answer->n_machines; i++)
		json_array_append_new(machines, machine_json(&answer->machines[i]));
	if (is_list && answer->next_page) {
		text_format(page, sizeof(page), "after-%lld", (long long)answer->next_page);
		json_object_set_new(body, "next_page", json_string(page));
	}
	if (is_list)
		json_object_set_new(body, "unread_zones",
				    answer->unread[0] ? json_pack("[s]", answer->unread)
						      : json_array());
	put_json(route, 200, body);
}

static void serve_look(struct route *route, const char *text)
{
	char *copy = strdup(text), *rest = copy;
	const char *ids[CLOUD_LOOK_MAX + 1];
	struct cloud_answer answer;
	struct hr_error err;
	size_t n = 0;
	int rc;

	while (rest && n <= CLOUD_LOOK_MAX) {
		ids[n] = strsep(&rest, ",");
		if (ids[n][0] == '\0')
			bad_form(route, 400, "InvalidRequest", "ids", "an id is empty");
		n++;
	}
	if (route->bad_code) {
		serve_account(route);
		free(copy);
		return;
	}
	rc = cloud_look(route->cloud, &route->call, ids, n, &answer, &err);
	if (take_answer(route, rc, &answer, &err))
		put_machines(route, &answer, false);
	cloud_answer_clear(&answer);
	free(copy);
}

static void serve_list(struct route *route)
{
	const char *page_text = query(route, "page"), *limit_text = query(route, "limit");
	int64_t page = 0, limit = PAGE_USUAL;
	struct cloud_answer answer;
	struct hr_error err;
	int rc;

	only_queries(route, " installation server page limit ");
	if (page_text && (strncmp(page_text, "after-", 6) != 0 ||
			  text_to_int64(page_text + 6, 1, INT64_MAX, &page) != 0))
		bad_form(route, 400, "InvalidRequest", "page", "not what a page before said");
	if (limit_text && text_to_int64(limit_text, 1, CLOUD_PAGE_MAX, &limit) != 0)
		bad_form(route, 400, "InvalidRequest", "limit", "limit must be 1 to 1000");
	if (!query(route, "installation"))
		bad_form(route, 400, "InvalidRequest", "installation", "or ids: one is needed");
	if (route->bad_code) {
		serve_account(route);
		return;
	}
	rc = cloud_list(route->cloud, &route->call, query(route, "installation"),
			query(route, "server"), page, limit, &answer, &err);
	if (take_answer(route, rc, &answer, &err))
		put_machines(route, &answer, true);
	cloud_answer_clear(&answer);
}

static void serve_destroy(struct route *route, const char *id)
{
	struct cloud_answer answer;
	struct hr_error err;
	int rc;

	only_queries(route, " server ");
	if (strlen(id) >= CLOUD_TEXT)
		bad_form(route, 400, "InvalidRequest", "id", "an id is shorter");
	if (route->bad_code) {
		serve_account(route);
		return;
	}
	rc = cloud_destroy(route->cloud, &route->call, id, query(route, "server"), &answer, &err);
	if (take_answer(route, rc, &answer, &err))
		put_json(route, answer.machines[0].state == CLOUD_DELETING ? 202 : 200,
			 machine_json(&answer.machines[0]));
	cloud_answer_clear(&answer);
}

void cloud_request_serve(struct cloud *cloud, int64_t now_ms, const struct cloud_request *request,
			 struct cloud_response *ret)
{
	struct route route = {
		.cloud = cloud, .call = {.now_ms = now_ms}, .request = request, .response = ret};
	const char *path = request->path, *method = request->method;
	size_t len = strlen(MACHINES);
	bool one = strncmp(path, MACHINES "/", len + 1) == 0 && path[len + 1] != '\0' &&
		   !strchr(path + len + 1, '/');
	bool all = strcmp(path, MACHINES) == 0, account = strcmp(path, "/v1/account") == 0;

	*ret = (struct cloud_response){0};
	if (request->authorization && strncmp(request->authorization, "Bearer ", 7) == 0)
		route.call.key = request->authorization + 7;
	if (account && strcmp(method, "GET") == 0) {
		only_queries(&route, "");
		serve_account(&route);
	} else if (all && strcmp(method, "POST") == 0) {
		serve_create(&route);
	} else if (all && strcmp(method, "GET") == 0 && query(&route, "ids")) {
		only_queries(&route, " ids ");
		serve_look(&route, query(&route, "ids"));
	} else if (all && strcmp(method, "GET") == 0) {
		serve_list(&route);
	} else if (one && strcmp(method, "DELETE") == 0) {
		serve_destroy(&route, path + len + 1);
	} else if (account || all || one) {
		put_error(&route, 405, "MethodNotAllowed", "", "not by this method");
	} else {
		put_error(&route, 404, "NotFound", "", "there is nothing at this path");
	}
}
