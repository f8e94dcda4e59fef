/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts that a module names by a rule of its descriptor, and those that its provider hands out while it
 * runs: inline and by process the same are reached and refused. No name here resolves: a proxy of the
 * test's own stands for the network, and behind its tunnels is one server with TLS. */
#include "dispatch_bench.h"
#include "transcript.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>

#include "../http/certificates.h"
#include "../http/raw_server.h"
#include "base/log.h"

#define ENDPOINT "http://api.cloud.test"

static struct raw_server proxy;
static struct tls_server tls;
static struct certificate ca, own;
static const char *catalog; /* what the endpoint answers */
static char asked[4096];    /* the first line of each request at the proxy; under its mutex */

/* ---- The network --------------------------------------------------------------------------- */

/* One way; false: its end. */
static bool pass_on(int from, int to)
{
	char block[8192];
	ssize_t n = read(from, block, sizeof(block));

	if (n > 0)
		raw_write(to, block, (size_t)n);
	return n > 0;
}

static void tunnel(int fd)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)tls.port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int inner = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd ends[] = {{.fd = fd, .events = POLLIN}, {.fd = inner, .events = POLLIN}};
	bool goes_on = connect(inner, (struct sockaddr *)&address, sizeof(address)) == 0;

	if (goes_on)
		raw_text(fd, "HTTP/1.1 200 Go on\r\n\r\n");
	while (goes_on && poll(ends, 2, -1) > 0) {
		if (ends[0].revents)
			goes_on = pass_on(fd, inner);
		if (goes_on && ends[1].revents)
			goes_on = pass_on(inner, fd);
	}
	close(inner);
}

static bool serve(struct raw_server *s, int fd, const char *request)
{
	size_t used;

	pthread_mutex_lock(&s->mutex);
	used = strlen(asked);
	snprintf(asked + used, sizeof(asked) - used, "%.*s\n", (int)strcspn(request, "\r"),
		 request);
	pthread_mutex_unlock(&s->mutex);
	if (strncmp(request, "CONNECT ", 8) == 0) {
		tunnel(fd);
		return false;
	}
	raw_answer(fd, "200 OK", "",
		   raw_is(request, ENDPOINT "/catalog") ? catalog
		   : strncmp(request, "PUT ", 4) == 0   ? "i-77"
							: "{}");
	return true;
}

static void ck_asked(const char *expected)
{
	pthread_mutex_lock(&proxy.mutex);
	ck_assert_str_eq(asked, expected);
	pthread_mutex_unlock(&proxy.mutex);
}

static void setup(void)
{
	bench_setup();
	certificate_make(&ca, "test CA", NULL, NULL);
	certificate_make(&own, "server", "DNS:files.cloud.test,DNS:acme.test", &ca);
	tls_server_start(&tls, &own, NULL, NULL);
	raw_server_start(&proxy, serve);
	asked[0] = '\0';
	catalog = "";
}

static void teardown(void)
{
	bench_teardown(); /* its connections end with it */
	raw_server_stop(&proxy);
	tls_server_stop(&tls);
	certificate_free(&own);
	certificate_free(&ca);
}

