/* SPDX-License-Identifier: Apache-2.0 */
/* Module "sim": servers in the cloud that headroom-sim plays (its API: tests/sim/README.md). An
 * ordinary module with nothing but the SDK. Ids are used again there, so ours have two parts: the
 * machine's and that of the server it was made for. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <headroom/http.h>
#include <headroom/provider.h>
#include <headroom/secret.h>
#include <jansson.h>

#define LOOK_MAX 100u /* ids in one request */
#define WAIT_MS 500
#define SPAN(span) (int)(span).len, (span).ptr  /* for "%.*s" */
#define SIZED(span) (span).ptr, (int)(span).len /* for json_pack's "s#" */
#define NOTHING ((struct hr_span){0})

struct hr_account {
	const struct hr_http_service *http;
	const struct hr_secret_service *secret;
	char url[512], zone[64], size[64], image[64], installation[64];
};

#define ROW(key_, type_, flags_, role_, default_, title_, help_)            \
	{                                                                   \
		.key = key_, .type = type_, .flags = flags_, .role = role_, \
		.default_value = default_, .title = title_, .help = help_   \
	}
#define NEEDED (HR_SETTING_REQUIRED | HR_SETTING_ACCOUNT_KEY)

static const struct hr_setting settings[] = {
	ROW("url", HR_TYPE_STRING, NEEDED, HR_ROLE_ENDPOINT, NULL, "Address",
	    "Where headroom-sim listens, as it printed it."),
	ROW("key", HR_TYPE_SECRET, NEEDED, 0, NULL, "Key", "The account's bearer key."),
	ROW("zone", HR_TYPE_STRING, 0, 0, "north-1", "Zone", "Where machines are made."),
	ROW("size", HR_TYPE_STRING, 0, 0, "small", "Size", "How large machines are."),
	ROW("image", HR_TYPE_STRING, 0, 0, "debian-12", "Image", "What machines boot."),
};

/* The cloud's codes. With HR_INVALID it names the field at fault itself. */
static const struct {
	const char *code;
	int32_t class;
	uint32_t flags;
	const char *setting; /* at fault */
} errors[] = {
	{"InvalidKey", HR_AUTH, 0, "key"},
	{"InvalidRequest", HR_INVALID, 0, ""},
	{"TokenReused", HR_INVALID, 0, ""},
	{"NotFound", HR_NOT_FOUND, 0, ""},
	{"OtherServer", HR_NOT_FOUND, 0, ""}, /* its id is another machine's now */
	{"QuotaExceeded", HR_QUOTA, 0, ""},
	{"InsufficientCapacity", HR_CAPACITY, 0, "zone"},
	{"Throttled", HR_THROTTLED, 0, ""},
	{"Busy", HR_CONFLICT, 0, ""},
	{"ServiceUnavailable", HR_TRANSIENT, 0, ""},
	{"InternalError", HR_TRANSIENT, HR_FAULT_OUTCOME_UNKNOWN, ""},
	{"GatewayTimeout", HR_TIMEOUT, HR_FAULT_OUTCOME_UNKNOWN, ""},
	{"", HR_TRANSIENT, HR_FAULT_OUTCOME_UNKNOWN, ""}, /* no answer of the cloud's */
};

static struct hr_span span_of(const char *text)
{
	return (struct hr_span){text, strlen(text)};
}

static bool is_text(struct hr_span span, const char *text)
{
	return span.len == strlen(text) && memcmp(span.ptr, text, span.len) == 0;
}

/* Text in the call's memory; "" where there is none left. */
__attribute__((format(printf, 2, 3))) static const char *text(const struct hr_call *call,
							      const char *format, ...)
{
	char *buf = NULL;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len >= 0)
		buf = call->alloc(call, (uint64_t)len + 1);
	va_start(args, format);
	if (buf)
		vsnprintf(buf, (size_t)len + 1, format, args);
	va_end(args);
	return buf ? buf : "";
}

