/* SPDX-License-Identifier: Apache-2.0 */
/* Module "sim": servers in the cloud that headroom-sim plays (its API: tests/sim/README.md). Ids are
 * used again there, so ours have two parts. An ordinary module: the SDK, and nothing of Headroom's. */
#include <string.h>

#include <headroom/sdk_json.h>

#define LOOK_MAX 100u /* ids in one request */
#define AGAIN_MS 500

struct hr_account {
	struct hr_json_api cloud;
	const char *url, *zone, *size, *image;
};

static const struct hr_field fields[] = {
	HR_FIELD(struct hr_account, url, HR_TYPE_STRING),
	HR_FIELD(struct hr_account, zone, HR_TYPE_STRING),
	HR_FIELD(struct hr_account, size, HR_TYPE_STRING),
	HR_FIELD(struct hr_account, image, HR_TYPE_STRING),
};
#define N(array) (sizeof(array) / sizeof((array)[0]))

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

/* The cloud's codes, where its statuses do not say it all. With an InvalidRequest it names the field. */
static const struct hr_error_row error_rows[] = {
	{0, "InvalidKey", HR_AUTH, 0, "key"},
	{0, "TokenReused", HR_INVALID, 0, NULL},
	{0, "OtherServer", HR_NOT_FOUND, 0, NULL}, /* its id is another machine's now */
	{0, "QuotaExceeded", HR_QUOTA, 0, NULL},
	{0, "InsufficientCapacity", HR_CAPACITY, 0, "zone"},
	{0, "ServiceUnavailable", HR_TRANSIENT, 0, NULL},
};
static const struct hr_json_errors errors = {error_rows, N(error_rows), "error.code",
					     "error.message", "error.field"};

static int32_t sim_open(const struct hr_host *host, const struct hr_call *call,
			const struct hr_open *request, struct hr_account **ret_account)
{
	struct hr_account *a = hr_settings_new(call, request, sizeof(*a), fields, N(fields));
	int32_t rc;

	if (!a)
		return HR_INTERNAL;
	/* All may be sent twice: a create's token sees to it. */
	a->cloud = (struct hr_json_api){
		.url = a->url, .secret_key = "key", .errors = &errors, .flags = HR_HTTP_IDEMPOTENT};
	rc = hr_json_open(host, call, &a->cloud);
	if (rc == HR_OK)
		*ret_account = a;
	else
		hr_settings_free(a);
	return rc;
}

static int32_t sim_check(struct hr_account *a, const struct hr_call *call,
			 const struct hr_check_sink *sink)
{
	const struct {
		const char *list, *setting, *value;
	} named[] = {{"zones", "zone", a->zone},
		     {"sizes", "size", a->size},
		     {"images", "image", a->image}};
	struct hr_json_answer answer;
	int32_t rc = hr_json_get(&a->cloud, call, "/v1/account", "zones", &answer);

	if (rc == HR_AUTH)
		sink->problem(sink, rc, &answer.fault);
	if (rc != HR_OK)
		return rc == HR_AUTH ? HR_OK : rc;
	for (size_t i = 0; i < N(named); i++)
		if (!hr_json_has(hr_json_at(answer.json, named[i].list), named[i].value))
			hr_problem(sink, HR_INVALID, named[i].setting,
				   "The cloud has no %s \"%s\".", named[i].setting, named[i].value);
	json_decref(answer.json);
	return HR_OK;
}

static const char *id_of(const struct hr_call *call, const json_t *machine)
{
	return hr_id_join(call, hr_json_text(machine, "id"), hr_json_text(machine, "marks.server"));
}

/* What is sent when it goes on is what was sent at first: the token finds what that made, before any
 * list shows it. */
