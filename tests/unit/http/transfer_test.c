/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and answers over real connections, right ones and broken ones: what is sent, what is
 * taken, with which limits, what class a failure has and whether the request may have taken effect.
 * Not here: TLS (tls_test.c), redirects (redirect_test.c), what is
 * sent again (repeat_test.c). */
#include "http/transfer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../base/suite.h"
#include "http_bench.h"
#include "raw_server.h"

#define UNKNOWN HR_FAULT_OUTCOME_UNKNOWN

static struct raw_server server;
static struct http_account *account;

struct bits {
	unsigned char *bytes;
	size_t n; /* bits */
};

static void put_bits(struct bits *to, unsigned value, int n)
{
	for (int i = 0; i < n; i++, to->n++)
		to->bytes[to->n / 8] |= (unsigned char)(((value >> i) & 1u) << (to->n % 8));
}

static uint32_t crc_of_zeroes(size_t len)
{
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < len * 8; i++)
		crc = crc >> 1 ^ (crc & 1u ? 0xedb88320u : 0);
	return ~crc;
}

/* 1 + 258 * n zeroes by gzip: one of them, then n times "repeat the last one 258 times". */
static void gzip_answer(int fd, size_t n, bool is_right)
{
	static const unsigned char head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
	size_t len = 1 + 258 * n;
	struct bits packed = {calloc(1, n * 2 + 64), 0};
	uint32_t crc = is_right ? crc_of_zeroes(len) : 0;
	char text[200];

	memcpy(packed.bytes, head, sizeof(head));
	packed.n = sizeof(head) * 8;
	put_bits(&packed, 3, 3);    /* last block, fixed codes */
	put_bits(&packed, 0x0c, 8); /* literal 0: 00110000, first bit first */
	for (size_t i = 0; i < n; i++) {
		put_bits(&packed, 0xa3, 8); /* length 258: 11000101 */
		put_bits(&packed, 0, 5);    /* distance 1 */
	}
	put_bits(&packed, 0, 7); /* end */
	packed.n = (packed.n + 7) / 8 * 8;
	put_bits(&packed, crc, 32);
	put_bits(&packed, (unsigned)len, 32);
	snprintf(text, sizeof(text),
		 "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n\r\n",
		 packed.n / 8);
	raw_text(fd, text);
	raw_write(fd, packed.bytes, packed.n / 8);
	free(packed.bytes);
}

