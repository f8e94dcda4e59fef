/* SPDX-License-Identifier: Apache-2.0 */
/* Provider module "sample": servers of Sample Cloud (its API: tests/README.md). What a module has to do is said
 * in <headroom/provider.h>; all that is not about this cloud is the SDK's. */
#include <string.h>

#include <headroom/sdk_json.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Settings: what an administrator is asked for ---- */

static const struct hr_setting settings[] = {
	{.key = "url",
	 .type = HR_TYPE_STRING,
	 .flags = HR_SETTING_REQUIRED | HR_SETTING_ACCOUNT_KEY,
	 .role = HR_ROLE_ENDPOINT, /* the only host that the module's requests can reach */
	 .title = "Address",
	 .help = "Where the cloud's API is.",
	 .example = "https://api.sample.invalid"},
	{.key = "token",
	 .type = HR_TYPE_SECRET,
	 .flags = HR_SETTING_REQUIRED | HR_SETTING_ACCOUNT_KEY,
	 .title = "Token",
	 .help = "An API token that may read, make and delete servers."},
	{.key = "region",
	 .type = HR_TYPE_STRING,
	 .flags = HR_SETTING_REQUIRED,
	 .title = "Region",
	 .help = "Where servers are made.",
	 .example = "west"},
	{.key = "size",
	 .type = HR_TYPE_STRING,
	 .default_value = "small",
	 .title = "Size",
	 .help = "How large servers are."},
	{.key = "image",
	 .type = HR_TYPE_STRING,
	 .flags = HR_SETTING_REQUIRED,
	 .title = "Image",
	 .help = "What servers boot. It needs cloud-init, which runs the startup script.",
	 .example = "debian-12"},
};

struct hr_account {
	struct hr_json_api cloud;
	const char *url, *region, *size, *image;
};

/* Into which members the settings go; the token goes nowhere, it is asked for at each use. */
static const struct hr_field fields[] = {
	HR_FIELD(struct hr_account, url, HR_TYPE_STRING),
	HR_FIELD(struct hr_account, region, HR_TYPE_STRING),
	HR_FIELD(struct hr_account, size, HR_TYPE_STRING),
	HR_FIELD(struct hr_account, image, HR_TYPE_STRING),
};

/* ---- Errors: the cloud's codes, where its statuses do not say it all ---- */

static const struct hr_error_row error_rows[] = {
	{422, "quota", HR_QUOTA, 0, NULL},
	{503, "no_room", HR_CAPACITY, 0, "region"},
	{403, "locked", HR_CONFLICT, HR_FAULT_PROTECTED, NULL},
};
static const struct hr_json_errors errors = {error_rows, N(error_rows), "error.code",
					     "error.message", "error.field"};

/* ---- An account: opened from its settings, without any request ---- */

static int32_t sample_open(const struct hr_host *host, const struct hr_call *call,
			   const struct hr_open *request, struct hr_account **ret_account)
{
	struct hr_account *a = hr_settings_new(call, request, sizeof(*a), fields, N(fields));
	int32_t rc;

	if (!a)
		return HR_INTERNAL;
	/* All may be sent twice: a create's token sees to it. */
	a->cloud = (struct hr_json_api){.url = a->url,
					.secret_key = "token",
					.errors = &errors,
					.flags = HR_HTTP_IDEMPOTENT};
	rc = hr_json_open(host, call, &a->cloud);
	if (rc == HR_OK)
		*ret_account = a;
	else
		hr_settings_free(a);
	return rc;
}

/* Each problem with its setting, not only the first. */
static int32_t sample_check(struct hr_account *a, const struct hr_call *call,
			    const struct hr_check_sink *sink)
{
	const struct {
		const char *list, *setting, *value;
	} named[] = {{"regions", "region", a->region},
		     {"sizes", "size", a->size},
		     {"images", "image", a->image}};
	struct hr_json_answer answer;
	int32_t rc = hr_json_get(&a->cloud, call, "/v1/account", "regions", &answer);

	if (rc == HR_AUTH)
		hr_problem(sink, HR_AUTH, "token", "The cloud does not accept the token.");
	if (rc != HR_OK)
		return rc == HR_AUTH ? HR_OK : rc;
	for (size_t i = 0; i < N(named); i++)
		if (!hr_json_has(hr_json_at(answer.json, named[i].list), named[i].value))
			hr_problem(sink, HR_INVALID, named[i].setting,
				   "The cloud has no %s \"%s\".", named[i].setting, named[i].value);
	json_decref(answer.json);
	return HR_OK;
}