static int32_t sim_create(struct hr_account *a, const struct hr_call *call,
			  const struct hr_step *step)
{
	json_t *order =
		json_pack("{ss# ss# ss ss ss ss# s{ss# ss# ss#}}", "token",
			  HR_JSON_SPAN(step->idempotency_token), "name",
			  HR_JSON_SPAN(step->server_name), "zone", a->zone, "size", a->size,
			  "image", a->image, "user_data", HR_JSON_SPAN(step->script), "marks",
			  "installation", HR_JSON_SPAN(hr_mark(step, HR_MARK_INSTALLATION)),
			  "config", HR_JSON_SPAN(hr_mark(step, HR_MARK_CONFIG)), "server",
			  HR_JSON_SPAN(hr_mark(step, HR_MARK_SERVER)));
	struct hr_json_answer answer;
	const char *state, *id;
	int32_t rc = hr_json_ask(&a->cloud, call, "POST", "/v1/machines", hr_json_body(call, order),
				 &answer);

	if (rc != HR_OK)
		return rc;
	state = hr_text(call, "%s", hr_json_text(answer.json, "state"));
	id = hr_json_text(answer.json, "id")[0] ? id_of(call, answer.json) : "";
	json_decref(answer.json);
	if (id[0])
		call->instance(call, hr_span_of(id));
	if (strcmp(state, "queued") == 0 || (id[0] && strcmp(state, "pending") == 0))
		return hr_again(call, state, AGAIN_MS, -1, "the cloud makes it");
	if (!id[0] || !state[0])
		return hr_fail(call, HR_TRANSIENT, NULL, "The cloud's answer holds no machine.");
	if (strcmp(state, "booting") == 0 || strcmp(state, "running") == 0)
		return HR_OK;
	return hr_fail(call, HR_CAPACITY, NULL,
		       "The cloud accepted it, and then its state was: %s.", state);
}

static void report(const struct hr_instance_sink *sink, const struct hr_call *call,
		   const json_t *machine)
{
	static const struct hr_state_row states[] = {
		{"pending", HR_STATE_PENDING}, {"booting", HR_STATE_PENDING},
		{"running", HR_STATE_RUNNING}, {"deleting", HR_STATE_STOPPING},
		{"stopped", HR_STATE_STOPPED}, {"gone", HR_STATE_GONE},
		{"error", HR_STATE_ERROR}};
	struct hr_instance instance = {
		.size = sizeof(instance),
		.instance_id = hr_span_of(id_of(call, machine)),
		.server_id = hr_span_of(hr_json_text(machine, "marks.server")),
		.config_id = hr_span_of(hr_json_text(machine, "marks.config")),
		.address = hr_span_of(hr_json_text(machine, "address")),
		.status_text = hr_span_of(hr_json_text(machine, "state")),
		.created_ms = hr_json_integer(machine, "created_ms"),
	};

	instance.state = hr_state_find(states, N(states), instance.status_text);
	sink->instance(sink, &instance);
}

/* Gone is what the cloud does not know, or knows as another server's. */
static void report_one(const struct hr_instance_sink *sink, const struct hr_call *call,
		       const json_t *machines, struct hr_span id)
{
	const json_t *machine;
	size_t i;

	json_array_foreach (machines, i, machine)
		if (hr_span_is(id, id_of(call, machine))) {
			report(sink, call, machine);
			return;
		}
	hr_instance_gone(sink, id);
}

static int32_t sim_status(struct hr_account *a, const struct hr_call *call,
			  const struct hr_status *request, const struct hr_instance_sink *sink)
{
	for (uint32_t i = 0, end; i < request->n_instances; i = end) {
		const char *ids = "";
		struct hr_json_answer answer;
		int32_t rc;

		for (end = i; end < request->n_instances && end < i + LOOK_MAX; end++)
			ids = hr_text(call, "%s%s%s", ids, end > i ? "," : "",
				      hr_url_part(call, hr_id_first(request->instance_ids[end])));
		rc = hr_json_get(&a->cloud, call, hr_text(call, "/v1/machines?ids=%s", ids),
				 "machines", &answer);
		if (rc != HR_OK)
			return rc;
		for (; i < end; i++)
			report_one(sink, call, answer.list, request->instance_ids[i]);
		json_decref(answer.json);
	}
	return HR_OK;
}

