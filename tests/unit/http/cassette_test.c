/* SPDX-License-Identifier: Apache-2.0 */
/* Exchanges are recorded without secrets and replayed without a provider. */
#include "http/cassette.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/suite.h"
#include "http_bench.h"
#include "raw_server.h"

#define SECRET "hunter22&\\\"x"
#define SETTINGS "{'endpoint': 'http://127.0.0.1:%d', 'password': 'hunter22&\\\\\\'x'}"

static struct raw_server server;
static char folder[64], file[128];

static bool handler(struct raw_server *s, int fd, const char *request)
{
	char body[64];

	if (raw_is(request, "/lost"))
		return false;
	if (raw_is(request, "/html")) {
		raw_answer(fd, "200 OK", "Content-Type: text/html\r\nX-Request-Id: r-9\r\n", "<p>");
		return true;
	}
	if (raw_is(request, "/away")) {
		raw_answer(fd, "302 There", "Location: http://evil.test/\r\n", "");
		return true;
	}
	if (raw_is(request, "/binary")) {
		raw_answer(fd, "200 OK", "X-Subject-Token: t-5ecret\r\n", "\xff\xfe\x01");
		return true;
	}
	snprintf(body, sizeof(body), "answer %d", atomic_load(&s->n_requests));
	raw_answer(fd, "201 Made", "X-Request-Id: r-1\r\nRetry-After: 3\r\n", body);
	return true;
}

static void setup(void)
{
	snprintf(folder, sizeof(folder), "/tmp/cassette-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/account.json", folder);
	raw_server_start(&server, handler);
}

static void teardown(void)
{
	raw_server_stop(&server);
	unlink(file);
	ck_assert_int_eq(rmdir(folder), 0); /* nothing else was left there */
}

static const struct http_header headers[] = {
	HEADER("Authorization", "Basic abcdef"), HEADER("X-Plain", "plain " SECRET), {NULL, NULL}};

static struct http_answer *ask(struct http_account *account, const char *method, const char *body,
			       const char *path)
{
	return bench_perform(account, method, 0, headers, body, "http://127.0.0.1:%d%s",
			     server.port, path);
}

/* Five exchanges: two equal ones with different answers, a secret everywhere, bytes, a failure. */
static void record(void)
{
	struct http_account *account;

	bench_start_with(folder, NULL);
	account = bench_account(NULL, SETTINGS, server.port);
	http_answer_free(ask(account, "GET", NULL, "/a"));
	http_answer_free(ask(account, "GET", NULL, "/a"));
	http_answer_free(ask(account, "POST", "p=" SECRET, "/b?key=hunter22%26%5C%22x"));
	http_answer_free(ask(account, "GET", NULL, "/binary"));
	http_answer_free(ask(account, "GET", NULL, "/lost"));
	http_account_free(account);
	bench_stop();
}