/* ---- Create: the same bytes each time, so that the cloud knows the token again ---- */

/* The marks by which the server is found again. NULL: no memory; then no server may be ordered. */
static json_t *labels_of(const struct hr_call *call, const struct hr_step *step)
{
	json_t *labels = json_object();

	for (uint32_t i = 0; i < step->n_marks; i++) {
		const struct hr_mark *mark = &step->marks[i];

		if (json_object_set_new(labels, hr_text(call, "%.*s", HR_SPAN_ARG(mark->key)),
					json_stringn(mark->value.ptr, mark->value.len)) == 0)
			continue;
		json_decref(labels);
		return NULL;
	}
	return labels;
}

static int32_t sample_create(struct hr_account *a, const struct hr_call *call,
			     const struct hr_step *step)
{
	json_t *order = json_pack(
		"{ss# ss# ss ss ss ss# so}", "token", HR_JSON_SPAN(step->idempotency_token), "name",
		HR_JSON_SPAN(step->server_name), "region", a->region, "size", a->size, "image",
		a->image, "user_data", HR_JSON_SPAN(step->script), "labels", labels_of(call, step));
	struct hr_json_answer answer;
	const char *id;
	int32_t rc = hr_json_ask(&a->cloud, call, "POST", "/v1/servers", hr_json_body(call, order),
				 &answer);

	if (rc != HR_OK)
		return rc;
	id = hr_text(call, "%s", hr_json_text(answer.json, "id"));
	json_decref(answer.json);
	if (id[0] == '\0')
		return hr_fail(call, HR_TRANSIENT, NULL, "The cloud's answer holds no server.");
	call->instance(call, hr_span_of(id)); /* before anything else can go wrong */
	return HR_OK;
}

/* ---- Status and list ---- */

static void report(const struct hr_instance_sink *sink, const json_t *server)
{
	static const struct hr_state_row states[] = {{"creating", HR_STATE_PENDING},
						     {"active", HR_STATE_RUNNING},
						     {"off", HR_STATE_STOPPED},
						     {"deleting", HR_STATE_STOPPING},
						     {"failed", HR_STATE_ERROR}};
	struct hr_instance instance = {
		.size = sizeof(instance),
		.instance_id = hr_span_of(hr_json_text(server, "id")),
		.server_id = hr_span_of(hr_json_text(server, "labels." HR_MARK_SERVER)),
		.config_id = hr_span_of(hr_json_text(server, "labels." HR_MARK_CONFIG)),
		.address = hr_span_of(hr_json_text(server, "address")),
		.status_text = hr_span_of(hr_json_text(server, "state")),
		.created_ms = hr_json_integer(server, "created") * 1000,
	};

	instance.state = hr_state_find(states, N(states), instance.status_text);
	sink->instance(sink, &instance);
}

static const char *server_path(const struct hr_call *call, struct hr_span id)
{
	return hr_text(call, "/v1/servers/%s", hr_url_part(call, id));
}

/* HR_NOT_FOUND is what the cloud answers 404 for that very id, and nothing else. The caller releases the
 * answer's JSON. */
static int32_t look(struct hr_account *a, const struct hr_call *call, struct hr_span id,
		    struct hr_json_answer *ret_answer)
{
	int32_t rc = hr_json_get(&a->cloud, call, server_path(call, id), NULL, ret_answer);

	if (rc == HR_OK && !hr_span_is(id, hr_json_text(ret_answer->json, "id")))
		rc = hr_fail(call, HR_TRANSIENT, NULL, "The answer is about another server.");
	return rc;
}

static int32_t sample_status(struct hr_account *a, const struct hr_call *call,
			     const struct hr_status *request, const struct hr_instance_sink *sink)
{
	for (uint32_t i = 0; i < request->n_instances; i++) {
		struct hr_json_answer answer;
		int32_t rc = look(a, call, request->instance_ids[i], &answer);

		if (rc == HR_OK)
			report(sink, answer.json);
		else if (rc == HR_NOT_FOUND)
			hr_instance_gone(sink, request->instance_ids[i]);
		json_decref(answer.json);
		if (rc != HR_OK && rc != HR_NOT_FOUND)
			return rc;
	}
	return HR_OK;
}