static const char *word(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

static int32_t fail(const struct hr_call *call, int32_t class, const char *message)
{
	const struct hr_fault fault = {.size = sizeof(fault), .message = span_of(message)};

	call->fail(call, &fault);
	return class;
}

/* ---- Requests ---- */

struct answer {
	json_t *body; /* to be released; NULL with an error */
	struct hr_fault fault;
};

static int32_t refused(const struct hr_call *call, const struct hr_http_response *response,
		       struct answer *answer)
{
	const json_t *error = json_object_get(answer->body, "error");
	size_t i = 0;

	while (errors[i].code[0] && strcmp(errors[i].code, word(error, "code")) != 0)
		i++;
	answer->fault = (struct hr_fault){
		.size = sizeof(answer->fault),
		.flags = errors[i].flags,
		.http_status = response->status,
		.retry_after_ms = response->retry_after_ms,
		.provider_code = span_of(errors[i].code),
		.request_id = response->request_id,
		.setting = span_of(errors[i].class == HR_INVALID
					   ? text(call, "%s", word(error, "field"))
					   : errors[i].setting),
		.message = span_of(errors[i].code[0] ? text(call, "The cloud says: %s.",
							    word(error, "message"))
						     : "The answer is none of the cloud's."),
	};
	call->fail(call, &answer->fault);
	json_decref(answer->body);
	answer->body = NULL;
	return errors[i].class;
}

/* One request. HR_OK: it was granted. All may be sent twice: a create's token sees to it. */
static int32_t ask(const struct hr_account *a, const struct hr_call *call, const char *method,
		   const char *path, const char *body, struct answer *ret)
{
	struct hr_span key = NOTHING;
	int32_t rc = a->secret->get(call, span_of("key"), &key);
	const char *bearer = text(call, "Bearer %.*s", SPAN(key));
	const struct hr_http_header headers[] = {
		{span_of("Authorization"), span_of(bearer)},
		{span_of("Content-Type"), span_of("application/json")}};
	struct hr_http_response response = {.size = sizeof(response)};
	const struct hr_http_request request = {
		.size = sizeof(request),
		.flags = HR_HTTP_IDEMPOTENT,
		.method = span_of(method),
		.url = span_of(text(call, "%s%s", a->url, path)),
		.headers = headers,
		.n_headers = body ? 2 : 1,
		.body = body ? span_of(body) : NOTHING,
	};

	*ret = (struct answer){0};
	if (rc == HR_OK)
		rc = a->http->perform(call, &request, &response);
	if (rc != HR_OK)
		return rc;
	ret->body = json_loadb(response.body.ptr, response.body.len, 0, NULL);
	if (ret->body && response.status >= 200 && response.status < 300)
		return HR_OK;
	return refused(call, &response, ret);
}

/* ---- Accounts ---- */

static int32_t sim_open(const struct hr_host *host, const struct hr_call *call,
			const struct hr_open *request, struct hr_account **ret_account)
{
	struct hr_account *a = calloc(1, sizeof(*a));

	if (!a)
		return fail(call, HR_INTERNAL, "Out of memory.");
	a->http = host->service(host, HR_HTTP_SERVICE);
	a->secret = host->service(host, HR_SECRET_SERVICE);
	for (uint32_t i = 0; i < request->n_values; i++) {
		const struct hr_value *v =
			(const void *)((const char *)request->values + i * request->value_stride);
		char *to = is_text(v->key, "zone")    ? a->zone
			   : is_text(v->key, "size")  ? a->size
			   : is_text(v->key, "image") ? a->image
						      : NULL;

		if (to)
			snprintf(to, sizeof(a->zone), "%.*s", SPAN(v->text));
		else if (is_text(v->key, "url"))
			snprintf(a->url, sizeof(a->url), "%.*s", SPAN(v->text));
	}
	snprintf(a->installation, sizeof(a->installation), "%.*s", SPAN(request->installation));
	*ret_account = a;
	if (a->http && a->secret)
		return HR_OK;
	free(a);
	return fail(call, HR_UNSUPPORTED, "The host lacks http/1 or secret/1.");
}

static void sim_close(struct hr_account *a)
{
	free(a);
}

static void check_choice(const struct hr_call *call, const struct hr_check_sink *sink,
			 const json_t *known, const char *setting, const char *value)
{
	const char *message = text(call, "The cloud has no %s \"%s\".", setting, value);
	const struct hr_fault fault = {
		.size = sizeof(fault), .setting = span_of(setting), .message = span_of(message)};
	const json_t *one;
	size_t i;

	json_array_foreach (known, i, one)
		if (strcmp(json_string_value(one), value) == 0)
			return;
	sink->problem(sink, HR_INVALID, &fault);
}

static int32_t sim_check(struct hr_account *a, const struct hr_call *call,
			 const struct hr_check_sink *sink)
{
	struct answer answer;
	int32_t rc = ask(a, call, "GET", "/v1/account", NULL, &answer);

	if (rc == HR_AUTH)
		sink->problem(sink, rc, &answer.fault);
	if (rc != HR_OK)
		return rc == HR_AUTH ? HR_OK : rc;
	check_choice(call, sink, json_object_get(answer.body, "zones"), "zone", a->zone);
	check_choice(call, sink, json_object_get(answer.body, "sizes"), "size", a->size);
	check_choice(call, sink, json_object_get(answer.body, "images"), "image", a->image);
	json_decref(answer.body);
	return HR_OK;
}

/* ---- Create ---- */

static const char *id_of(const struct hr_call *call, const json_t *machine)
{
	return text(call, "%s/%s", word(machine, "id"),
		    word(json_object_get(machine, "marks"), "server"));
}

static struct hr_span mark(const struct hr_step *step, const char *key)
{
	for (uint32_t i = 0; i < step->n_marks; i++)
		if (is_text(step->marks[i].key, key))
			return step->marks[i].value;
	return NOTHING;
}

static int32_t go_on(const struct hr_call *call, const char *token, const char *stage)
{
	call->again(call, span_of(token), WAIT_MS, -1, span_of(stage));
	return HR_AGAIN;
}

/* What is sent when it goes on is what was sent at first: the token finds what that made, before any
 * list shows it. */
static int32_t sim_create(struct hr_account *a, const struct hr_call *call,
			  const struct hr_step *step)
{
	json_t *order = json_pack(
		"{ss# ss# ss ss ss ss# s{ss# ss# ss#}}", "token", SIZED(step->idempotency_token),
		"name", SIZED(step->server_name), "zone", a->zone, "size", a->size, "image",
		a->image, "user_data", SIZED(step->script), "marks", "installation",
		SIZED(mark(step, HR_MARK_INSTALLATION)), "config",
		SIZED(mark(step, HR_MARK_CONFIG)), "server", SIZED(mark(step, HR_MARK_SERVER)));
	char *body = json_dumps(order, JSON_COMPACT);
	int32_t rc = HR_INTERNAL;
	struct answer answer;
	const char *state;

	json_decref(order);
	rc = body ? ask(a, call, "POST", "/v1/machines", body, &answer)
		  : fail(call, HR_INTERNAL, "Out of memory.");
	free(body);
	if (rc != HR_OK)
		return rc;
	state = text(call, "%s", word(answer.body, "state"));
	call->instance(call, span_of(id_of(call, answer.body)));
	json_decref(answer.body);
	if (strcmp(state, "pending") == 0)
		return go_on(call, "pending", "the cloud makes it");
	if (strcmp(state, "booting") == 0 || strcmp(state, "running") == 0)
		return HR_OK;
	return fail(call, HR_CAPACITY,
		    text(call, "The cloud accepted it, and then its state was: %s.", state));
}

/* ---- Looks ---- */

static void report(const struct hr_instance_sink *sink, const struct hr_call *call,
		   const json_t *machine)
{
	static const char *const states[] = {
		[HR_STATE_UNKNOWN] = "",        [HR_STATE_PENDING] = "pending booting",
		[HR_STATE_RUNNING] = "running", [HR_STATE_STOPPING] = "deleting",
		[HR_STATE_STOPPED] = "stopped", [HR_STATE_GONE] = "gone",
		[HR_STATE_ERROR] = "error"};
	const json_t *marks = json_object_get(machine, "marks");
	struct hr_instance instance = {
		.size = sizeof(instance),
		.instance_id = span_of(id_of(call, machine)),
		.server_id = span_of(word(marks, "server")),
		.config_id = span_of(word(marks, "config")),
		.address = span_of(word(machine, "address")),
		.status_text = span_of(word(machine, "state")),
		.created_ms = json_integer_value(json_object_get(machine, "created_ms")),
	};

	for (uint32_t i = HR_STATE_PENDING; i <= HR_STATE_ERROR; i++)
		if (strstr(states[i], word(machine, "state")))
			instance.state = i;
	sink->instance(sink, &instance);
}

/* Gone is what the cloud does not know, or knows as another server's. */
static void report_one(const struct hr_instance_sink *sink, const struct hr_call *call,
		       const json_t *machines, struct hr_span id)
{
	const struct hr_instance gone = {
		.size = sizeof(gone), .instance_id = id, .state = HR_STATE_GONE};
	const json_t *machine;
	size_t i;

	json_array_foreach (machines, i, machine)
		if (is_text(id, id_of(call, machine))) {
			report(sink, call, machine);
			return;
		}
	sink->instance(sink, &gone);
}

/* The first part of an instance's id. */
static const char *cloud_id(const struct hr_call *call, struct hr_span id)
{
	const char *slash = id.len ? memchr(id.ptr, '/', id.len) : NULL;

	return text(call, "%.*s", slash ? (int)(slash - id.ptr) : (int)id.len, id.ptr);
}

static int32_t sim_status(struct hr_account *a, const struct hr_call *call,
			  const struct hr_status *request, const struct hr_instance_sink *sink)
{
	for (uint32_t i = 0, end; i < request->n_instances; i = end) {
		const char *path = "/v1/machines?ids=";
		struct answer answer;
		int32_t rc;

		for (end = i; end < request->n_instances && end < i + LOOK_MAX; end++)
			path = text(call, "%s%s%s", path, end > i ? "," : "",
				    cloud_id(call, request->instance_ids[end]));
		rc = ask(a, call, "GET", path, NULL, &answer);
		if (rc != HR_OK)
			return rc;
		for (; i < end; i++)
			report_one(sink, call, json_object_get(answer.body, "machines"),
				   request->instance_ids[i]);
		json_decref(answer.body);
	}
	return HR_OK;
}

static int32_t sim_list(struct hr_account *a, const struct hr_call *call,
			const struct hr_list *request, const struct hr_instance_sink *sink)
{
	const char *page = "";
	bool complete = true;

	do {
		const char *path = text(call, "/v1/machines?limit=1000&installation=%.*s%s%s",
					SPAN(request->installation), page[0] ? "&page=" : "", page);
		struct answer answer;
		int32_t rc = ask(a, call, "GET", path, NULL, &answer);
		const json_t *one;
		size_t i;

		if (rc != HR_OK)
			return rc;
		json_array_foreach (json_object_get(answer.body, "machines"), i, one)
			report(sink, call, one);
		json_array_foreach (json_object_get(answer.body, "unread_zones"), i, one) {
			complete = false;
			sink->unread(sink, span_of(json_string_value(one)),
				     span_of("the zone did not answer"));
		}
		page = text(call, "%s", word(answer.body, "next_page"));
		json_decref(answer.body);
	} while (page[0]);
	if (complete)
		sink->complete(sink);
	return HR_OK;
}

/* ---- Destroy ---- */

/* Finds a server's machine by its marks: *ret_id is "" where a complete look shows none. */
static int32_t find(struct hr_account *a, const struct hr_call *call, const struct hr_step *step,
		    const char **ret_id)
{
	struct answer answer;
	int32_t rc = ask(a, call, "GET",
			 text(call, "/v1/machines?installation=%s&server=%.*s", a->installation,
			      SPAN(step->server_id)),
			 NULL, &answer);

	if (rc != HR_OK)
		return rc;
	*ret_id = text(call, "%s",
		       word(json_array_get(json_object_get(answer.body, "machines"), 0), "id"));
	if (!**ret_id && json_array_size(json_object_get(answer.body, "unread_zones")) > 0)
		rc = fail(call, HR_TRANSIENT, "A zone did not answer; it may still be there.");
	json_decref(answer.body);
	return rc;
}

static int32_t sim_destroy(struct hr_account *a, const struct hr_call *call,
			   const struct hr_step *step)
{
	const char *id = cloud_id(call, step->instance_id), *path;
	struct answer answer;
	int32_t rc = id[0] ? HR_OK : find(a, call, step, &id);

	if (rc != HR_OK || !id[0])
		return rc;
	path = text(call, "/v1/machines/%s?server=%.*s", id, SPAN(step->server_id));
	rc = ask(a, call, "DELETE", path, NULL, &answer);
	json_decref(answer.body);
	/* It goes on until the cloud knows it no more. */
	return rc == HR_OK          ? go_on(call, "deleting", "the cloud deletes it")
	       : rc == HR_NOT_FOUND ? HR_OK
				    : rc;
}

HR_EXPORT const struct hr_provider HR_PROVIDER_SYMBOL = {
	HR_PROVIDER_HEADER,
	.thread_model = HR_THREADS_PARALLEL,
	.id = "sim",
	.title = "headroom-sim",
	.version = HEADROOM_VERSION,
	.vendor = "Headroom",
	.url = "https://headroom.example",
	.licence = "Apache-2.0",
	.capabilities = HR_CAP_CREATES_ONCE, /* lists lag: one look proves nothing */
	.profile = HR_PROFILE_COMPUTE,
	.settings = settings,
	.n_settings = sizeof(settings) / sizeof(settings[0]),
	.settings_stride = sizeof(settings[0]),
	.linux_scripts = HR_SCRIPT_AT_CREATE,
	.windows_scripts = HR_SCRIPT_AT_CREATE,
	.script_max = 64 * 1024,
	.open = sim_open,
	.close = sim_close,
	.check = sim_check,
	.create = sim_create,
	.status = sim_status,
	.list = sim_list,
	.destroy = sim_destroy,
	.rate_per_minute = 6000,
	.rate_burst = 200,
};
