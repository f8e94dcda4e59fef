/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a request. Redirects are followed here and not by libcurl, so that each hop passes the
 * policy. Repeated, once and at once, is a connection that failed before a byte of the request was sent,
 * and (by libcurl; transfer.c bounds it) a safe request under which a kept connection was closed; all
 * other repeats are the engine's, which knows how to wait. */
#include "http/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "http/answer.h"
#include "http/header.h"
#include "http/service.h"

static int64_t timeout_of(const struct http_policy *policy, const struct http_request *request)
{
	int64_t most = policy->timeout_ms > 0 ? policy->timeout_ms : HTTP_TIMEOUT_MAX_MS;

	if (request->timeout_ms > 0)
		return request->timeout_ms < most ? request->timeout_ms : most;
	return policy->timeout_ms > 0 ? most : HTTP_TIMEOUT_DEFAULT_MS;
}

int exchange_new(struct http_account *account, const struct http_request *request,
		 struct exchange **ret_exchange, struct hr_error *err)
{
	struct exchange *e = calloc(1, sizeof(*e));
	enum reach_kind kind;
	bool refused = false;

	if (!e)
		return error_no_memory(err, "submitting a request");
	e->answer = calloc(1, sizeof(*e->answer));
	if (!e->answer) {
		error_no_memory(err, "submitting a request");
		goto failed;
	}
	if (request_init(&e->request, request, err) != 0)
		goto failed;
	if (!room_take(account->room, request->body_len)) {
		error_set(err, HR_TRANSIENT,
			  "requests and answers of this account have more than %zu MiB at the "
			  "moment; no more is sent",
			  HTTP_ACCOUNT_BYTES_MAX >> 20);
		goto failed;
	}
	e->room = room_hold(account->room);
	e->room_taken = request->body_len;
	refused = http_policy_check(&account->policy, &e->request.url, &kind, err) != 0;
	if (refused)
		goto failed;
	if (account->cassette) {
		e->recorded = cassette_request(&e->request, &account->scrub);
		if (!e->recorded) {
			error_no_memory(err, "submitting a request");
			goto failed;
		}
	}
	text_copy(e->method, sizeof(e->method), e->request.method);
	e->account = account_hold(account);
	e->started_ms = clock_now().mono_ms;
	e->deadline_ms = e->started_ms + timeout_of(&account->policy, request);
	e->is_new = true;
	*ret_exchange = e;
	return 0;
failed:
	if (refused)
		metrics_count_refused(&account->service->metrics, account->id);
	exchange_free(e);
	return -1;
}

void exchange_free(struct exchange *e)
{
	transfer_end(&e->transfer);
	request_clear(&e->request);
	if (e->room)
		room_give_back(e->room, e->room_taken);
	room_release(e->room);
	json_decref(e->recorded);
	http_answer_free(e->answer);
	if (e->account)
		account_release(e->account);
	free(e);
}

/* ---- The end -------------------------------------------------------------------------------- */

static void count(const struct exchange *e, const struct http_answer *answer)
{
	const struct metrics_request counted = {
		.account = e->account->id,
		.method = e->method,
		.status = answer->status,
		.bytes_sent = e->bytes_sent,
		.bytes_received = e->bytes_received,
		.connects = e->connects,
		.duration_ms = clock_now().mono_ms - e->started_ms,
	};

	metrics_count(&e->account->service->metrics, &counted);
}

static void record(struct exchange *e, const struct http_answer *answer)
{
	struct cassette *cassette = e->account->cassette;
	struct log_subject subject = {.account = e->account->id};
	struct hr_error error;

	if (cassette && !cassette_replays(cassette) &&
	    cassette_record(cassette, e->recorded, answer, &e->account->scrub, &error) != 0)
		log_line(LOG_LEVEL_ERROR, &subject, "%s", error.message);
}

/* The answer goes to whoever asked, and the exchange is no more. */
static void finish(struct exchange *e)
{
	struct http_answer *answer = e->answer;

	e->answer = NULL;
	if (answer->result != HR_OK) {
		answer->error.class = answer->result;
		answer->error.http_status = answer->status;
		text_copy(answer->error.request_id, sizeof(answer->error.request_id),
			  answer->request_id);
	}
	record(e, answer);
	count(e, answer);
	service_forget(e->account->service, e);
	e->done(e->context, answer);
	exchange_free(e);
}

static void fail(struct exchange *e, const struct hr_error *error)
{
	e->answer->error = *error;
	e->answer->result = error->class;
	finish(e);
}

static void add_totals(struct exchange *e)
{
	CURL *easy = e->transfer.easy;
	curl_off_t down = 0;
	long head_down = 0, connects = 0;

	curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
	curl_easy_getinfo(easy, CURLINFO_HEADER_SIZE, &head_down);
	curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
	e->bytes_sent += e->transfer.bytes_sent;
	e->bytes_received += (uint64_t)down + (uint64_t)head_down;
	e->connects += (uint64_t)connects;
	e->has_sent = e->has_sent || e->transfer.n_sent > 0;
	e->is_second = e->is_second || (e->transfer.n_sent > 1 && !request_is_safe(&e->request));
}

void exchange_cancel(struct exchange *e)
{
	struct hr_error error = {0};

	if (e->transfer.easy) {
		curl_multi_remove_handle(e->account->service->multi, e->transfer.easy);
		add_totals(e);
	}
	error_set(&error, HR_CANCELLED, "the request to %.200s was cancelled", e->request.url.host);
	if (e->has_sent)
		error.flags |= HR_FAULT_OUTCOME_UNKNOWN;
	fail(e, &error);
}