static int32_t sim_list(struct hr_account *a, const struct hr_call *call,
			const struct hr_list *request, const struct hr_instance_sink *sink)
{
	struct hr_pages pages = {.call = call};
	int incomplete = 0;
	int32_t rc;

	do {
		struct hr_form query = {.call = call};
		struct hr_json_answer answer;
		const json_t *one;
		size_t i;

		hr_form_add(&query, "limit", hr_span_of("1000"));
		hr_form_add(&query, "installation", request->installation);
		if (pages.token)
			hr_form_add(&query, "page", hr_span_of(pages.token));
		rc = hr_json_get(&a->cloud, call, hr_form_url(&query, "/v1/machines"), "machines",
				 &answer);
		if (rc != HR_OK)
			return rc;
		json_array_foreach (answer.list, i, one)
			report(sink, call, one);
		json_array_foreach (hr_json_at(answer.json, "unread_zones"), i, one) {
			incomplete = 1;
			sink->unread(sink, hr_span_of(json_string_value(one)),
				     hr_span_of("the zone did not answer"));
		}
		rc = hr_pages_next(&pages, hr_json_text(answer.json, "next_page"));
		json_decref(answer.json);
	} while (rc == HR_AGAIN);
	if (rc == HR_OK && !incomplete)
		sink->complete(sink);
	return rc;
}

/* Finds a server's machine by its marks: *ret_id is empty where a complete look shows none. */
static int32_t find(struct hr_account *a, const struct hr_call *call, const struct hr_step *step,
		    struct hr_span *ret_id)
{
	struct hr_form query = {.call = call};
	struct hr_json_answer answer;
	int32_t rc;

	hr_form_add(&query, "installation", hr_mark(step, HR_MARK_INSTALLATION));
	hr_form_add(&query, "server", step->server_id);
	rc = hr_json_get(&a->cloud, call, hr_form_url(&query, "/v1/machines"), "machines", &answer);
	if (rc != HR_OK)
		return rc;
	*ret_id = hr_span_of(hr_text(call, "%s", hr_json_text(answer.list, "[0].id")));
	if (json_array_size(answer.list) == 0 && hr_json_at(answer.json, "unread_zones[0]"))
		rc = hr_fail(call, HR_TRANSIENT, NULL, "A zone did not answer; it may be there.");
	json_decref(answer.json);
	return rc;
}

static int32_t sim_destroy(struct hr_account *a, const struct hr_call *call,
			   const struct hr_step *step)
{
	struct hr_span id = hr_id_first(step->instance_id);
	struct hr_form query = {.call = call};
	struct hr_json_answer answer;
	int gone;
	int32_t rc = id.len > 0 ? HR_OK : find(a, call, step, &id);

	if (rc != HR_OK || id.len == 0)
		return rc;
	hr_form_add(&query, "server", step->server_id);
	rc = hr_json_ask(
		&a->cloud, call, "DELETE",
		hr_form_url(&query, hr_text(call, "/v1/machines/%s", hr_url_part(call, id))), NULL,
		&answer);
	gone = strcmp(hr_json_text(answer.json, "state"), "gone") == 0 ||
	       hr_span_is(answer.fault.provider_code, "NotFound");
	json_decref(answer.json);
	if (rc == HR_OK && !gone)
		return hr_again(call, "deleting", AGAIN_MS, -1, "the cloud deletes it");
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
	.n_settings = N(settings),
	.settings_stride = sizeof(settings[0]),
	.linux_scripts = HR_SCRIPT_AT_CREATE,
	.script_max = 64u << 10,
	.open = sim_open,
	.close = hr_settings_free,
	.check = sim_check,
	.create = sim_create,
	.status = sim_status,
	.list = sim_list,
	.destroy = sim_destroy,
	.rate_per_minute = 60000,
	.rate_burst = 1000,
};
