/* SPDX-License-Identifier: Apache-2.0 */
/* Module "stamp": instances that are nothing, made at once. An instance's id begins with the time at which
 * its create was called (CLOCK_MONOTONIC, in ns): modules may write no files. Its lists are never complete,
 * so that servers that it has not made are left alone. */
#include <stdio.h>
#include <time.h>

#define HR_BUILDS_MODULE
#include <headroom/provider.h>

struct hr_account {
	int nothing;
};

static int32_t stamp_open(const struct hr_host *host, const struct hr_call *call,
			  const struct hr_open *request, struct hr_account **ret_account)
{
	static struct hr_account account;

	(void)host;
	(void)call;
	(void)request;
	*ret_account = &account;
	return HR_OK;
}

static void stamp_close(struct hr_account *a)
{
	(void)a;
}

static int32_t stamp_check(struct hr_account *a, const struct hr_call *call,
			   const struct hr_check_sink *sink)
{
	(void)a;
	(void)call;
	(void)sink;
	return HR_OK;
}

static int32_t stamp_create(struct hr_account *a, const struct hr_call *call,
			    const struct hr_step *step)
{
	struct timespec now;
	struct hr_span id;
	char text[128];

	(void)a;
	clock_gettime(CLOCK_MONOTONIC, &now);
	id.ptr = text;
	id.len = (uint64_t)snprintf(text, sizeof(text), "%lld.%.*s",
				    (long long)now.tv_sec * 1000000000 + now.tv_nsec, 8,
				    step->server_id.ptr);
	call->instance(call, id);
	return HR_OK;
}

static int32_t stamp_status(struct hr_account *a, const struct hr_call *call,
			    const struct hr_status *request, const struct hr_instance_sink *sink)
{
	(void)a;
	(void)call;
	for (uint32_t i = 0; i < request->n_instances; i++) {
		struct hr_instance one = {.size = sizeof(one), .state = HR_STATE_RUNNING};

		one.instance_id = request->instance_ids[i];
		one.address = (struct hr_span)HR_SPAN_OF("127.0.0.1");
		sink->instance(sink, &one);
	}
	return HR_OK;
}

static int32_t stamp_list(struct hr_account *a, const struct hr_call *call,
			  const struct hr_list *request, const struct hr_instance_sink *sink)
{
	(void)a;
	(void)call;
	(void)request;
	(void)sink;
	return HR_OK;
}

static int32_t stamp_destroy(struct hr_account *a, const struct hr_call *call,
			     const struct hr_step *step)
{
	(void)a;
	(void)call;
	(void)step;
	return HR_OK;
}

HR_EXPORT const struct hr_provider HR_PROVIDER_SYMBOL = {
	HR_PROVIDER_HEADER,
	.thread_model = HR_THREADS_PARALLEL,
	.id = "stamp",
	.title = "Stamp",
	.version = "1.0",
	.vendor = "Headroom",
	.url = "https://headroom.example",
	.licence = "Apache-2.0",
	.capabilities = HR_CAP_CREATES_ONCE,
	.max_concurrency = 64,
	.profile = HR_PROFILE_COMPUTE,
	.linux_scripts = HR_SCRIPT_AT_CREATE,
	.rate_per_minute = 60000,
	.rate_burst = 10000,
	.open = stamp_open,
	.close = stamp_close,
	.check = stamp_check,
	.create = stamp_create,
	.status = stamp_status,
	.list = stamp_list,
	.destroy = stamp_destroy,
};
