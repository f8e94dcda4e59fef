/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what: every route with every role, tokens and their end, the unix socket, and requests
 * that are none. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "api/auth.h"
#include "api/routes.h"
#include "api_fixture.h"
#include "../http/raw_server.h"
#include "base/clock.h"
#include "http/http.h"

/* The route's pattern with something in place of its parameter. */
static void fill_path(const struct route *route, char buf[256])
{
	const char *brace = strstr(route->pattern, "{id}");

	if (brace)
		text_format(buf, 256, "%.*snothing%s", (int)(brace - route->pattern),
			    route->pattern, brace + 4);
	else
		text_copy(buf, 256, route->pattern);
}

/* What each role is for, in words independent of the table: (path begins, method) -> who may. */
static bool may(const struct route *route, enum caller caller)
{
	bool reads = strcmp(route->method, "GET") == 0;
	bool sessions = strncmp(route->pattern, "/api/v1/sessions", 16) == 0;
	bool connection = strstr(route->pattern, "/connection") != NULL;

	if (strcmp(route->pattern, "/api/set_server_status") == 0 ||
	    strcmp(route->pattern, "/healthz") == 0 || strcmp(route->pattern, "/readyz") == 0)
		return true;
	if (caller == NOBODY)
		return false;
	if (caller == ADMIN || strcmp(route->pattern, "/api/v1/info") == 0)
		return true;
	if (strncmp(route->pattern, "/api/v1/tokens", 14) == 0)
		return false;
	if (caller == BROKER)
		return sessions;
	if (caller == VIEWER)
		return reads && !connection;
	/* Operators do everything but accounts. */
	return reads || strncmp(route->pattern, "/api/v1/provider-configs", 24) != 0 ||
	       strstr(route->pattern, "/check") != NULL;
}

START_TEST(every_route_and_role)
{
	for (size_t i = 0; i < n_routes; i++) {
		for (int caller = NOBODY; caller <= ADMIN; caller++) {
			const char *body = routes[i].body == BODY_OBJECT ? "{\"unknown\":1}" : NULL;
			char path[256];
			long status;

			fill_path(&routes[i], path);
			status = call((enum caller)caller, routes[i].method, path, body);
			if (may(&routes[i], (enum caller)caller)) {
				/* Allowed; what is asked is nonsense mostly. A check-in has its own tokens. */
				if (strcmp(path, "/api/set_server_status") != 0)
					ck_assert_msg(status != 401 && status != 403,
						      "%s %s as %d: %ld", routes[i].method, path,
						      caller, status);
				ck_assert_msg(status < 500, "%s %s: %ld %s", routes[i].method, path,
					      status, reply.text);
			} else {
				ck_assert_msg(status == (caller == NOBODY ? 401 : 403),
					      "%s %s as %d: %ld", routes[i].method, path, caller,
					      status);
			}
		}
	}
}
END_TEST

/* The manual knows every path of the table. */
START_TEST(every_route_is_documented)
{
	const char *top = getenv("HEADROOM_SRCDIR");
	char path[PATH_SIZE], quoted[200];
	size_t size = (size_t)1 << 17, len;
	char *manual = calloc(1, size);
	FILE *file;

	text_format(path, sizeof(path), "%s/docs/api.md", top ? top : ".");
	file = fopen(path, "re");
	ck_assert_msg(file != NULL, "%s", path);
	len = fread(manual, 1, size - 1, file);
	ck_assert_uint_gt(len, 0);
	fclose(file);
	for (size_t i = 0; i < n_routes; i++) {
		text_format(quoted, sizeof(quoted), "`%s`", routes[i].pattern);
		ck_assert_msg(strstr(manual, quoted) != NULL, "%s is not in docs/api.md", quoted);
	}
	free(manual);
}
END_TEST