static char *read_file(void)
{
	char *text = calloc(1, 1 << 16);
	int fd = open(file, O_RDONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_gt(read(fd, text, (1 << 16) - 1), 0);
	close(fd);
	return text;
}

START_TEST(file_holds_no_secret)
{
	struct stat st;
	char *text;

	record();
	text = read_file();
	ck_assert_ptr_null(strstr(text, "hunter22"));
	ck_assert_ptr_null(strstr(text, "abcdef"));
	ck_assert_ptr_null(strstr(text, "t-5ecret"));
	ck_assert_ptr_nonnull(strstr(text, "/b?key=***\""));
	ck_assert_ptr_nonnull(strstr(text, "p=***"));
	ck_assert_ptr_nonnull(strstr(text, "plain ***"));
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	free(text);
}
END_TEST

START_TEST(replayed_without_a_provider)
{
	struct http_account *account;
	struct http_answer *a;
	int before;

	record();
	before = atomic_load(&server.n_connections);
	bench_start_with(NULL, folder);
	account = bench_account(NULL, SETTINGS, server.port);
	a = ask(account, "POST", "p=" SECRET, "/b?key=hunter22%26%5C%22x"); /* order may differ */
	ck_assert_int_eq(a->result, HR_OK);
	ck_assert_int_eq(a->status, 201);
	ck_assert_str_eq(a->body, "answer 3");
	ck_assert_str_eq(a->request_id, "r-1");
	ck_assert_int_eq(a->retry_after_ms, 3000);
	http_answer_free(a);
	for (int i = 1; i <= 2; i++) { /* that of equal ones does not */
		char body[16];

		snprintf(body, sizeof(body), "answer %d", i);
		a = ask(account, "GET", NULL, "/a");
		ck_assert_str_eq(a->body, body);
		http_answer_free(a);
	}
	a = ask(account, "GET", NULL, "/binary");
	ck_assert_uint_eq(a->body_len, 3);
	ck_assert_mem_eq(a->body, "\xff\xfe\x01", 3);
	http_answer_free(a);
	a = ask(account, "GET", NULL, "/lost");
	ck_assert_int_eq(a->result, HR_TRANSIENT);
	ck_assert_uint_eq(a->error.flags, HR_FAULT_OUTCOME_UNKNOWN);
	http_answer_free(a);
	ck_assert_int_eq(atomic_load(&server.n_connections), before);
	http_account_free(account);
	bench_stop();
}
END_TEST

static struct http_answer *get_failure(const char *path)
{
	struct http_account *account = bench_account(NULL, SETTINGS, server.port);
	struct http_answer *a =
		bench_perform(account, "GET", HR_HTTP_EXPECT_JSON | HR_HTTP_FOLLOW, headers, NULL,
			      "http://127.0.0.1:%d%s", server.port, path);

	ck_assert_int_ne(a->result, HR_OK);
	http_account_free(account);
	return a;
}

/* What a module sees of a failure is the same both times. */
START_TEST(failures_are_replayed_whole)
{
	static const char *const paths[] = {"/html", "/away", "/lost"};
	struct http_answer *live[3], *again;

	bench_start_with(folder, NULL);
	for (int i = 0; i < 3; i++)
		live[i] = get_failure(paths[i]);
	bench_stop();
	ck_assert_str_eq(live[0]->error.request_id, "r-9");
	ck_assert_int_eq(live[0]->error.http_status, 200);
	ck_assert_str_eq(live[1]->error.field, "settings.endpoint");
	bench_start_with(NULL, folder);
	for (int i = 0; i < 3; i++) {
		again = get_failure(paths[i]);
		ck_assert_int_eq(again->result, live[i]->result);
		ck_assert_str_eq(again->error.message, live[i]->error.message);
		ck_assert_str_eq(again->error.field, live[i]->error.field);
		ck_assert_uint_eq(again->error.flags, live[i]->error.flags);
		ck_assert_int_eq(again->error.http_status, live[i]->error.http_status);
		ck_assert_str_eq(again->error.request_id, live[i]->error.request_id);
		ck_assert_int_eq(again->retry_after_ms, live[i]->retry_after_ms);
		http_answer_free(again);
		http_answer_free(live[i]);
	}
	bench_stop();
}
END_TEST

static void check_difference(struct http_account *account, const char *method, const char *body,
			     const char *path, const char *says)
{
	struct http_answer *a = ask(account, method, body, path);

	ck_assert_int_eq(a->result, HR_INVALID);
	ck_assert_msg(strstr(a->error.message, says) != NULL, "%s", a->error.message);
	ck_assert_ptr_null(strstr(a->error.message, "hunter22"));
	http_answer_free(a);
}

START_TEST(difference_is_named)
{
	struct http_account *account;

	record();
	bench_start_with(NULL, folder);
	account = bench_account(NULL, SETTINGS, server.port);
	check_difference(account, "PUT", NULL, "/a",
			 "exchange 1 of the cassette account differs in "
			 "the method: recorded is GET, asked is PUT");
	check_difference(account, "GET", NULL, "/c", "differs in the url");
	check_difference(account, "GET", "body", "/a", "differs in the body");
	check_difference(account, "GET", NULL,
			 "/c?"
			 "hunter22%26%5C%22x",
			 "/c?***");
	http_answer_free(ask(account, "GET", NULL, "/a"));
	http_answer_free(ask(account, "GET", NULL, "/a"));
	check_difference(account, "GET", NULL, "/a", "exchange 3");
	http_account_free(account);
	bench_stop();
}
END_TEST

START_TEST(end_of_cassette_is_named)
{
	struct http_account *account;
	FILE *f = fopen(file, "w");

	fputs("[]", f);
	fclose(f);
	bench_start_with(NULL, folder);
	account = bench_account(NULL, SETTINGS, server.port);
	check_difference(account, "GET", NULL, "/a", "no more exchanges: GET http://127.0.0.1");
	http_account_free(account);
	bench_stop();
}
END_TEST

START_TEST(missing_or_bad_cassette_is_refused)
{
	struct http_account *account = NULL;
	struct hr_error err;
	FILE *f;

	bench_start_with(NULL, folder);
	ck_assert_int_eq(bench_try_account(NULL, "{}", &account, &err), -1);
	ck_assert_int_eq(err.class, HR_INVALID);
	ck_assert_ptr_nonnull(strstr(err.message, "account.json"));
	f = fopen(file, "w");
	fputs("{}", f);
	fclose(f);
	ck_assert_int_eq(bench_try_account(NULL, "{}", &account, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "no array"));
	ck_assert_int_eq(bench_try_account(&(const struct bench_account){.id = "../account"}, "{}",
					   &account, &err),
			 -1);
	bench_stop();
}
END_TEST

/* The policy counts in a replay too. */
START_TEST(policy_comes_first)
{
	struct http_account *account;
	struct http_answer *a;

	record();
	bench_start_with(NULL, folder);
	account = bench_account(NULL, "{'endpoint': 'https://a.test'}");
	a = ask(account, "GET", NULL, "/a");
	ck_assert_int_eq(a->result, HR_INVALID);
	ck_assert_ptr_nonnull(strstr(a->error.message, "may not be reached"));
	http_answer_free(a);
	http_account_free(account);
	bench_stop();
}
END_TEST

START_TEST(resolved_secrets_are_masked_too)
{
	struct http_account *account;
	char *text;

	bench_start_with(folder, NULL);
	account = bench_account(NULL, "{'endpoint': 'http://127.0.0.1:%d', 'password': 'env:KEY'}",
				server.port);
	ck_assert_int_eq(http_account_add_secret(account, "resolved-later"), 0);
	http_answer_free(ask(account, "POST", "a resolved-later b", "/a"));
	http_account_free(account);
	bench_stop();
	text = read_file();
	ck_assert_ptr_null(strstr(text, "resolved-later"));
	ck_assert_ptr_nonnull(strstr(text, "a *** b"));
	free(text);
}
END_TEST

/* Secrets that no setting holds: a canary in a header, in the query and in the body. */
START_TEST(a_canary_does_not_reach_the_file)
{
	static const struct http_header with_canary[] = {HEADER("X-Auth-Token", "canary-1"),
							 {NULL, NULL}};
	struct http_account *account;
	char *text;

	bench_start_with(folder, NULL);
	account = bench_account(NULL, SETTINGS, server.port);
	http_answer_free(bench_perform(account, "POST", 0, with_canary,
				       "{\"user_data\": \"canary-2\", \"name\": \"srv-1\"}",
				       "http://127.0.0.1:%d/a?token=canary-3&zone=z", server.port));
	http_account_free(account);
	bench_stop();
	text = read_file();
	ck_assert_ptr_null(strstr(text, "canary"));
	ck_assert_ptr_nonnull(strstr(text, "srv-1"));
	ck_assert_ptr_nonnull(strstr(text, "/a?token=***&zone=z"));
	free(text);
}
END_TEST

/* A file that others may read is not written into; nor is what was recorded before kept. */
START_TEST(an_old_file_is_replaced)
{
	struct stat st;
	json_t *exchanges;
	char *text;

	ck_assert_int_eq(close(open(file, O_WRONLY | O_CREAT, 0644)), 0);
	record();
	record();
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	text = read_file();
	exchanges = json_loads(text, 0, NULL);
	ck_assert_uint_eq(json_array_size(exchanges), 5);
	json_decref(exchanges);
	free(text);
}
END_TEST

START_TEST(only_accounts_that_are_named)
{
	static const char *const ids[] = {"another", NULL};
	const struct http_service_options options = {.record_dir = folder, .record_ids = ids};
	struct http_account *account;

	bench_start_as(&options);
	account = bench_account(NULL, SETTINGS, server.port);
	http_answer_free(ask(account, "GET", NULL, "/a"));
	http_account_free(account);
	ck_assert_int_ne(access(file, F_OK), 0);
	account = bench_account(&(const struct bench_account){.id = "another"}, SETTINGS,
				server.port);
	http_answer_free(ask(account, "GET", NULL, "/a"));
	http_account_free(account);
	bench_stop();
	snprintf(file, sizeof(file), "%s/another.json", folder); /* removed by the teardown */
	ck_assert_int_eq(access(file, F_OK), 0);
}
END_TEST

START_TEST(a_full_cassette_says_so_once)
{
	struct http_answer answer = {.status = 200, .body_len = 34u << 20};
	struct scrub scrub = {.mutex = PTHREAD_MUTEX_INITIALIZER};
	json_t *request = json_pack("{ss}", "method", "GET"), *exchanges;
	struct cassette *cassette;
	struct hr_error err = {0};

	answer.body = malloc(answer.body_len);
	memset(answer.body, 'x', answer.body_len);
	ck_assert_int_eq(cassette_open(folder, "account", false, &cassette, &err), 0);
	ck_assert_int_eq(cassette_record(cassette, request, &answer, &scrub, &err), 0);
	ck_assert_int_eq(cassette_record(cassette, request, &answer, &scrub, &err), -1);
	ck_assert_int_eq(err.class, HR_QUOTA);
	ck_assert_int_eq(cassette_record(cassette, request, &answer, &scrub, &err), 0);
	cassette_free(cassette);
	exchanges = json_load_file(file, 0, NULL);
	ck_assert_uint_eq(json_array_size(exchanges), 1);
	json_decref(exchanges);
	json_decref(request);
	free(answer.body);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cassette");
	TCase *t = tcase_create("cassette");
	SRunner *runner = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, file_holds_no_secret);
	tcase_add_test(t, replayed_without_a_provider);
	tcase_add_test(t, failures_are_replayed_whole);
	tcase_add_test(t, difference_is_named);
	tcase_add_test(t, end_of_cassette_is_named);
	tcase_add_test(t, missing_or_bad_cassette_is_refused);
	tcase_add_test(t, policy_comes_first);
	tcase_add_test(t, resolved_secrets_are_masked_too);
	tcase_add_test(t, a_canary_does_not_reach_the_file);
	tcase_add_test(t, an_old_file_is_replaced);
	tcase_add_test(t, only_accounts_that_are_named);
	tcase_add_test(t, a_full_cassette_says_so_once);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
