/* SPDX-License-Identifier: Apache-2.0 */
/* Module "sim": servers in the cloud that headroom-sim plays (its API: tests/sim/README.md). An
 * ordinary module with nothing but the SDK. Ids are used again there, so ours have two parts: the
 * machine's and that of the server it was made for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"

#define LOOK_MAX 100u /* ids in one request */

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

static int32_t sim_check(struct hr_account *a, const struct hr_call *call,
			 const struct hr_check_sink *sink)
{
	const struct {
		const char *list, *setting, *value;
	} named[] = {{"zones", "zone", a->zone},
		     {"sizes", "size", a->size},
		     {"images", "image", a->image}};
	struct answer answer;
	int32_t rc = ask(a, call, "GET", "/v1/account", NULL, &answer);
	size_t i;

	if (rc == HR_AUTH)
		sink->problem(sink, rc, &answer.fault);
	if (rc != HR_OK)
		return rc == HR_AUTH ? HR_OK : rc;
	for (i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		struct hr_fault fault = {.size = sizeof(fault)};

		if (holds(json_object_get(answer.body, named[i].list), named[i].value))
			continue;
		fault.setting = span_of(named[i].setting);
		fault.message = span_of(text(call, "The cloud has no %s \"%s\".", named[i].setting,
					     named[i].value));
		sink->problem(sink, HR_INVALID, &fault);
	}
	json_decref(answer.body);
	return HR_OK;
}

/* To be called again in half a second. */
static int32_t go_on(const struct hr_call *call, const char *token, const char *stage)
{
	call->again(call, span_of(token), 500, -1, span_of(stage));
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
	struct answer answer;
	const char *state;
	int32_t rc;

	json_decref(order);
	rc = body ? ask(a, call, "POST", "/v1/machines", body, &answer)
		  : fail(call, HR_INTERNAL, "Out of memory.");
	free(body);
	if (rc != HR_OK)
		return rc;
	state = text(call, "%s", word(answer.body, "state"));
	if (state[0])
		call->instance(call, span_of(id_of(call, answer.body)));
	json_decref(answer.body);
	if (!state[0])
		return fail(call, HR_TRANSIENT, "The cloud's answer holds no machine.");
	if (strcmp(state, "pending") == 0)
		return go_on(call, "pending", "the cloud makes it");
	if (strcmp(state, "booting") == 0 || strcmp(state, "running") == 0)
		return HR_OK;
	return fail(call, HR_CAPACITY,
		    text(call, "The cloud accepted it, and then its state was: %s.", state));
}

static void report(const struct hr_instance_sink *sink, const struct hr_call *call,
		   const json_t *machine)
{
	static const struct {
		const char *name;
		uint32_t state;
	} states[] = {{"pending", HR_STATE_PENDING}, {"booting", HR_STATE_PENDING},
		      {"running", HR_STATE_RUNNING}, {"deleting", HR_STATE_STOPPING},
		      {"stopped", HR_STATE_STOPPED}, {"gone", HR_STATE_GONE},
		      {"error", HR_STATE_ERROR}};
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

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(states[i].name, word(machine, "state")) == 0)
			instance.state = states[i].state;
	sink->instance(sink, &instance);
}

/* Gone is what the cloud does not know, or knows as another server's. */
static void report_one(const struct hr_instance_sink *sink, const struct hr_call *call,
		       const json_t *machines, struct hr_span id)
{
	const struct hr_instance gone = {
		.size = sizeof(gone), .state = HR_STATE_GONE, .instance_id = id};
	const json_t *machine;
	size_t i;

	json_array_foreach (machines, i, machine)
		if (is_text(id, id_of(call, machine))) {
			report(sink, call, machine);
			return;
		}
	sink->instance(sink, &gone);
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

/* Finds a server's machine by its marks: *ret_id is "" where a complete look shows none. */
static int32_t find(struct hr_account *a, const struct hr_call *call, const struct hr_step *step,
		    const char **ret_id)
{
	const char *path = text(call, "/v1/machines?installation=%s&server=%.*s", a->installation,
				SPAN(step->server_id));
	struct answer answer;
	int32_t rc = ask(a, call, "GET", path, NULL, &answer);

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
	bool gone;
	int32_t rc = id[0] ? HR_OK : find(a, call, step, &id);

	if (rc != HR_OK || !id[0])
		return rc;
	path = text(call, "/v1/machines/%s?server=%.*s", id, SPAN(step->server_id));
	rc = ask(a, call, "DELETE", path, NULL, &answer);
	gone = strcmp(word(answer.body, "state"), "gone") == 0 ||
	       is_text(answer.fault.provider_code, "NotFound");
	json_decref(answer.body);
	if (rc == HR_OK && !gone)
		return go_on(call, "deleting", "the cloud deletes it");
	return gone ? HR_OK : rc;
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
	.max_concurrency = 1000,
	.profile = HR_PROFILE_COMPUTE,
	.settings = settings,
	.n_settings = sizeof(settings) / sizeof(settings[0]),
	.settings_stride = sizeof(settings[0]),
	.linux_scripts = HR_SCRIPT_AT_CREATE,
	.script_max = 64u << 10,
	.open = sim_open,
	.close = sim_close,
	.check = sim_check,
	.create = sim_create,
	.status = sim_status,
	.list = sim_list,
	.destroy = sim_destroy,
	.rate_per_minute = 60000,
	.rate_burst = 1000,
};