/* ---- A hop ---------------------------------------------------------------------------------- */

static void hop(struct exchange *e)
{
	struct http_account *account = e->account;
	int64_t left = e->deadline_ms - clock_now().mono_ms;
	struct hr_error error = {0};
	enum reach_kind kind;

	if (http_policy_check(&account->policy, &e->request.url, &kind, &error) != 0) {
		metrics_count_refused(&account->service->metrics, account->id);
		fail(e, &error);
		return;
	}
	transfer_end(&e->transfer);
	if (transfer_begin(&e->transfer, &account->policy, &e->request, kind, account->share,
			   account->room, left, e, &error) != 0) {
		fail(e, &error);
		return;
	}
	if (curl_multi_add_handle(account->service->multi, e->transfer.easy) != CURLM_OK) {
		error_no_memory(&error, "performing a request");
		fail(e, &error);
	}
}

static void replay(struct exchange *e)
{
	struct hr_error error = {0};

	if (cassette_replay(e->account->cassette, e->recorded, e->answer, &error) != 0) {
		fail(e, &error);
		return;
	}
	http_answer_read_headers(e->answer, clock_now().wall_ms / MS_PER_S);
	finish(e);
}

void exchange_start(struct exchange *e)
{
	if (e->account->cassette && cassette_replays(e->account->cassette))
		replay(e);
	else
		hop(e);
}

/* Where the answer leads to, if that is to be followed. */
static const char *redirect_of(const struct exchange *e, const struct http_answer *answer)
{
	int32_t s = answer->status;

	if (!(e->request.flags & HR_HTTP_FOLLOW) ||
	    !(s == 301 || s == 302 || s == 303 || s == 307 || s == 308))
		return NULL;
	return http_header_find(answer->headers, answer->n_headers, "location");
}

static void follow(struct exchange *e, const char *location, int32_t status)
{
	struct hr_error error = {0};
	struct http_url to;

	if (++e->redirects > HTTP_REDIRECTS_MAX) {
		error_set(&error, HR_INVALID, "%.200s redirects more than %d times",
			  e->request.url.host, HTTP_REDIRECTS_MAX);
		fail(e, &error);
		return;
	}
	if (http_url_follow(&e->request.url, location, &to, &error) != 0) {
		http_url_clear(&to);
		error_prefix(&error, "%.200s redirects to where nobody can follow",
			     e->request.url.host);
		fail(e, &error);
		return;
	}
	if (request_redirect(&e->request, status, &to, &error) != 0) {
		fail(e, &error);
		return;
	}
	hop(e);
}

/* The last hop's answer is the exchange's. */
static void take_answer(struct exchange *e)
{
	struct http_answer *answer = e->transfer.answer;

	http_answer_free(e->answer);
	e->answer = answer;
	e->transfer.answer = NULL;
	answer->is_second = e->is_second;
	http_answer_read_headers(answer, clock_now().wall_ms / MS_PER_S);
	if (!http_answer_is_expected(answer, e->request.flags)) {
		answer->result = HR_TRANSIENT;
		error_set(&answer->error, HR_TRANSIENT,
			  "%.200s answers with status %d and other content than %s",
			  e->request.url.host, (int)answer->status,
			  e->request.flags & HR_HTTP_EXPECT_JSON ? "JSON" : "XML");
		answer->error.flags = HR_FAULT_OUTCOME_UNKNOWN;
	}
	finish(e);
}

static void hop_failed(struct exchange *e, CURLcode code)
{
	bool time_is_up = clock_now().mono_ms >= e->deadline_ms;
	struct hr_error error;

	if (!e->has_reconnected && !time_is_up && transfer_may_reconnect(&e->transfer, code)) {
		e->has_reconnected = true;
		hop(e);
		return;
	}
	transfer_failure(&e->transfer, code, time_is_up, &error);
	/* In this hop or in an earlier one. */
	if (e->has_sent && error.class != HR_INVALID)
		error.flags |= HR_FAULT_OUTCOME_UNKNOWN;
	fail(e, &error);
}

void exchange_hop_done(struct exchange *e, CURLcode code)
{
	struct http_answer *answer = e->transfer.answer;
	struct hr_error error = {0};
	const char *location;
	char *copy;
	long status = 0;

	curl_multi_remove_handle(e->account->service->multi, e->transfer.easy);
	add_totals(e);
	curl_easy_getinfo(e->transfer.easy, CURLINFO_RESPONSE_CODE, &status);
	answer->status = (int32_t)status;
	if (code == CURLE_OK && (!e->transfer.has_head || status < 100 || status > 599))
		code = CURLE_WEIRD_SERVER_REPLY;
	if (code == CURLE_OK && status == 407 && e->transfer.by_proxy)
		code = CURLE_PROXY; /* no answer of the host's */
	if (code != CURLE_OK) {
		hop_failed(e, code);
		return;
	}
	location = redirect_of(e, answer);
	if (!location) {
		take_answer(e);
		return;
	}
	copy = strdup(location); /* the answer is freed with its hop */
	if (copy) {
		follow(e, copy, answer->status);
	} else {
		error_no_memory(&error, "following a redirect");
		fail(e, &error);
	}
	free(copy);
}