/* more: further settings, ' for ". */
static void open_module(const char *id, uint64_t capabilities, const char *more)
{
	json_t *settings = json_pack("{ss ss}", "url", ENDPOINT, "ca", ca.cert_pem), *others;
	struct dispatch_request r = request(DISPATCH_OPEN);
	struct dispatch_answer *answer;
	char text[300];

	json_object_set_new(settings, "proxy", json_sprintf("http://127.0.0.1:%d", proxy.port));
	snprintf(text, sizeof(text), "{%s}", more);
	for (char *c = text; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	others = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(others);
	json_object_update(settings, others);
	json_decref(others);
	r.provider = id;
	r.settings = settings;
	answer = ask(&r);
	json_decref(settings);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	ck_assert_uint_eq(answer->capabilities, capabilities);
	dispatch_answer_free(answer);
}

static void open_learning(const char *more)
{
	open_module("httplearn", HR_CAP_LEARNS_HOSTS | HR_CAP_ABSENT_ONE_LOOK, more);
}

/* ---- Tests --------------------------------------------------------------------------------- */

#define CATALOG "GET " ENDPOINT "/catalog HTTP/1.1\n"

static const struct {
	const char *settings;
	const char *catalog;
	const char *asked;
} reached[] = {
	/* By the rule, whose condition holds. */
	{"'name': 'acme', 'names': 'given'", "", "CONNECT acme.test:443 HTTP/1.1\n" CATALOG},
	/* Learnt, below the endpoint's parent domain; without TLS as the endpoint is. */
	{"", "https://files.cloud.test/\n", CATALOG "CONNECT files.cloud.test:443 HTTP/1.1\n"},
	{"", "http://files.cloud.test/a\nhttp://b.c.cloud.test:81/\n",
	 CATALOG
	 "GET http://files.cloud.test/a HTTP/1.1\nGET http://b.c.cloud.test:81/ HTTP/1.1\n"},
	/* As far as the setting says, and where one endpoint has TLS with TLS. */
	{"'bound': ['*.other.test']", "http://files.other.test/\n",
	 CATALOG "GET http://files.other.test/ HTTP/1.1\n"},
	{"'bound': ['x.test', '192.0.2.7']", "http://192.0.2.7/\nhttp://x.test/\n",
	 CATALOG "GET http://192.0.2.7/ HTTP/1.1\nGET http://x.test/ HTTP/1.1\n"},
	{"'identity': 'https://id.cloud.test'", "https://files.cloud.test/\n",
	 CATALOG "CONNECT files.cloud.test:443 HTTP/1.1\n"},
};

START_TEST(reached_as_bounded)
{
	struct dispatch_answer *answer;

	catalog = reached[_i].catalog;
	open_learning(reached[_i].settings);
	answer = ask_kind(DISPATCH_CHECK);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
	ck_asked(reached[_i].asked);
}
END_TEST

#define NOT_NAMED                                                                             \
	" may not be reached: it is neither an endpoint of the account, nor a host that its " \
	"module or a setting names; see settings.bound"

static const struct {
	const char *settings;
	const char *catalog;
	const char *message;
	const char *asked;
} refused[] = {
	/* The rule: its condition does not hold; a value spans no dot; without TLS not at all. */
	{"'name': 'acme'", "", "https://acme.test:443" NOT_NAMED, ""},
	{"'name': 'acme', 'names': 'none'", "", "https://acme.test:443" NOT_NAMED, ""},
	{"'name': 'evil.acme', 'names': 'given'", "", "https://evil.acme.test:443" NOT_NAMED, ""},
	{"'names': 'given'", "https://acme.test/", "https://acme.test:443" NOT_NAMED, CATALOG},
	{"'name': 'acme', 'names': 'given'", "http://acme.test/",
	 "http://acme.test:80 may not be reached: its module names it, but without TLS it may name "
	 "link-local addresses only, for a setting's value; an endpoint may be http, see "
	 "settings.url",
	 "CONNECT acme.test:443 HTTP/1.1\n" CATALOG},
	/* Learnt, but out of bounds. */
	{"", "https://files.other.test/", "https://files.other.test:443" NOT_NAMED, CATALOG},
	{"", "https://cloud.test/", "https://cloud.test:443" NOT_NAMED, CATALOG},
	{"", "https://evilcloud.test/", "https://evilcloud.test:443" NOT_NAMED, CATALOG},
	{"", "https://a.cloud.test.evil.test/", "https://a.cloud.test.evil.test:443" NOT_NAMED,
	 CATALOG},
	{"", "http://169.254.169.254/latest/", "http://169.254.169.254:80" NOT_NAMED, CATALOG},
	{"", "http://127.0.0.1:9/", "http://127.0.0.1:9" NOT_NAMED, CATALOG},
	{"'bound': ['*.other.test']", "https://files.cloud.test/",
	 "https://files.cloud.test:443" NOT_NAMED, CATALOG},
	{"'bound': ['*.other.test']", "https://other.test/", "https://other.test:443" NOT_NAMED,
	 CATALOG},
	{"'identity': 'https://id.cloud.test'", "http://files.cloud.test/",
	 "http://files.cloud.test:80" NOT_NAMED, CATALOG},
};

START_TEST(refused_beyond)
{
	struct dispatch_answer *answer;

	catalog = refused[_i].catalog;
	open_learning(refused[_i].settings);
	answer = ask_kind(DISPATCH_CHECK);
	ck_assert_int_eq(answer->result, HR_INVALID);
	ck_assert_str_eq(answer->error.message, refused[_i].message);
	dispatch_answer_free(answer);
	ck_asked(refused[_i].asked);
}
END_TEST

/* A module that does not say that it learns hosts reaches those of its rules, and no others, whatever its
 * settings allow. */
START_TEST(who_does_not_say_so_learns_none)
{
	struct dispatch_answer *answer;

	catalog = "https://acme.test/\nhttp://files.other.test/\n";
	open_module("httprules", 0, "'bound': ['*.other.test'], 'name': 'acme', 'names': 'given'");
	answer = ask_kind(DISPATCH_CHECK);
	ck_assert_int_eq(answer->result, HR_INVALID);
	ck_assert_str_eq(answer->error.message,
			 "http://files.other.test:80 may not be reached: it is neither an endpoint "
			 "of the account, nor a host that its module or a setting names; see "
			 "settings.url");
	dispatch_answer_free(answer);
	ck_assert(!raw_server_saw(&proxy, "other.test"));
}
END_TEST

static struct dispatch_answer *create(const char *token)
{
	struct dispatch_request r = request(DISPATCH_CREATE);

	r.step.resume_token = token;
	return ask(&r);
}

/* A step goes on where it learnt to, in an account that was opened since: no answer of this one's held the
 * host. Its bound is what counts, then too. */
START_TEST(learnt_in_a_life_before)
{
	struct dispatch_answer *answer;
	char token[100];

	catalog = "http://files.cloud.test/up\n";
	open_learning("");
	answer = create(NULL);
	ck_assert_int_eq(answer->result, HR_AGAIN);
	snprintf(token, sizeof(token), "%s", answer->resume_token);
	ck_assert_str_eq(token, "http://files.cloud.test/up");
	dispatch_answer_free(answer);
	open_learning("");
	answer = create(token);
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	ck_assert_str_eq(answer->instance_id, "i-77");
	dispatch_answer_free(answer);
	ck_asked(CATALOG "PUT http://files.cloud.test/up HTTP/1.1\n");
	open_learning("'bound': ['*.other.test']");
	answer = create(token);
	ck_assert_int_eq(answer->result, HR_INVALID);
	ck_assert_str_eq(answer->error.message, "http://files.cloud.test:80" NOT_NAMED);
	ck_assert_str_eq(answer->error.field, "settings.bound");
	dispatch_answer_free(answer);
	ck_asked(CATALOG "PUT http://files.cloud.test/up HTTP/1.1\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create(by_process ? "process_learnt" : "inline_learnt");
	TCase *tests = tcase_create("learnt");
	SRunner *runner;
	int failed;

	log_setup(LOG_LEVEL_NONE, LOG_FORMAT_TEXT);
	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, reached_as_bounded, 0, sizeof(reached) / sizeof(reached[0]));
	tcase_add_loop_test(tests, refused_beyond, 0, sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(tests, who_does_not_say_so_learns_none);
	tcase_add_test(tests, learnt_in_a_life_before);
	transcript_open(by_process ? "process_learnt" : "inline_learnt");
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