static void large_answer(int fd, size_t len, bool chunked)
{
	static char piece[65536];
	char head[200];

	if (chunked)
		snprintf(head, sizeof(head),
			 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	else
		snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", len);
	raw_text(fd, head);
	for (size_t at = 0; at < len; at += sizeof(piece)) {
		if (chunked)
			raw_text(fd, "10000\r\n");
		raw_write(fd, piece, sizeof(piece));
		if (chunked)
			raw_text(fd, "\r\n");
	}
	if (chunked)
		raw_text(fd, "0\r\n\r\n");
}

/* What cannot be given to a module: a name that is too long, a value that is no UTF-8. */
static void odd_headers(int fd)
{
	char head[1400];

	snprintf(head, sizeof(head),
		 "HTTP/1.1 200 OK\r\nX-%01100d: 1\r\nX-Latin: caf\xe9\r\nX-Utf: "
		 "caf\xc3\xa9\r\nContent-Length: 2\r\n\r\nok",
		 0);
	raw_text(fd, head);
}

static void many_headers(int fd, int n)
{
	raw_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
	for (int i = 0; i < n; i++)
		raw_text(fd,
			 "X-Some-Header-Or-Other: 0123456789012345678901234567890123456789\r\n");
	raw_text(fd, "\r\n");
}

static bool answer_broken(int fd, const char *request)
{
	if (raw_is(request, "/truncated"))
		raw_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes.");
	else if (raw_is(request, "/cut-chunk"))
		raw_text(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\nfew");
	else if (raw_is(request, "/cut-head"))
		raw_text(fd, "HTTP/1.1 200 OK\r\nContent-Le");
	else if (raw_is(request, "/garbage"))
		raw_text(fd, "\x01\x02 this is no HTTP at all\r\n\r\n");
	else if (raw_is(request, "/bad-gzip"))
		raw_text(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n"
			     "\r\nhello");
	else if (raw_is(request, "/odd-headers"))
		odd_headers(fd);
	else if (raw_is(request, "/many-headers"))
		many_headers(fd, 2000);
	else if (raw_is(request, "/large"))
		large_answer(fd, (17u << 20), false);
	else if (raw_is(request, "/large-chunked"))
		large_answer(fd, (17u << 20), true);
	else if (raw_is(request, "/bomb"))
		gzip_answer(fd, 1u << 20, false); /* 258 MiB */
	return false;                             /* and /nothing */
}

static bool answer_rest(int fd, const char *request)
{
	if (raw_is(request, "/html"))
		raw_answer(fd, "200 OK", "Content-Type: text/html; charset=utf-8\r\n", "<p>hello");
	else if (raw_is(request, "/html-empty"))
		raw_answer(fd, "202 Accepted", "Content-Type: text/html\r\n", "");
	else if (raw_is(request, "/html-500"))
		raw_answer(fd, "500 No", "Content-Type: text/html\r\nX-Request-Id: r-500\r\n",
			   "<p>");
	else if (raw_is(request, "/json"))
		raw_answer(fd, "200 OK", "Content-Type: Application/JSON;charset=utf-8\r\n", "{}");
	else if (raw_is(request, "/problem"))
		raw_answer(fd, "200 OK", "Content-Type: application/problem+json\r\n", "{}");
	else if (raw_is(request, "/xml"))
		raw_answer(fd, "200 OK", "Content-Type: text/xml\r\n", "<a/>");
	else if (raw_is(request, "/no-type"))
		raw_answer(fd, "200 OK", "", "{}");
	else if (raw_is(request, "/throttled"))
		raw_answer(fd, "429 Slow down", "Retry-After: 7\r\nx-amzn-RequestId: id-7\r\n", "");
	else if (raw_is(request, "/gzip"))
		gzip_answer(fd, 4000, true);
	else if (raw_is(request, "/most"))
		large_answer(fd, HTTP_BODY_MAX, false);
	else if (raw_is(request, "/interim"))
		raw_text(fd, "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\n"
			     "X-Late: 1\r\nContent-Length: 2\r\n\r\nok");
	else
		return answer_broken(fd, request);
	return true;
}

static bool handler(struct raw_server *s, int fd, const char *request)
{
	if (raw_is(request, "/slow")) {
		for (int i = 0; i < 600 && !atomic_load(&s->is_ending); i++)
			usleep(50000);
		return false;
	}
	if (raw_is(request, "/echo")) {
		raw_answer(fd, "200 OK", "X-Thing: a thing \r\n", strstr(request, "\r\n\r\n") + 4);
		return true;
	}
	return answer_rest(fd, request);
}

static void setup(void)
{
	bench_start();
	raw_server_start(&server, handler);
	account = bench_account(NULL, "{'endpoint': 'http://127.0.0.1:%d'}", server.port);
}

static void teardown(void)
{
	http_account_free(account);
	bench_stop();
	raw_server_stop(&server);
}

static struct http_answer *get(const char *path, uint32_t flags)
{
	return bench_perform(account, "GET", flags, NULL, NULL, "http://127.0.0.1:%d%s",
			     server.port, path);
}

START_TEST(request_goes_out_as_it_is)
{
	const struct http_header headers[] = {HEADER("X-One", "1"),
					      HEADER("X-Empty", ""),
					      HEADER("Content-Type", "application/json"),
					      HEADER("Content-Length", "8"),
					      {NULL, NULL}};
	struct http_answer *a = bench_perform(account, "POST", 0, headers, "{\"a\": 1}",
					      "http://127.0.0.1:%d/echo", server.port);

	ck_assert_int_eq(a->result, HR_OK);
	ck_assert_int_eq(a->status, 200);
	ck_assert_uint_eq(a->body_len, 8);
	ck_assert_str_eq(a->body, "{\"a\": 1}");
	ck_assert_str_eq(bench_header(a, "x-thing"), "a thing");
	ck_assert(raw_server_saw(&server, "POST /echo HTTP/1.1\r\n"));
	ck_assert(raw_server_saw(&server, "\r\nX-One: 1\r\n"));
	ck_assert(raw_server_saw(&server, "\r\nX-Empty:\r\n"));
	ck_assert(raw_server_saw(&server, "\r\nContent-Type: application/json\r\n"));
	ck_assert(raw_server_saw(&server, "\r\nContent-Length: 8\r\n"));
	ck_assert(raw_server_saw(&server, "\r\nUser-Agent: headroom/"));
	ck_assert(!raw_server_saw(&server, "\r\nExpect:"));
	ck_assert(!raw_server_saw(&server, "\r\nCookie:"));
	http_answer_free(a);
}
END_TEST

START_TEST(paths_and_methods_are_not_touched)
{
	static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct http_answer *a =
			bench_perform(account, methods[i], 0, NULL, NULL,
				      "http://127.0.0.1:%d/a/../echo%%2f?q=a+b#f", server.port);
		char line[64];

		snprintf(line, sizeof(line), "%s /a/../echo%%2f?q=a+b HTTP/1.1\r\n", methods[i]);
		ck_assert_msg(raw_server_saw(&server, line), "%s", server.last);
		ck_assert(!raw_server_saw(&server, "\r\nContent-Type:"));
		http_answer_free(a);
	}
}
END_TEST

START_TEST(environment_does_not_count)
{
	struct http_answer *a;

	setenv("http_proxy", "http://127.0.0.1:9", 1);
	setenv("all_proxy", "http://127.0.0.1:9", 1);
	a = get("/json", 0);
	ck_assert_int_eq(a->status, 200);
	http_answer_free(a);
}
END_TEST

static const struct {
	const char *path;
	uint32_t flags;
	int32_t result;
	int32_t status;
} contents[] = {
	{"/json", HR_HTTP_EXPECT_JSON, HR_OK, 200},
	{"/problem", HR_HTTP_EXPECT_JSON, HR_OK, 200},
	{"/xml", HR_HTTP_EXPECT_XML, HR_OK, 200},
	{"/xml", HR_HTTP_EXPECT_XML | HR_HTTP_EXPECT_JSON, HR_OK, 200},
	{"/html-empty", HR_HTTP_EXPECT_JSON, HR_OK, 202},
	{"/html-500", HR_HTTP_EXPECT_JSON, HR_OK, 500},
	{"/html", 0, HR_OK, 200},
	{"/html", HR_HTTP_EXPECT_JSON, HR_TRANSIENT, 200},
	{"/html", HR_HTTP_EXPECT_XML, HR_TRANSIENT, 200},
	{"/xml", HR_HTTP_EXPECT_JSON, HR_TRANSIENT, 200},
	{"/json", HR_HTTP_EXPECT_XML, HR_TRANSIENT, 200},
	{"/no-type", HR_HTTP_EXPECT_JSON, HR_TRANSIENT, 200},
};

START_TEST(content_is_as_expected_or_transient)
{
	struct http_answer *a = get(contents[_i].path, contents[_i].flags);

	ck_assert_int_eq(a->result, contents[_i].result);
	ck_assert_int_eq(a->status, contents[_i].status);
	if (a->result != HR_OK) {
		ck_assert_uint_eq(a->error.flags, UNKNOWN);
		ck_assert_int_eq(a->error.http_status, 200);
	}
	http_answer_free(a);
}
END_TEST

START_TEST(headers_of_answers_are_read)
{
	struct http_answer *a = get("/throttled", 0);

	ck_assert_int_eq(a->status, 429);
	ck_assert_int_eq(a->retry_after_ms, 7000);
	ck_assert_str_eq(a->request_id, "id-7");
	http_answer_free(a);
	a = get("/interim", 0);
	ck_assert_int_eq(a->status, 200);
	ck_assert_str_eq(bench_header(a, "x-late"), "1");
	ck_assert_ptr_null(bench_header(a, "x-early"));
	http_answer_free(a);
	a = get("/odd-headers", 0);
	ck_assert_int_eq(a->status, 200);
	ck_assert_str_eq(bench_header(a, "x-utf"), "caf\xc3\xa9");
	ck_assert_ptr_null(bench_header(a, "x-latin"));
	for (size_t i = 0; i < a->n_headers; i++)
		ck_assert_uint_le(strlen(a->headers[i].name), HTTP_HEADER_NAME_MAX);
	http_answer_free(a);
}
END_TEST

START_TEST(compressed_answers_are_decoded)
{
	struct http_answer *a = get("/gzip", 0);

	ck_assert_int_eq(a->result, HR_OK);
	ck_assert_uint_eq(a->body_len, 1 + 258 * 4000);
	ck_assert_ptr_null(bench_header(a, "content-encoding"));
	ck_assert_ptr_null(bench_header(a, "content-length"));
	ck_assert(raw_server_saw(&server, "\r\nAccept-Encoding: gzip, deflate\r\n"));
	http_answer_free(a);
}
END_TEST

START_TEST(largest_answer_is_taken)
{
	struct http_answer *a = get("/most", 0);

	ck_assert_int_eq(a->result, HR_OK);
	ck_assert_uint_eq(a->body_len, HTTP_BODY_MAX);
	http_answer_free(a);
}
END_TEST

/* However many a module asks for at once, its account's bodies have a limit together. */
START_TEST(bodies_of_an_account_have_a_limit)
{
	struct http_answer *most[2], *a;

	for (int i = 0; i < 2; i++) {
		most[i] = get("/most", 0);
		ck_assert_int_eq(most[i]->result, HR_OK);
	}
	a = get("/interim", 0);
	ck_assert_int_eq(a->result, HR_TRANSIENT);
	ck_assert_str_eq(a->error.message,
			 "the answer of 127.0.0.1 was not read to its end: the account's requests "
			 "and answers that are under way would have more than 32 MiB together");
	http_answer_free(a);
	a = bench_perform(account, "POST", 0, NULL, "x", "http://127.0.0.1:%d/interim",
			  server.port);
	ck_assert_int_eq(a->result, HR_TRANSIENT);
	ck_assert_str_eq(a->error.message, "requests and answers of this account have more than 32 "
					   "MiB at the moment; no more is sent");
	http_answer_free(a);
	http_answer_free(most[0]);
	a = bench_perform(account, "POST", 0, NULL, "x", "http://127.0.0.1:%d/interim",
			  server.port);
	ck_assert_msg(a->result == HR_OK, "%s", a->error.message);
	http_answer_free(a);
	http_answer_free(most[1]);
}
END_TEST

static const struct {
	const char *path;
	const char *says;
} broken[] = {
	{"/nothing", "broke"},          {"/truncated", "broke"}, {"/cut-chunk", "broke"},
	{"/cut-head", "broke"},         {"/garbage", "broke"},   {"/bad-gzip", "broke"},
	{"/many-headers", "too large"}, {"/large", "too large"}, {"/large-chunked", "too large"},
	{"/bomb", "too large"},
};

/* Lost after the request was sent: the outcome is not known, and it is sent once. */
START_TEST(broken_answer_is_transient_with_outcome_unknown)
{
	struct http_answer *a = get(broken[_i].path, HR_HTTP_IDEMPOTENT);

	ck_assert_int_eq(a->result, HR_TRANSIENT);
	ck_assert_uint_eq(a->error.flags, UNKNOWN);
	ck_assert_msg(strstr(a->error.message, broken[_i].says) != NULL, "%s", a->error.message);
	ck_assert_ptr_nonnull(strstr(a->error.message, "127.0.0.1"));
	ck_assert_int_eq(atomic_load(&server.n_requests), 1);
	http_answer_free(a);
}
END_TEST

START_TEST(no_connection_is_transient)
{
	struct raw_server gone;
	struct http_account *other;
	struct http_answer *a;

	raw_server_start(&gone, handler);
	raw_server_stop(&gone);
	other = bench_account(NULL, "{'endpoint': 'http://127.0.0.1:%d'}", gone.port);
	a = bench_perform(other, "POST", 0, NULL, "x", "http://127.0.0.1:%d/", gone.port);
	ck_assert_int_eq(a->result, HR_TRANSIENT);
	ck_assert_uint_eq(a->error.flags, 0);
	ck_assert_ptr_nonnull(strstr(a->error.message, "no connection to 127.0.0.1"));
	http_answer_free(a);
	http_account_free(other);
}
END_TEST

/* A TLS handshake that is broken off: nothing of the request was sent, so it is tried once more. */
START_TEST(connection_that_fails_is_tried_twice)
{
	struct http_account *other =
		bench_account(NULL, "{'endpoint': 'https://127.0.0.1:%d'}", server.port);
	struct http_answer *a;

	atomic_store(&server.hangs_up, true);
	a = bench_perform(other, "POST", 0, NULL, "x", "https://127.0.0.1:%d/", server.port);
	ck_assert_int_eq(a->result, HR_TRANSIENT);
	ck_assert_uint_eq(a->error.flags, 0);
	ck_assert_ptr_nonnull(strstr(a->error.message, "no connection to 127.0.0.1"));
	ck_assert_int_eq(atomic_load(&server.n_connections), 2);
	http_answer_free(a);
	http_account_free(other);
}
END_TEST

static struct http_answer *get_slow(struct http_account *whose, int64_t timeout_ms)
{
	struct http_request request = {.method = "GET", .timeout_ms = timeout_ms};
	struct http_answer *a = NULL;
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/slow", server.port);
	request.url = url;
	ck_assert_int_eq(http_perform(whose, &request, NULL, NULL, &a), 0);
	return a;
}

START_TEST(slow_answer_is_a_timeout_with_outcome_unknown)
{
	struct http_answer *a = get_slow(account, 200);

	ck_assert_int_eq(a->result, HR_TIMEOUT);
	ck_assert_uint_eq(a->error.flags, UNKNOWN);
	http_answer_free(a);
}
END_TEST

/* The role bounds what a module asks for; else this would take a minute. */
START_TEST(setting_bounds_the_timeout)
{
	struct http_account *other = bench_account(
		NULL, "{'endpoint': 'http://127.0.0.1:%d', 'timeout': 1}", server.port);
	struct http_answer *a = get_slow(other, 25000);

	ck_assert_int_eq(a->result, HR_TIMEOUT);
	http_answer_free(a);
	http_account_free(other);
}
END_TEST

START_TEST(connections_are_kept_for_one_account_only)
{
	struct http_account *other =
		bench_account(&(const struct bench_account){.id = "other"},
			      "{'endpoint': 'http://127.0.0.1:%d'}", server.port);

	for (int i = 0; i < 3; i++)
		http_answer_free(get("/json", 0));
	ck_assert_int_eq(atomic_load(&server.n_connections), 1);
	http_answer_free(bench_perform(other, "GET", 0, NULL, NULL, "http://127.0.0.1:%d/json",
				       server.port));
	ck_assert_int_eq(atomic_load(&server.n_connections), 2);
	http_account_free(other);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("transfer");
	TCase *t = tcase_create("transfer");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, request_goes_out_as_it_is);
	tcase_add_test(t, paths_and_methods_are_not_touched);
	tcase_add_test(t, environment_does_not_count);
	tcase_add_loop_test(t, content_is_as_expected_or_transient, 0,
			    sizeof(contents) / sizeof(contents[0]));
	tcase_add_test(t, headers_of_answers_are_read);
	tcase_add_test(t, compressed_answers_are_decoded);
	tcase_add_test(t, largest_answer_is_taken);
	tcase_add_test(t, bodies_of_an_account_have_a_limit);
	tcase_add_loop_test(t, broken_answer_is_transient_with_outcome_unknown, 0,
			    sizeof(broken) / sizeof(broken[0]));
	tcase_add_test(t, no_connection_is_transient);
	tcase_add_test(t, connection_that_fails_is_tried_twice);
	tcase_add_test(t, slow_answer_is_a_timeout_with_outcome_unknown);
	tcase_add_test(t, setting_bounds_the_timeout);
	tcase_add_test(t, connections_are_kept_for_one_account_only);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	SRunner *runner = srunner_create(suite());
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