START_TEST(refusals_say_what_is_needed)
{
	expect_problem(
		401, "auth", "",
		"this needs an access token: send the header \"Authorization: Bearer hr_...\"; make one "
		"with: headroom token create",
		call(NOBODY, "GET", "/api/v1/zones", NULL));
	ck_assert_ptr_nonnull(strstr(reply.headers, "WWW-Authenticate: Bearer"));
	expect_problem(403, "auth", "",
		       "the token \"viewer\" has the role viewer; this needs operator or admin",
		       call(VIEWER, "PUT", "/api/v1/zones/here", "{}"));
	expect_problem(403, "auth", "",
		       "the token \"operator\" has the role operator; this needs admin",
		       call(OPERATOR, "GET", "/api/v1/tokens", NULL));
	expect_problem(
		401, "auth", "",
		"this is no access token of Headroom: those begin with hr_ and have 46 characters",
		call_token("hr_short", "GET", "/api/v1/zones", NULL));
	expect_problem(401, "auth", "",
		       "this access token is not known here; make one with: headroom token create",
		       call_token("hr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "GET",
				  "/api/v1/zones", NULL));
	expect_problem(
		401, "auth", "", "the Authorization header must read: Bearer hr_...",
		call_with(NOBODY, "GET", "/api/v1/zones", NULL, "Authorization: Basic YTpi"));
	expect(200, call_with(NOBODY, "GET", "/healthz", NULL, "Authorization: Basic YTpi"));
}
END_TEST

START_TEST(tokens_are_made_and_revoked)
{
	char token[API_TOKEN_SIZE];

	expect(201, call(ADMIN, "POST", "/api/v1/tokens",
			 "{\"name\":\"portal\",\"role\":\"broker\",\"expires\":\"90d\"}"));
	text_copy(token, sizeof(token), text_at("token"));
	must_not_log(token);
	ck_assert_uint_eq(strlen(token), 46);
	ck_assert_str_ne(text_at("expires"), "");
	expect(200, call_token(token, "GET", "/api/v1/sessions", NULL));
	/* Its text is never shown again. */
	expect(200, call(ADMIN, "GET", "/api/v1/tokens", NULL));
	ck_assert_ptr_null(strstr(reply.text, token));
	ck_assert_uint_eq(items(), 5);
	expect(204, call(ADMIN, "DELETE", "/api/v1/tokens/portal", NULL));
	expect(401, call_token(token, "GET", "/api/v1/sessions", NULL));
	ck_assert_msg(
		strncmp(text_at("detail"), "the access token \"portal\" was revoked at ", 41) == 0,
		"%s", text_at("detail"));
	expect(404, call(ADMIN, "DELETE", "/api/v1/tokens/nobody", NULL));
}
END_TEST

START_TEST(token_wishes_are_checked)
{
	expect(422, call(ADMIN, "POST", "/api/v1/tokens", "{\"name\":\"x\",\"role\":\"king\"}"));
	ck_assert_str_eq(text_at("field"), "role");
	expect(422, call(ADMIN, "POST", "/api/v1/tokens", "{\"name\":\"x\"}"));
	expect(422,
	       call(ADMIN, "POST", "/api/v1/tokens", "{\"name\":\"A B\",\"role\":\"viewer\"}"));
	expect_problem(
		422, "invalid", "expires",
		"\"soon\" is neither a time such as 2027-01-31T00:00:00Z nor a duration such as 90d",
		call(ADMIN, "POST", "/api/v1/tokens",
		     "{\"name\":\"x\",\"role\":\"viewer\",\"expires\":\"soon\"}"));
	expect_problem(
		422, "invalid", "expires",
		"the token would have expired already at 2001-01-01T00:00:00Z",
		call(ADMIN, "POST", "/api/v1/tokens",
		     "{\"name\":\"x\",\"role\":\"viewer\",\"expires\":\"2001-01-01T00:00:00Z\"}"));
	expect(201,
	       call(ADMIN, "POST", "/api/v1/tokens",
		    "{\"name\":\"x\",\"role\":\"viewer\",\"expires\":\"2099-01-01T00:00:00Z\"}"));
	expect(409, call(ADMIN, "POST", "/api/v1/tokens", "{\"name\":\"x\",\"role\":\"viewer\"}"));
}
END_TEST

struct expired {
	struct api_token token;
	uint8_t hash[32];
};

static int insert_token(struct tx *tx, void *arg, struct hr_error *err)
{
	const struct expired *expired = arg;

	return token_insert(tx, &expired->token, expired->hash, err);
}

START_TEST(tokens_expire)
{
	static const char text[] = "hr_BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";
	struct expired expired = {.token = {.name = "old", .role = ROLE_ADMIN, .created_ms = 1}};
	struct hr_error err = {0};

	text_copy(expired.token.id, sizeof(expired.token.id), id_of(1));
	expired.token.expires_ms = clock_now().wall_ms - 1;
	auth_token_hash(text, expired.hash);
	must(store_write(store, insert_token, &expired, &err));
	expect(401, call_token(text, "GET", "/api/v1/zones", NULL));
	ck_assert_msg(strncmp(text_at("detail"), "the access token \"old\" expired at ", 34) == 0,
		      "%s", text_at("detail"));
}
END_TEST

