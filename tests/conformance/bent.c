/* SPDX-License-Identifier: Apache-2.0 */
/* Module sim, bent in one way each (-DBEND=NUMBER, names in bends.txt): what headroom-conformance has to find. */
#include <headroom/provider.h>
#undef HR_PROVIDER_SYMBOL
#define HR_PROVIDER_SYMBOL sim_straight
#include "../../plugins/sim/sim.c"
#undef HR_PROVIDER_SYMBOL
#define HR_PROVIDER_SYMBOL headroom_provider_v0

#include <headroom/log.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

enum {
	OPEN_ASKS = 1,
	TWO_MACHINES,
	NO_ID,
	GUESSES_GONE,
	ALWAYS_COMPLETE,
	DESTROYS_NOTHING,
	TRUSTS_THE_ID,
	NEEDS_THE_ID,
	GONE_IS_AN_ERROR,
	AUTH_IS_TRANSIENT,
	FORBIDDEN_IS_NOT_FOUND,
	DOES_NOT_WAIT,
	SAYS_NOTHING,
	IS_SLOW_TO_CANCEL,
	CANCELLED_IS_TRANSIENT,
	GARBAGE_IS_CAPACITY,
	CONFLICT_IS_QUOTA,
	SURE_OF_THE_OUTCOME,
	LISTS_WITHOUT_MARKS,
	ALWAYS_RUNNING,
	TROUBLE_IS_INVALID,
	TIMEOUT_IS_QUOTA,
	LOGS_THE_KEY,
	KEEPS_THE_KEY,
	TRUSTS_MEMORY,
	SHARES_A_STATIC,
	OPENS_A_FILE,
};

/* What the module says of an error in another word. */
static int32_t other(const struct hr_call *call, int32_t rc, int bend, int32_t from, int32_t to)
{
	return BEND == bend && rc == from ? hr_fail(call, to, NULL, "Bent.") : rc;
}

static int32_t bent(const struct hr_call *call, int32_t rc)
{
	rc = other(call, rc, AUTH_IS_TRANSIENT, HR_AUTH, HR_TRANSIENT);
	rc = other(call, rc, FORBIDDEN_IS_NOT_FOUND, HR_AUTH, HR_NOT_FOUND);
	rc = other(call, rc, CANCELLED_IS_TRANSIENT, HR_CANCELLED, HR_TRANSIENT);
	rc = other(call, rc, GARBAGE_IS_CAPACITY, HR_TRANSIENT, HR_CAPACITY);
	rc = other(call, rc, CONFLICT_IS_QUOTA, HR_CONFLICT, HR_QUOTA);
	rc = other(call, rc, TROUBLE_IS_INVALID, HR_TRANSIENT, HR_INVALID);
	rc = other(call, rc, TIMEOUT_IS_QUOTA, HR_TIMEOUT, HR_QUOTA);
	if (BEND == DOES_NOT_WAIT && rc == HR_THROTTLED)
		hr_fail(call, rc, NULL, "It is busy.");
	if (BEND == SURE_OF_THE_OUTCOME && rc == HR_TRANSIENT)
		hr_fail(call, rc, NULL, "It did not work.");
	if (BEND == IS_SLOW_TO_CANCEL && rc == HR_CANCELLED)
		nanosleep(&(struct timespec){.tv_nsec = 400000000}, NULL);
	return rc;
}

static const struct hr_log_service *logger;

static int32_t bent_open(const struct hr_host *host, const struct hr_call *call,
			 const struct hr_open *request, struct hr_account **ret_account)
{
	int32_t rc = sim_open(host, call, request, ret_account);
	struct hr_json_answer answer = {0};

	logger = host->service(host, HR_LOG_SERVICE);
	if (rc == HR_OK && BEND == OPEN_ASKS) {
		hr_json_get(&(*ret_account)->cloud, call, "/v1/account", NULL, &answer);
		json_decref(answer.json);
	}
	return rc;
}

static int32_t bent_check(struct hr_account *a, const struct hr_call *call,
			  const struct hr_check_sink *sink)
{
	return bent(call, sim_check(a, call, sink));
}

/* Each attempt with a token of its own. */
static int32_t create_twice(struct hr_account *a, const struct hr_call *call,
			    const struct hr_step *step)
{
	struct hr_step again = *step;

	again.idempotency_token = hr_span_of(
		hr_text(call, "%.*s-%u", HR_SPAN_ARG(step->idempotency_token), step->attempt));
	return sim_create(a, call, &again);
}

/* A request whose trouble is not told of. */
static int32_t create_silent(struct hr_account *a, const struct hr_call *call,
			     const struct hr_step *step)
{
	struct hr_http_response response = {.size = sizeof(response)};
	struct hr_http_request request = {
		.size = sizeof(request), .method = hr_span_of("GET"), .url = hr_span_of(a->url)};

	a->cloud.http->perform(call, &request, &response);
	return response.status >= 500 ? HR_TRANSIENT : sim_create(a, call, step);
}

static int32_t create_nameless(struct hr_account *a, const struct hr_call *call)
{
	struct hr_json_answer answer;
	int32_t rc = hr_json_get(&a->cloud, call, "/v1/account", NULL, &answer);

	json_decref(answer.json);
	return rc;
}

/* Says the key where everybody reads it; then goes on. */
static int32_t create_talking(struct hr_account *a, const struct hr_call *call,
			      const struct hr_step *step)
{
	struct hr_span key = {0};
	const char *text;

	a->cloud.secret->get(call, hr_span_of("key"), &key);
	text = hr_text(call, "with %.*s", HR_SPAN_ARG(key));
	if (BEND == LOGS_THE_KEY)
		logger->write(call, HR_LOG_INFO, hr_span_of(text));
	else if (step->resume_token.len == 0)
		return hr_again(call, text, 1, -1, "begun");
	return sim_create(a, call, step);
}

