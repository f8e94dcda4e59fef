/* SPDX-License-Identifier: Apache-2.0 */
/* The course of a call to the cloud: the module's requests go there one after the other, each with a
 * way of its own, and come back answered, broken off, as nonsense, too late or not at all. Where the
 * daemon dies, so does the module: what it sent may still arrive, and nothing follows it. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cloud_requests.h"
#include "sim_cloud.h"
#include "sim_limits.h"

#define URL "http://127.0.0.1:9"
#define REQUEST_TIMEOUT_MS 60000 /* as http/1 has it of requests that do not say */
#define REPEAT_PERMILLE 300
#define REAPER_PAUSE_MS 605000 /* longer than any of its own */

struct sim_course {
	struct dispatch_request *request;
	struct module_talk talk;
	size_t account;
	int64_t deadline_ms;         /* the call's */
	int64_t request_deadline_ms; /* of its present request */
};

static void arrive(struct world *world, void *arg);

/* ---- Opening ---- */

bool sim_course_is_ours(enum dispatch_kind kind)
{
	return kind == DISPATCH_OPEN || kind == DISPATCH_CLOSE;
}

void sim_course_open(struct world *world, struct call *call)
{
	size_t i = sim_cloud_account(world, call->account);
	struct module_account **slot = &world->cloud->accounts[i];
	struct dispatch_request request = {.kind = call->kind};

	if (call->lost)
		return;
	module_close(*slot);
	*slot = NULL;
	if (call->kind == DISPATCH_CLOSE)
		return;
	text_copy(request.account, sizeof(request.account), call->account);
	call->answer->result = module_open(&request, URL, sim_cloud_key(world, i), slot,
					   &call->answer->capabilities, &call->answer->error);
	if (call->answer->result != HR_OK)
		world_violation(world, "the module does not open: %s", call->answer->error.message);
}

void sim_cloud_close_accounts(struct world *world)
{
	for (size_t i = 0; i < ACCOUNTS_MAX; i++) {
		module_close(world->cloud->accounts[i]);
		world->cloud->accounts[i] = NULL;
	}
}

/* ---- A request ---- */

static struct module_request *present(const struct call *call)
{
	struct module_talk *talk = &call->course->talk;

	return &talk->requests[talk->n - 1];
}

static bool is_of_stray(const struct world *world, const struct call *call)
{
	return call->kind == DISPATCH_DESTROY &&
	       strcmp(call->step.server_id, world->cloud->stray_server) == 0;
}

/* The module goes on: it has a further request, or is done. */
static void play(struct world *world, struct call *call)
{
	struct sim_course *course = call->course;
	struct dispatch_answer *answer = module_play(world->cloud->accounts[course->account],
						     course->request, &course->talk);

	if (!answer) {
		course->request_deadline_ms = world->mono_ms + REQUEST_TIMEOUT_MS;
		if (course->request_deadline_ms > course->deadline_ms)
			course->request_deadline_ms = course->deadline_ms;
		world_after(world, call_travel(world, call), arrive, call);
		return;
	}
	if (is_of_stray(world, call) && answer->result != HR_AGAIN)
		world->cloud->reaped_until_ms =
			answer->result == HR_OK || answer->result == HR_NOT_FOUND
				? 0
				: world->mono_ms + REAPER_PAUSE_MS;
	answer->n_requests = (uint32_t)course->talk.n;
	dispatch_answer_free(call->answer);
	call->answer = answer;
	call_answer(world, call);
}

static void come_back(struct world *world, void *arg)
{
	struct call *call = arg;

	if (call->lost)
		call_drop(world, call);
	else
		play(world, call);
}

/* Takes the parts of a URL apart, in place. */
static void read_url(char *url, struct cloud_request *ret)
{
	char *query = strchr(url, '?'), *part;

	ret->path = url;
	if (!query)
		return;
	*query++ = '\0';
	while ((part = strsep(&query, "&")) != NULL && ret->n_query < CLOUD_QUERY_MAX) {
		ret->query[ret->n_query].name = strsep(&part, "=");
		ret->query[ret->n_query++].value = part ? part : "";
	}
}