/* Our own user and root are trusted on the socket; a token given there counts as elsewhere. */
START_TEST(unix_socket)
{
	char header[100];
	struct stat st;

	expect(200, call(LOCAL, "GET", "/api/v1/tokens", NULL));
	text_format(header, sizeof(header), "Authorization: Bearer %s", token_text(VIEWER));
	expect(403, call_with(LOCAL, "GET", "/api/v1/tokens", NULL, header));
	ck_assert_int_eq(stat(socket_path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

/* Another user who gets as far as the socket still needs a token. */
START_TEST(unix_socket_of_another_user)
{
	static const char request[] =
		"GET /api/v1/zones HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char folder[PATH_SIZE], answer[512] = "";
	int fds[2];
	pid_t child;

	if (geteuid() != 0)
		return; /* only root can become somebody else */
	ck_assert_int_eq(chmod(socket_path, 0666), 0);
	ck_assert_int_eq(chmod(below(folder, "run"), 0755), 0);
	ck_assert_int_eq(chmod(test_folder, 0755), 0);
	ck_assert_int_eq(pipe(fds), 0);
	text_copy(address.sun_path, sizeof(address.sun_path), socket_path);
	child = fork();
	if (child == 0) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		ssize_t n = -1;

		if (setgid(65534) == 0 && setuid(65534) == 0 &&
		    connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
		    write(fd, request, sizeof(request) - 1) > 0)
			n = read(fd, answer, sizeof(answer));
		_exit(n > 0 && write(fds[1], answer, (size_t)n) == n ? 0 : 1);
	}
	close(fds[1]);
	ck_assert_int_gt(read(fds[0], answer, sizeof(answer) - 1), 0);
	ck_assert_msg(strncmp(answer, "HTTP/1.1 401 ", 13) == 0, "%s", answer);
	close(fds[0]);
}
END_TEST

START_TEST(requests_that_are_none)
{
	char long_header[18000] = "X-Long: ", path[64];

	expect_problem(404, "not_found", "", "there is nothing at /api/v1/zonnes",
		       call(ADMIN, "GET", "/api/v1/zonnes", NULL));
	expect(404, call(ADMIN, "GET", "/api/v1/zones/", NULL));
	expect(404, call(ADMIN, "GET", "/api/v1/zones/a/b", NULL));
	expect(404, call(ADMIN, "GET", "/", NULL));
	expect(404, call(ADMIN, "GET", "/api/v1/../v1/zones", NULL));
	expect_problem(405, "invalid", "",
		       "TRACE is not possible at /api/v1/zones; possible: GET, POST",
		       call(ADMIN, "TRACE", "/api/v1/zones", NULL));
	ck_assert_ptr_nonnull(strstr(reply.headers, "Allow: GET, POST\r\n"));
	text_copy(path, sizeof(path), "/api/v1/zones/%ff");
	expect(400, call(ADMIN, "GET", path, NULL));
	expect(400, call(ADMIN, "GET", "/api/v1/zones?cursor=%ff", NULL));
	expect(404, call(ADMIN, "GET", "/api/v1/zones/'%20or%201=1", NULL));
	memset(long_header + 8, 'x', sizeof(long_header) - 9);
	expect(431, call_with(ADMIN, "GET", "/api/v1/zones", NULL, long_header));
	ck_assert_str_eq(text_at("detail"), "the request's headers are longer than 16 KiB");
}
END_TEST

START_TEST(answers_carry_what_they_should)
{
	expect(200, call(VIEWER, "GET", "/api/v1/info", NULL));
	ck_assert_str_eq(text_at("installation"), store_installation(store));
	ck_assert_str_ne(text_at("version"), "");
	ck_assert_ptr_nonnull(strstr(reply.headers, "X-Request-Id: "));
	ck_assert_ptr_nonnull(strstr(reply.headers, "Cache-Control: no-store"));
	ck_assert_ptr_nonnull(strstr(reply.headers, "Content-Type: application/json"));
	expect(200, call(NOBODY, "GET", "/readyz", NULL));
	ck_assert_str_eq(text_at("status"), "ready");
	expect(201, call(ADMIN, "PUT", "/api/v1/zones/here?dry_run=false", "{}"));
	expect(403, call(VIEWER, "DELETE", "/api/v1/zones/here", NULL));
	/* Changes and refusals are logged, without the query; what is only asked is not. */
	ck_assert(log_holds("PUT /api/v1/zones/here 201"));
	ck_assert(log_holds("DELETE /api/v1/zones/here 403"));
	ck_assert(!log_holds("dry_run") && !log_holds("/readyz"));
}
END_TEST

START_TEST(metrics_count)
{
	long long before, unauthorised;

	before = metric("headroom_http_requests_total{code=\"200\"}");
	unauthorised = metric("headroom_http_requests_total{code=\"401\"}");
	ck_assert_int_eq(unauthorised, -1);
	call(NOBODY, "GET", "/api/v1/zones", NULL);
	ck_assert_int_eq(metric("headroom_http_requests_total{code=\"401\"}"), 1);
	ck_assert_int_ge(metric("headroom_http_requests_total{code=\"200\"}"), before + 2);
	ck_assert_int_ge(metric("headroom_store_commits_total"), 1);
	ck_assert_int_ge(metric("headroom_http_connections"), 1);
	ck_assert_ptr_nonnull(strstr(reply.headers, "text/plain; version=0.0.4"));
}
END_TEST

START_TEST(metrics_of_modules)
{
	const struct account_metric account = {.account = "11111111-1111-4111-8111-111111111111",
					       .waiting = {0, 3, 0, 0},
					       .rate_milli = 90000,
					       .breaker = BREAKER_OPEN};

#define OF_ACCOUNT "{account=\"11111111-1111-4111-8111-111111111111\""
	ck_assert_int_eq(metric("headroom_hosts_running{module=\"mock\"}"), -1);
	module_metrics_started(module_metrics, "mock");
	module_metrics_started(module_metrics, "mock");
	module_metrics_ended(module_metrics, "mock", HOST_END_MEMORY);
	module_metrics_called(module_metrics, DISPATCH_CREATE, HR_OK, 700);
	module_metrics_called(module_metrics, DISPATCH_CREATE, HR_QUOTA, 90000);
	module_metrics_accounts(module_metrics, &account, 1);
	ck_assert_int_eq(metric("headroom_hosts_started_total{module=\"mock\"}"), 2);
	ck_assert_int_eq(metric("headroom_hosts_ended_total{module=\"mock\",reason=\"memory\"}"),
			 1);
	ck_assert_int_eq(metric("headroom_hosts_ended_total{module=\"mock\",reason=\"crash\"}"), 0);
	ck_assert_int_eq(metric("headroom_hosts_running{module=\"mock\"}"), 1);
#define CALLS "headroom_module_calls_total{operation=\"create\",outcome="
	ck_assert_int_eq(metric(CALLS "\"done\"}"), 1);
	ck_assert_int_eq(metric(CALLS "\"quota\"}"), 1);
#define DURATION "headroom_module_call_duration_seconds"
	ck_assert_int_eq(metric(DURATION "_bucket{operation=\"create\",le=\"0.5\"}"), 0);
	ck_assert_int_eq(metric(DURATION "_bucket{operation=\"create\",le=\"1\"}"), 1);
	ck_assert_int_eq(metric(DURATION "_bucket{operation=\"create\",le=\"60\"}"), 1);
	ck_assert_int_eq(metric(DURATION "_bucket{operation=\"create\",le=\"+Inf\"}"), 2);
	ck_assert_int_eq(metric(DURATION "_sum{operation=\"create\"}"), 90);
	ck_assert_int_eq(metric(DURATION "_count{operation=\"create\"}"), 2);
	ck_assert_ptr_nonnull(strstr(reply.text, "# TYPE " DURATION " histogram\n"));
	ck_assert_int_eq(
		metric("headroom_account_waiting_calls" OF_ACCOUNT ",urgency=\"removal\"}"), 3);
	ck_assert_ptr_nonnull(strstr(
		reply.text, "headroom_account_budget_requests_per_second" OF_ACCOUNT "} 1.5\n"));
	ck_assert_int_eq(metric("headroom_account_breaker_state" OF_ACCOUNT ",state=\"open\"}"), 1);
	ck_assert_int_eq(metric("headroom_account_breaker_state" OF_ACCOUNT ",state=\"closed\"}"),
			 0);
}
END_TEST

static atomic_long bytes_in, bytes_out;

static bool answer_provider(struct raw_server *server, int fd, const char *request)
{
	const char *text = "HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nhello";

	(void)server;
	atomic_fetch_add(&bytes_in, (long)strlen(request));
	atomic_fetch_add(&bytes_out, (long)strlen(text));
	raw_text(fd, text);
	return true;
}

static void ask_provider(struct http_account *account, const char *url, const char *body)
{
	const struct http_request request = {.method = "POST",
					     .url = url,
					     .body = body,
					     .body_len = strlen(body),
					     .timeout_ms = 20000};
	struct http_answer *answer = NULL;

	ck_assert_int_eq(http_perform(account, &request, NULL, NULL, &answer), 0);
	http_answer_free(answer);
}

/* What the server counts, and what was refused, is what is shown. */
START_TEST(metrics_of_requests)
{
	static const struct hr_setting rows[] = {
		{.key = "endpoint", .type = HR_TYPE_STRING, .role = HR_ROLE_ENDPOINT}};
	static const struct schema schema = SCHEMA_OF("settings", rows);
	static struct raw_server server;
	struct http_account_options options = {.id = "22222222-2222-4222-8222-222222222222",
					       .schema = &schema};
	struct http_account *account = NULL;
	struct hr_error err = {0};
	char url[64];
	json_t *settings;

#define OF_KIND "{account=\"22222222-2222-4222-8222-222222222222\",method=\"POST\",code=\"2xx\"}"
#define OF_CONFIG "{account=\"22222222-2222-4222-8222-222222222222\"}"
	raw_server_start(&server, answer_provider);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", server.port);
	settings = json_pack("{ss}", "endpoint", url);
	options.settings = settings;
	ck_assert_int_eq(http_account_new(provider_http, &options, &account, &err), 0);
	json_decref(settings);
	ck_assert_int_eq(metric("headroom_provider_sent_bytes_total" OF_KIND), -1);
	ask_provider(account, url, "a body of twenty-six bytes");
	ask_provider(account, url, "");
	ask_provider(account, "http://localhost:1/", "");
	ck_assert_int_eq(metric("headroom_provider_requests_total" OF_KIND), 2);
	ck_assert_int_gt(atomic_load(&bytes_in), 26);
	ck_assert_int_eq(metric("headroom_provider_sent_bytes_total" OF_KIND),
			 atomic_load(&bytes_in));
	ck_assert_int_eq(metric("headroom_provider_received_bytes_total" OF_KIND),
			 atomic_load(&bytes_out));
	ck_assert_int_eq(metric("headroom_provider_connections_total" OF_CONFIG), 1);
	ck_assert_int_eq(metric("headroom_provider_requests_refused_total" OF_CONFIG), 1);
	http_account_free(account);
	raw_server_stop(&server);
}
END_TEST

static int connect_tcp(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((uint16_t)strtoul(strchr(api_at, ':') + 1, NULL, 10));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* Sends text one byte at a time; gives whether the server had enough of it. */
static bool cut_off(int fd, const char *text)
{
	for (int i = 0; i < 200; i++) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
		char byte = text[0] ? *text++ : 'x';

		if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1)
			return true;
		if (poll(&poll_fd, 1, 50) > 0 && recv(fd, &byte, 1, 0) <= 0)
			return true;
	}
	return false;
}

/* A byte now and then keeps no connection open beyond the time for a whole request. */
START_TEST(slow_senders_are_cut_off)
{
	int headers = connect_tcp(), body = connect_tcp(), silent = connect_tcp();
	struct pollfd silent_fd = {.fd = silent, .events = POLLIN};
	char byte;

	ck_assert(cut_off(headers, "GET /api/v1/zones HTTP/1.1\r\nHost: x\r\nX-Slow: "));
	ck_assert(cut_off(
		body, "POST /api/v1/zones HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"));
	ck_assert_int_eq(poll(&silent_fd, 1, 10000), 1);
	ck_assert_int_le(recv(silent, &byte, 1, 0), 0);
	close(headers);
	close(body);
	close(silent);
	/* Others are served all the time. */
	expect(200, call(NOBODY, "GET", "/healthz", NULL));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		every_route_and_role,
		every_route_is_documented,
		refusals_say_what_is_needed,
		tokens_are_made_and_revoked,
		token_wishes_are_checked,
		tokens_expire,
		unix_socket,
		unix_socket_of_another_user,
		requests_that_are_none,
		answers_carry_what_they_should,
		metrics_count,
		metrics_of_modules,
		metrics_of_requests,
	};
	const TTest *const slow[] = {slow_senders_are_cut_off};
	int failed = run_tests("access", tests, sizeof(tests) / sizeof(tests[0]), api_setup,
			       api_teardown);

	return run_tests("slow senders", slow, 1, api_setup_quick, api_teardown) | failed;
}