/* Works for one account at a time alone. */
static int32_t create_alone(struct hr_account *a, const struct hr_call *call,
			    const struct hr_step *step)
{
	static atomic_int busy;
	bool alone = atomic_fetch_add(&busy, 1) == 0;
	int32_t rc;

	nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	rc = alone ? sim_create(a, call, step) : hr_fail(call, HR_INTERNAL, NULL, "Bent.");
	atomic_fetch_sub(&busy, 1);
	return rc;
}

static int32_t bent_create(struct hr_account *a, const struct hr_call *call,
			   const struct hr_step *step)
{
	switch (BEND) {
	case TWO_MACHINES: return create_twice(a, call, step);
	case SAYS_NOTHING: return create_silent(a, call, step);
	case NO_ID: return create_nameless(a, call);
	case LOGS_THE_KEY:
	case KEEPS_THE_KEY: return create_talking(a, call, step);
	case SHARES_A_STATIC: return create_alone(a, call, step);
	default: return bent(call, sim_create(a, call, step));
	}
}

static int32_t bent_status(struct hr_account *a, const struct hr_call *call,
			   const struct hr_status *request, const struct hr_instance_sink *sink)
{
	int32_t rc;

	if (BEND == OPENS_A_FILE) {
		FILE *file = fopen("/etc/hostname", "re");

		if (!file)
			return hr_fail(call, HR_INTERNAL, NULL, "Bent.");
		fclose(file);
	}
	if (BEND == TRUSTS_MEMORY)
		*(volatile char *)call->alloc(call, 8) = 'x';
	if (BEND == ALWAYS_RUNNING) {
		struct hr_instance instance = {.size = sizeof(instance),
					       .state = HR_STATE_RUNNING,
					       .instance_id = request->instance_ids[0]};

		sink->instance(sink, &instance);
		return HR_OK;
	}
	rc = bent(call, sim_status(a, call, request, sink));
	if (BEND != GUESSES_GONE || rc == HR_OK)
		return rc;
	hr_instance_gone(sink, request->instance_ids[0]);
	return HR_OK;
}

static const struct hr_instance_sink *straight_sink;

static void without_marks(const struct hr_instance_sink *sink, const struct hr_instance *instance)
{
	struct hr_instance less = *instance;

	(void)sink;
	less.server_id = hr_span_of("57a6ce55-0000-4000-8000-000000000000");
	straight_sink->instance(straight_sink, &less);
}

static int32_t bent_list(struct hr_account *a, const struct hr_call *call,
			 const struct hr_list *request, const struct hr_instance_sink *sink)
{
	struct hr_instance_sink bent_sink = *sink;
	int32_t rc;

	if (BEND == LISTS_WITHOUT_MARKS) {
		straight_sink = sink;
		bent_sink.instance = without_marks;
		rc = sim_list(a, call, request, &bent_sink);
		if (rc == HR_OK)
			sink->complete(sink);
		return rc;
	}
	rc = bent(call, sim_list(a, call, request, sink));
	if (BEND != ALWAYS_COMPLETE || rc == HR_OK)
		return rc;
	sink->complete(sink);
	return HR_OK;
}

static int32_t destroy_trusting(struct hr_account *a, const struct hr_call *call,
				const struct hr_step *step)
{
	struct hr_step trusting = *step;
	const char *slash = step->instance_id.len
				    ? memchr(step->instance_id.ptr, '/', step->instance_id.len)
				    : NULL;

	if (slash) {
		trusting.server_id.ptr = slash + 1;
		trusting.server_id.len =
			step->instance_id.len - (uint64_t)(slash + 1 - step->instance_id.ptr);
	}
	return sim_destroy(a, call, &trusting);
}

static int32_t bent_destroy(struct hr_account *a, const struct hr_call *call,
			    const struct hr_step *step)
{
	struct hr_json_answer answer;
	const char *path;

	if (BEND == DESTROYS_NOTHING || (BEND == NEEDS_THE_ID && step->instance_id.len == 0))
		return HR_OK;
	if (BEND == TRUSTS_THE_ID)
		return destroy_trusting(a, call, step);
	if (BEND == GONE_IS_AN_ERROR) {
		path = hr_text(call, "/v1/machines/%s?server=%.*s",
			       hr_url_part(call, hr_id_first(step->instance_id)),
			       HR_SPAN_ARG(step->server_id));
		if (hr_json_ask(&a->cloud, call, "DELETE", path, NULL, &answer) == HR_NOT_FOUND)
			return HR_NOT_FOUND;
		json_decref(answer.json);
	}
	return bent(call, sim_destroy(a, call, step));
}

HR_EXPORT const struct hr_provider HR_PROVIDER_SYMBOL = {
	HR_PROVIDER_HEADER,
	.thread_model = HR_THREADS_PARALLEL,
	.id = "bent",
	.title = "A bent headroom-sim",
	.version = HEADROOM_VERSION,
	.vendor = "Headroom",
	.url = "https://headroom.example",
	.licence = "Apache-2.0",
	.capabilities = HR_CAP_CREATES_ONCE,
	.max_concurrency = 1000,
	.profile = HR_PROFILE_COMPUTE,
	.settings = settings,
	.n_settings = N(settings),
	.settings_stride = sizeof(settings[0]),
	.linux_scripts = HR_SCRIPT_AT_CREATE,
	.script_max = 64u << 10,
	.open = bent_open,
	.close = hr_settings_free,
	.check = bent_check,
	.create = bent_create,
	.status = bent_status,
	.list = bent_list,
	.destroy = bent_destroy,
	.rate_per_minute = 60000,
	.rate_burst = 1000,
};
