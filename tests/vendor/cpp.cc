/* SPDX-License-Identifier: Apache-2.0 */
/* Provider module "cpp": servers of the template's cloud, by a module in C++17. No exception leaves an
 * operation. For tests/vendor-hour.sh. */
#include <exception>
#include <memory>
#include <new>
#include <string>

#include <headroom/sdk_json.h>

struct hr_account {
	hr_json_api cloud{};
	std::string url, region, image;
};

namespace {

struct Release {
	void operator()(json_t *json) const { json_decref(json); }
};
using Json = std::unique_ptr<json_t, Release>;

std::string text(hr_span span)
{
	return span.len > 0 ? std::string(span.ptr, span.len) : std::string();
}

hr_span span(const std::string &from)
{
	return {from.data(), from.size()};
}

/* Runs an operation; what it throws is told as a defect of the module. */
template <typename Operation> int32_t guard(const hr_call *call, Operation operation) noexcept
{
	try {
		return operation();
	} catch (const std::exception &trouble) {
		return hr_fail(call, HR_INTERNAL, nullptr, "Module cpp: %s.", trouble.what());
	}
}

/* One request; the answer's JSON belongs to the caller. */
int32_t ask(const hr_account *a, const hr_call *call, const char *method, const std::string &path,
	    const char *body, Json &ret_json)
{
	hr_json_answer answer{};
	int32_t rc = hr_json_ask(&a->cloud, call, method, path.c_str(), body, &answer);

	ret_json.reset(answer.json);
	return rc;
}

std::string path_of(const hr_call *call, hr_span id)
{
	return std::string("/v1/servers/") + hr_url_part(call, id);
}

int32_t open_account(const hr_host *host, const hr_call *call, const hr_open *request,
		     hr_account **ret_account)
{
	return guard(call, [&] {
		auto a = std::make_unique<hr_account>();

		for (uint32_t i = 0; i < request->n_values; i++) {
			auto value = reinterpret_cast<const hr_value *>(
				reinterpret_cast<const char *>(request->values) +
				i * request->value_stride);

			if (hr_span_is(value->key, "url"))
				a->url = text(value->text);
			else if (hr_span_is(value->key, "region"))
				a->region = text(value->text);
			else if (hr_span_is(value->key, "image"))
				a->image = text(value->text);
		}
		a->cloud.url = a->url.c_str();
		a->cloud.secret_key = "token";
		a->cloud.flags = HR_HTTP_IDEMPOTENT;
		int32_t rc = hr_json_open(host, call, &a->cloud);
		if (rc == HR_OK)
			*ret_account = a.release();
		return rc;
	});
}

void close_account(hr_account *account)
{
	delete account;
}

int32_t check(hr_account *a, const hr_call *call, const hr_check_sink *sink)
{
	return guard(call, [&] {
		Json json;
		int32_t rc = ask(a, call, "GET", "/v1/account", nullptr, json);

		if (rc == HR_AUTH)
			hr_problem(sink, HR_AUTH, "token", "The cloud does not accept the token.");
		if (rc != HR_OK)
			return rc == HR_AUTH ? HR_OK : rc;
		if (!hr_json_has(hr_json_at(json.get(), "images"), a->image.c_str()))
			hr_problem(sink, HR_INVALID, "image", "The cloud has no image \"%s\".",
				   a->image.c_str());
		return static_cast<int32_t>(HR_OK);
	});
}

int32_t create(hr_account *a, const hr_call *call, const hr_step *step)
{
	return guard(call, [&] {
		json_t *labels = json_object();
		Json json;

		for (uint32_t i = 0; i < step->n_marks; i++)
			if (json_object_set_new(labels, text(step->marks[i].key).c_str(),
						json_string(text(step->marks[i].value).c_str())) != 0)
				throw std::bad_alloc();
		json_t *order = json_pack(
			"{ss ss ss ss ss ss so}", "token", text(step->idempotency_token).c_str(), "name",
			text(step->server_name).c_str(), "region", a->region.c_str(), "size", "small",
			"image", a->image.c_str(), "user_data", text(step->script).c_str(), "labels",
			labels);
		int32_t rc = ask(a, call, "POST", "/v1/servers", hr_json_body(call, order), json);
		if (rc != HR_OK)
			return rc;
		std::string id = hr_json_text(json.get(), "id");
		if (id.empty())
			return hr_fail(call, HR_TRANSIENT, nullptr, "The answer holds no server.");
		call->instance(call, span(id));
		return static_cast<int32_t>(HR_OK);
	});
}

void report(const hr_instance_sink *sink, const json_t *server)
{
	std::string state = hr_json_text(server, "state");
	hr_instance instance{};

	instance.size = sizeof(instance);
	instance.state = state == "creating"   ? HR_STATE_PENDING
			 : state == "active"   ? HR_STATE_RUNNING
			 : state == "deleting" ? HR_STATE_STOPPING
					       : HR_STATE_UNKNOWN;
	instance.instance_id = hr_span_of(hr_json_text(server, "id"));
	instance.server_id = hr_span_of(hr_json_text(server, "labels." HR_MARK_SERVER));
	instance.config_id = hr_span_of(hr_json_text(server, "labels." HR_MARK_CONFIG));
	instance.address = hr_span_of(hr_json_text(server, "address"));
	instance.status_text = span(state);
	sink->instance(sink, &instance);
}

/* One server by its id; HR_NOT_FOUND where the cloud does not know it. */
int32_t look(const hr_account *a, const hr_call *call, hr_span id, Json &ret_json)
{
	int32_t rc = ask(a, call, "GET", path_of(call, id), nullptr, ret_json);

	if (rc == HR_OK && !hr_span_is(id, hr_json_text(ret_json.get(), "id")))
		return hr_fail(call, HR_TRANSIENT, nullptr, "The answer is about another server.");
	return rc;
}

int32_t status(hr_account *a, const hr_call *call, const hr_status *request,
	       const hr_instance_sink *sink)
{
	return guard(call, [&] {
		for (uint32_t i = 0; i < request->n_instances; i++) {
			Json json;
			int32_t rc = look(a, call, request->instance_ids[i], json);

			if (rc == HR_OK)
				report(sink, json.get());
			else if (rc == HR_NOT_FOUND)
				hr_instance_gone(sink, request->instance_ids[i]);
			else
				return rc;
		}
		return static_cast<int32_t>(HR_OK);
	});
}

/* Each server with that label. */
template <typename Visit>
int32_t each(const hr_account *a, const hr_call *call, const std::string &label, Visit visit)
{
	hr_pages pages{};
	int32_t rc;

	pages.call = call;
	do {
		hr_form query{};
		hr_json_answer answer{};
		json_t *server;
		size_t i;

		query.call = call;
		hr_form_add(&query, "label", span(label));
		if (pages.token)
			hr_form_add(&query, "page", hr_span_of(pages.token));
		rc = hr_json_get(&a->cloud, call, hr_form_url(&query, "/v1/servers"), "servers", &answer);
		Json json(answer.json);
		if (rc != HR_OK)
			return rc;
		json_array_foreach (answer.list, i, server)
			visit(server);
		rc = hr_pages_next(&pages, hr_json_text(json.get(), "next_page"));
	} while (rc == HR_AGAIN);
	return rc;
}

int32_t list(hr_account *a, const hr_call *call, const hr_list *request, const hr_instance_sink *sink)
{
	return guard(call, [&] {
		int32_t rc = each(a, call, HR_MARK_INSTALLATION "=" + text(request->installation),
				  [&](const json_t *server) { report(sink, server); });
		if (rc == HR_OK)
			sink->complete(sink);
		return rc;
	});
}

int32_t destroy(hr_account *a, const hr_call *call, const hr_step *step)
{
	return guard(call, [&] {
		std::string id = text(step->instance_id), mark;
		Json json;
		int32_t rc = HR_OK;

		if (id.empty())
			rc = each(a, call, HR_MARK_SERVER "=" + text(step->server_id),
				  [&](const json_t *server) { id = hr_json_text(server, "id"); });
		if (rc != HR_OK || id.empty())
			return rc;
		rc = look(a, call, span(id), json);
		if (rc == HR_OK) {
			if (text(step->server_id) != hr_json_text(json.get(), "labels." HR_MARK_SERVER))
				return hr_fail(call, HR_NOT_FOUND, nullptr, "It is another's server.");
			rc = ask(a, call, "DELETE", path_of(call, span(id)), nullptr, json);
		}
		if (rc == HR_NOT_FOUND)
			return static_cast<int32_t>(HR_OK);
		return rc == HR_OK ? hr_again(call, "deleting", 300, -1, "the cloud deletes it") : rc;
	});
}

constexpr hr_setting setting(const char *key, uint32_t type, uint32_t role, const char *title,
			     const char *help)
{
	hr_setting row{};

	row.key = key;
	row.type = type;
	row.flags = HR_SETTING_REQUIRED;
	row.role = role;
	row.title = title;
	row.help = help;
	return row;
}

constexpr hr_setting settings[] = {
	setting("url", HR_TYPE_STRING, HR_ROLE_ENDPOINT, "Address", "Where the cloud's API is."),
	setting("token", HR_TYPE_SECRET, HR_ROLE_NONE, "Token", "An API token."),
	setting("region", HR_TYPE_STRING, HR_ROLE_NONE, "Region", "Where servers are made."),
	setting("image", HR_TYPE_STRING, HR_ROLE_NONE, "Image", "What servers boot."),
};

constexpr hr_provider describe()
{
	hr_provider p{};

	p.magic = HR_ABI_MAGIC;
	p.abi_major = HR_ABI_MAJOR;
	p.abi_minor = HR_ABI_MINOR;
	p.size = sizeof(p);
	p.draft = HR_ABI_DRAFT;
	p.thread_model = HR_THREADS_PARALLEL;
	p.id = "cpp";
	p.title = "Sample Cloud, in C++";
	p.version = "0.1.0";
	p.vendor = "Sample";
	p.url = "https://sample.invalid";
	p.licence = "Apache-2.0";
	p.capabilities = HR_CAP_CREATES_ONCE;
	p.profile = HR_PROFILE_COMPUTE;
	p.settings = settings;
	p.n_settings = sizeof(settings) / sizeof(settings[0]);
	p.settings_stride = sizeof(settings[0]);
	p.linux_scripts = HR_SCRIPT_AT_CREATE;
	p.script_max = 16384;
	p.open = open_account;
	p.close = close_account;
	p.check = check;
	p.create = create;
	p.status = status;
	p.list = list;
	p.destroy = destroy;
	return p;
}

} // namespace

extern "C" HR_EXPORT constexpr hr_provider HR_PROVIDER_SYMBOL = describe();