/* Complete is said only after the last page was read. */
static int32_t sample_list(struct hr_account *a, const struct hr_call *call,
			   const struct hr_list *request, const struct hr_instance_sink *sink)
{
	struct hr_pages pages = {.call = call};
	int32_t rc;

	do {
		struct hr_form query = {.call = call};
		struct hr_json_answer answer;
		const json_t *server;
		size_t i;

		hr_form_add(&query, "label",
			    hr_span_of(hr_text(call, HR_MARK_INSTALLATION "=%.*s",
					       HR_SPAN_ARG(request->installation))));
		if (pages.token)
			hr_form_add(&query, "page", hr_span_of(pages.token));
		rc = hr_json_get(&a->cloud, call, hr_form_url(&query, "/v1/servers"), "servers",
				 &answer);
		if (rc != HR_OK)
			return rc;
		json_array_foreach (answer.list, i, server)
			report(sink, server);
		rc = hr_pages_next(&pages, hr_json_text(answer.json, "next_page"));
		json_decref(answer.json);
	} while (rc == HR_AGAIN);
	if (rc == HR_OK)
		sink->complete(sink);
	return rc;
}

/* ---- Destroy: done once the cloud has it no more ---- */

/* The id of a server whose create was never answered; empty where a list shows none. */
static int32_t find(struct hr_account *a, const struct hr_call *call, const struct hr_step *step,
		    struct hr_span *ret_id)
{
	struct hr_form query = {.call = call};
	struct hr_json_answer answer;
	int32_t rc;

	hr_form_add(
		&query, "label",
		hr_span_of(hr_text(call, HR_MARK_SERVER "=%.*s", HR_SPAN_ARG(step->server_id))));
	rc = hr_json_get(&a->cloud, call, hr_form_url(&query, "/v1/servers"), "servers", &answer);
	if (rc != HR_OK)
		return rc;
	*ret_id = hr_span_of(hr_text(call, "%s", hr_json_text(answer.list, "[0].id")));
	json_decref(answer.json);
	return HR_OK;
}

static int32_t sample_destroy(struct hr_account *a, const struct hr_call *call,
			      const struct hr_step *step)
{
	struct hr_span id = step->instance_id;
	struct hr_json_answer answer;
	int ours;
	int32_t rc = id.len > 0 ? HR_OK : find(a, call, step, &id);

	if (rc != HR_OK || id.len == 0)
		return rc;
	rc = look(a, call, id, &answer);
	ours = hr_span_is(step->server_id, hr_json_text(answer.json, "labels." HR_MARK_SERVER));
	json_decref(answer.json);
	if (rc == HR_OK && !ours)
		return hr_fail(call, HR_NOT_FOUND, NULL, "It is another's server.");
	if (rc == HR_OK) {
		rc = hr_json_ask(&a->cloud, call, "DELETE", server_path(call, id), NULL, &answer);
		json_decref(answer.json);
	}
	if (rc == HR_NOT_FOUND)
		return HR_OK;
	return rc == HR_OK ? hr_again(call, "deleting", 500, -1, "the cloud deletes it") : rc;
}

/* ---- The descriptor: the one thing that the file exports ---- */

HR_EXPORT const struct hr_provider HR_PROVIDER_SYMBOL = {
	HR_PROVIDER_HEADER,
	.thread_model = HR_THREADS_PARALLEL,
	.id = "sample",
	.title = "Sample Cloud",
	.version = SAMPLE_VERSION,
	.vendor = "Sample",
	.url = "https://sample.invalid",
	.licence = "Apache-2.0",
	.capabilities = HR_CAP_CREATES_ONCE, /* the token sees to it */
	.max_concurrency = 8,
	.profile = HR_PROFILE_COMPUTE,
	.settings = settings,
	.n_settings = N(settings),
	.settings_stride = sizeof(settings[0]),
	.linux_scripts = HR_SCRIPT_AT_CREATE,
	.script_max = 16384,
	.rate_per_minute = 600,
	.rate_burst = 20,
	.open = sample_open,
	.close = hr_settings_free,
	.check = sample_check,
	.create = sample_create,
	.status = sample_status,
	.list = sample_list,
	.destroy = sample_destroy,
};