static void serve(struct world *world, const struct call *call, struct cloud_response *ret)
{
	const struct module_request *from = present(call);
	struct cloud_request request = {.method = from->method,
					.authorization = from->authorization,
					.content_type = from->content_type,
					.body = from->body,
					.body_len = from->body_len};
	char *url = strdup(from->url + strlen(URL));

	if (!url)
		abort();
	read_url(url, &request);
	cloud_request_serve(world->cloud->books, sim_cloud_now(world), &request, ret);
	if (!ret->body && ret->delivery != CLOUD_HANGS)
		abort();
	if (strcmp(from->method, "GET") != 0)
		sim_cloud_read(world, call);
	world->throttles += ret->status == 429;
	world->outages += ret->status == 503 && sim_cloud_is_down(world, call->course->account);
	world_trace(world, from->method, ret->status);
	world_trace(world, url, ret->delivery);
	free(url);
}

/* As http/1 would say it, once a byte was sent. */
static void broken(struct module_request *request, int32_t class, const char *message)
{
	error_set(&request->error, class, "%s", message);
	request->error.flags = HR_FAULT_OUTCOME_UNKNOWN;
}

/* The answer into the request: when the module has it. */
static int64_t take(struct world *world, struct call *call, struct cloud_response *from)
{
	struct module_request *request = present(call);
	int64_t left_ms = call->course->request_deadline_ms - world->mono_ms;
	int64_t later_ms = from->latency_ms + call->answer_after_ms;

	if (left_ms < 0)
		left_ms = 0;
	if (from->delivery == CLOUD_HANGS || later_ms > left_ms) {
		broken(request, HR_TIMEOUT, "127.0.0.1 did not answer in time");
		return left_ms;
	}
	request->status = from->status;
	if (from->delivery == CLOUD_UNANSWERED) {
		broken(request, HR_TRANSIENT, "the connection to 127.0.0.1 broke");
	} else if (from->delivery == CLOUD_GARBAGE) {
		request->status = 200;
		request->answer = strdup("{\"machines\": [{\"id\": \"m-0");
	} else {
		request->answer = from->body;
		from->body = NULL;
	}
	/* It is said in whole seconds. */
	request->retry_after_ms = (from->retry_after_ms + MS_PER_S - 1) / MS_PER_S * MS_PER_S;
	text_copy(request->request_id, sizeof(request->request_id), from->request_id);
	return later_ms;
}

static void arrive(struct world *world, void *arg)
{
	struct call *call = arg;
	struct cloud_response response;
	int64_t later_ms;

	if (call_is_cut_off(world, call, arrive))
		return;
	serve(world, call, &response);
	/* A request that may be sent twice is sent again where the connection had been used before. */
	if (response.delivery == CLOUD_UNANSWERED && !call->lost &&
	    sim_chance(&world->cloud_random, REPEAT_PERMILLE)) {
		free(response.body);
		serve(world, call, &response);
		present(call)->is_second = strcmp(present(call)->method, "GET") != 0;
	}
	later_ms = take(world, call, &response);
	free(response.body);
	world_after(world, later_ms, come_back, call);
}

/* ---- A call ---- */

void sim_course_begin(struct world *world, struct call *call,
		      const struct dispatch_request *request)
{
	struct sim_course *course = calloc(1, sizeof(*course));

	if (!course || !(course->request = dispatch_request_copy(request)))
		abort();
	call->course = course;
	course->account = sim_cloud_account(world, call->account);
	course->deadline_ms = world->mono_ms + call->timeout_ms;
	if (is_of_stray(world, call)) {
		world->cloud->reaped_by = world->generation;
		world->cloud->reaped_until_ms = INT64_MAX;
	}
	play(world, call);
}

void sim_course_free(struct sim_course *course)
{
	if (!course)
		return;
	dispatch_request_free(course->request);
	module_talk_clear(&course->talk);
	free(course);
}
