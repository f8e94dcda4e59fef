/* SPDX-License-Identifier: Apache-2.0 */
/* What an account may reach and what not, by a table; and settings that are of no use. */
#include "http/policy.h"

#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "../base/suite.h"
#include "http/account.h"
#include "http/address.h"
#include "http_bench.h"
#include "raw_server.h"

static const struct hr_host_rule rules[] = {
	{.pattern = "ec2.{region}.amazonaws.com"},
	{.pattern = "sts.{region}.amazonaws.com", .only_when = "source=role"},
	{.pattern = "{missing}.amazonaws.com"},
	{.pattern = "api.example.net:8443"},
	{.pattern = "169.254.169.254", .only_when = "source=machine", .flags = HR_HOST_PLAIN_HTTP},
	{.pattern = "fe80::1", .only_when = "source=machine", .flags = HR_HOST_PLAIN_HTTP},
	/* Plain http, but not link-local, or by no condition: with TLS only. */
	{.pattern = "169.254.1.1", .flags = HR_HOST_PLAIN_HTTP},
	{.pattern = "api.plain.test", .only_when = "source=machine", .flags = HR_HOST_PLAIN_HTTP},
	{.pattern = "10.0.0.7", .only_when = "source=machine", .flags = HR_HOST_PLAIN_HTTP},
	{.pattern = "127.0.0.1", .only_when = "source=machine", .flags = HR_HOST_PLAIN_HTTP},
	{.pattern = "localhost", .only_when = "source=machine", .flags = HR_HOST_PLAIN_HTTP},
};

#define LEARNS HR_CAP_LEARNS_HOSTS
#define CLOUD "{'endpoint': 'https://keystone.cloud.example.com:5000/v3'}"
#define EU "{'region': 'eu-west-1'}"

static const struct {
	const char *settings;
	uint64_t capabilities;
	const char *url;
	bool may;
} cases[] = {
	/* endpoints: host, port, scheme */
	{CLOUD, 0, "https://keystone.cloud.example.com:5000/v3/auth", true},
	{CLOUD, 0, "https://KEYSTONE.cloud.EXAMPLE.com:5000", true},
	{CLOUD, 0, "https://keystone.cloud.example.com/v3", false},
	{CLOUD, 0, "http://keystone.cloud.example.com:5000/v3", false},
	{CLOUD, 0, "https://nova.cloud.example.com", false},
	{CLOUD, 0, "https://keystone.cloud.example.com.evil.test:5000", false},
	{CLOUD, 0, "https://keystone.cloud.example.com.:5000", false},
	{CLOUD, 0, "https://evilkeystone.cloud.example.com:5000", false},
	{CLOUD, 0, "https://user@keystone.cloud.example.com:5000", false},
	{CLOUD, 0, "https://user:secret@keystone.cloud.example.com:5000", false},
	{CLOUD, 0, "https://keystone.cloud.example.com:5000@evil.test/", false},
	{CLOUD, 0, "https://evil.test/#@keystone.cloud.example.com:5000", false},
	{CLOUD, 0, "https://evil.test\\@keystone.cloud.example.com:5000", false},
	{CLOUD, 0, "https://keystone.cloud.example.com:50000", false},
	{CLOUD, 0, "https://keystone.cloud.example.com:0", false},
	{CLOUD, 0, "https://keystone.cloud.example.com:99999", false},
	{CLOUD, 0, "https://keystone.cloud.example.com:5000/a b", false},
	{CLOUD, 0, "https://keystone.cloud.example.com:5000/\r\nX: y", false},
	{CLOUD, 0, "https://keystone.cloud.example.com:5000/\x01", false},
	{CLOUD, 0, "ftp://keystone.cloud.example.com:5000/", false},
	{CLOUD, 0, "file:///etc/passwd", false},
	{CLOUD, 0, "gopher://keystone.cloud.example.com:5000/", false},
	{CLOUD, 0, "keystone.cloud.example.com:5000", false},
	{CLOUD, 0, "/v3/auth", false},
	{CLOUD, 0, "", false},
	{CLOUD, 0, "https://", false},
	{CLOUD, 0, "https:///v3", false},
	{CLOUD, 0, "https://127.0.0.1:5000", false},
	{CLOUD, 0, "https://[::1]:5000", false},
	{CLOUD, 0, "http://169.254.169.254/latest/meta-data", false},
	{"{'endpoint': 'http://vc.lan'}", 0, "http://vc.lan/sdk", true},
	{"{'endpoint': 'http://vc.lan'}", 0, "https://vc.lan/sdk", false},
	{"{'endpoint': 'vc.lan'}", 0, "https://vc.lan/sdk", true},
	{"{'endpoint': 'vc.lan:8006'}", 0, "https://vc.lan:8006/", true},
	{"{'endpoint': 'vc.lan'}", 0, "http://vc.lan/sdk", false},
	{"{'endpoint': 'https://a.test', 'identity': 'https://b.test'}", 0, "https://b.test/",
	 true},
	{"{'endpoint': 'https://[2001:db8::1]'}", 0, "https://[2001:DB8:0:0::1]/", true},
	{"{'endpoint': 'https://10.0.0.1'}", 0, "https://0xa.0.0.1/", true}, /* the same one */
	{"{'endpoint': 'https://10.0.0.1'}", 0, "https://10.0.0.2/", false},
	{"{'endpoint': 'https://10.0.0.1'}", 0, "https://2130706433/", false},
	{"{}", 0, "https://anything.example.com/", false},
	/* rules of the descriptor */
	{EU, 0, "https://ec2.eu-west-1.amazonaws.com/", true},
	{EU, 0, "http://ec2.eu-west-1.amazonaws.com/", false},
	{EU, 0, "https://ec2.eu-west-1.amazonaws.com:8443/", false},
	{EU, 0, "https://ec2.us-east-1.amazonaws.com/", false},
	{EU, 0, "https://sts.eu-west-1.amazonaws.com/", false},
	{"{'region': 'eu-west-1', 'source': 'role'}", 0, "https://sts.eu-west-1.amazonaws.com/",
	 true},
	{"{'region': 'evil.test/'}", 0, "https://ec2.evil.test/", false},
	{"{'region': 'a.b'}", 0, "https://ec2.a.b.amazonaws.com/", false},
	{"{'region': 'EU'}", 0, "https://ec2.eu.amazonaws.com/", false},
	{"{'region': ''}", 0, "https://ec2..amazonaws.com/", false},
	{"{}", 0, "https://ec2.{region}.amazonaws.com/", false},
	{"{}", 0, "https://api.example.net:8443/", true},
	{"{}", 0, "https://api.example.net/", false},
	{"{'source': 'machine'}", 0, "http://169.254.169.254/latest/api/token", true},
	{"{'source': 'machine'}", 0, "http://2852039166/latest/api/token", true}, /* the same */
	{"{'source': 'machine'}", 0, "http://169.254.169.254:8080/", false},
	{"{'source': 'machine'}", 0, "http://169.254.169.253/", false},
	{"{'source': 'role'}", 0, "http://169.254.169.254/", false},
	{"{'source': 'machine'}", 0, "http://[fe80::1]/latest/api/token", true},
	{"{}", 0, "http://[fe80::1]/", false},
	{"{}", 0, "https://169.254.1.1/", true},
	{"{}", 0, "http://169.254.1.1/", false},
	{"{'source': 'machine'}", 0, "https://api.plain.test/", true},
	{"{'source': 'machine'}", 0, "http://api.plain.test/", false},
	{"{'source': 'machine'}", 0, "http://10.0.0.7/", false},
	{"{'source': 'machine'}", 0, "http://127.0.0.1/", false},
	{"{'source': 'machine'}", 0, "http://localhost/", false},
	{"{'source': 'machine', 'endpoint': 'http://127.0.0.1:8070'}", 0, "http://127.0.0.1:8070/",
	 true},
	/* hosts that are learnt */
	{CLOUD, LEARNS, "https://nova.cloud.example.com:8774/v2.1", true},
	{CLOUD, LEARNS, "https://a.b.cloud.example.com/", true},
	{CLOUD, LEARNS, "https://keystone.cloud.example.com:8774/", true},
	{CLOUD, LEARNS, "https://cloud.example.com/", false},
	{CLOUD, LEARNS, "https://example.com/", false},
	{CLOUD, LEARNS, "https://evilcloud.example.com/", false},
	{CLOUD, LEARNS, "http://nova.cloud.example.com/", false},
	{CLOUD, LEARNS, "https://10.0.0.1/", false},
	{"{'endpoint': 'https://example.com'}", LEARNS, "https://other.com/", false},
	{"{'endpoint': 'https://example.com'}", LEARNS, "https://example.com:8443/", true},
	{"{'endpoint': 'https://example.co.uk'}", LEARNS, "https://other.co.uk/", false},
	{"{'endpoint': 'https://10.0.0.1:5000'}", LEARNS, "https://10.0.0.1:8774/", true},
	{"{'endpoint': 'https://10.0.0.1:5000'}", LEARNS, "https://10.0.0.2:8774/", false},
	{"{'endpoint': 'http://10.0.0.1/identity'}", LEARNS, "http://10.0.0.1:8774/", true},
	{"{'endpoint': 'http://10.0.0.1', 'identity': 'http://10.0.0.2'}", LEARNS,
	 "http://10.0.0.1:8774/", true},
	{"{'endpoint': 'http://10.0.0.1', 'identity': 'https://10.0.0.2'}", LEARNS,
	 "http://10.0.0.1:8774/", false},
	{"{'endpoint': 'https://10.0.0.1', 'identity': 'http://10.0.0.2'}", LEARNS,
	 "http://10.0.0.2:8774/", false},
	{"{'endpoint': 'http://10.0.0.1', 'identity': 'https://10.0.0.2'}", LEARNS,
	 "https://10.0.0.1:8774/", true},
	{"{'allowed': ['10.0.0.1']}", LEARNS, "http://10.0.0.1/", false},
	/* by default, what follows from each endpoint */
	{"{'endpoint': 'https://a.x.test', 'identity': 'https://b.y.test'}", LEARNS,
	 "https://c.x.test/", true},
	{"{'endpoint': 'https://a.x.test', 'identity': 'https://b.y.test'}", LEARNS,
	 "https://c.y.test/", true},
	{"{'endpoint': 'https://a.x.test', 'identity': 'https://b.y.test'}", LEARNS,
	 "https://c.z.test/", false},
	{"{'endpoint': 'https://a.test', 'allowed': ['*.b.test', 'c.test', '10.1.1.1']}", LEARNS,
	 "https://x.b.test/", true},
	{"{'endpoint': 'https://a.test', 'allowed': ['*.b.test', 'c.test', '10.1.1.1']}", LEARNS,
	 "https://c.test:99/", true},
	{"{'endpoint': 'https://a.test', 'allowed': ['*.b.test', 'c.test', '10.1.1.1']}", LEARNS,
	 "https://10.1.1.1/", true},
	{"{'endpoint': 'https://a.test', 'allowed': ['*.b.test', 'c.test', '10.1.1.1']}", LEARNS,
	 "https://b.test/", false},
	{"{'endpoint': 'https://a.test', 'allowed': ['*.b.test']}", LEARNS, "https://a.test:99/",
	 false},
	{"{'endpoint': 'https://a.test', 'allowed': ['*.b.test']}", 0, "https://x.b.test/", false},
};

/* By the account's policy itself, so that nothing leaves this machine. */
START_TEST(reachable_or_refused)
{
	const struct bench_account how = {.hosts = rules,
					  .n_hosts = sizeof(rules) / sizeof(rules[0]),
					  .capabilities = cases[_i].capabilities};
	struct http_account *account = bench_account(&how, "%s", cases[_i].settings);
	struct hr_error err = {0};
	struct http_url url;
	enum reach_kind kind;
	int rc = http_url_parse(cases[_i].url, &url, &err);

	if (rc == 0)
		rc = http_policy_check(&account->policy, &url, &kind, &err);
	ck_assert_msg((rc == 0) == cases[_i].may, "%s: %s", cases[_i].url, err.message);
	if (rc != 0)
		ck_assert_int_eq(err.class, HR_INVALID);
	http_url_clear(&url);
	http_account_free(account);
}
END_TEST

static void ignore(void *context, struct http_answer *answer)
{
	(void)context;
	http_answer_free(answer);
}

/* A refusal names host and setting, is counted, and shows nothing of the URL that may be secret. */
START_TEST(refusal_is_of_use)
{
	struct http_account *account = bench_account(NULL, "%s", CLOUD);
	struct http_answer *a =
		bench_perform(account, "GET", 0, NULL, NULL, "https://evil.test/path?key=hunter22");
	struct http_metrics m;
	struct hr_error err;

	ck_assert_int_eq(a->result, HR_INVALID);
	ck_assert_ptr_nonnull(strstr(a->error.message, "https://evil.test:443"));
	ck_assert_ptr_nonnull(strstr(a->error.message, "settings.endpoint"));
	ck_assert_str_eq(a->error.field, "settings.endpoint");
	ck_assert_ptr_null(strstr(a->error.message, "hunter22"));
	http_answer_free(a);
	ck_assert_int_eq(http_metrics(service, &m, &err), 0);
	ck_assert_uint_eq(m.n_accounts, 1);
	ck_assert_uint_eq(m.accounts[0].refused, 1);
	ck_assert_uint_eq(m.n_requests, 0);
	http_metrics_clear(&m);
	http_account_free(account);
}
END_TEST

/* Its author may see that the host was found, and why that is not enough. */
START_TEST(refusal_says_what_may_be_plain)
{
	const struct bench_account how = {.hosts = rules,
					  .n_hosts = sizeof(rules) / sizeof(rules[0])};
	struct http_account *account = bench_account(&how, "{'source': 'machine'}");
	struct http_answer *a =
		bench_perform(account, "GET", 0, NULL, NULL, "http://api.plain.test/");

	ck_assert_int_eq(a->result, HR_INVALID);
	ck_assert_str_eq(
		a->error.message,
		"http://api.plain.test:80 may not be reached: its module names it, but "
		"without TLS it may name link-local addresses only, for a setting's value; "
		"an endpoint may be http, see settings.endpoint");
	http_answer_free(a);
	a = bench_perform(account, "GET", 0, NULL, NULL, "http://unheard.test/");
	ck_assert_ptr_nonnull(strstr(a->error.message, "it is neither an endpoint"));
	http_answer_free(a);
	http_account_free(account);
}
END_TEST

/* ---- Names that resolve to what they must not ----------------------------------------------- */

static bool answer_ok(struct raw_server *server, int fd, const char *request)
{
	(void)server;
	(void)request;
	raw_answer(fd, "200 OK", "", "ok");
	return true;
}

START_TEST(rebinding_is_refused)
{
	struct raw_server server;
	const struct bench_account how = {.capabilities = LEARNS};
	struct http_account *account;
	struct http_answer *a;

	raw_server_start(&server, answer_ok);
	account = bench_account(&how, "{'endpoint': 'http://cloud.example.com', 'allowed': "
				      "['localhost']}");
	a = bench_perform(account, "GET", 0, NULL, NULL, "http://localhost:%d/", server.port);
	ck_assert_int_eq(a->result, HR_INVALID);
	ck_assert_uint_eq(a->error.flags, 0);
	ck_assert_ptr_nonnull(strstr(a->error.message, "localhost resolves to a loopback"));
	ck_assert_int_eq(atomic_load(&server.n_connections), 0);
	http_answer_free(a);
	http_account_free(account);
	/* The same name where the administrator's endpoint is this machine. */
	account =
		bench_account(&how, "{'endpoint': 'http://127.0.0.1:9', 'allowed': ['localhost']}");
	a = bench_perform(account, "GET", 0, NULL, NULL, "http://localhost:%d/", server.port);
	ck_assert_int_eq(a->result, HR_OK);
	http_answer_free(a);
	http_account_free(account);
	/* And as the endpoint itself. */
	account = bench_account(NULL, "{'endpoint': 'http://localhost:%d'}", server.port);
	a = bench_perform(account, "GET", 0, NULL, NULL, "http://localhost:%d/", server.port);
	ck_assert_int_eq(a->result, HR_OK);
	http_answer_free(a);
	http_account_free(account);
	bench_stop();
	raw_server_stop(&server);
	bench_start();
}
END_TEST

static const struct {
	const char *address;
	enum address_kind kind;
	bool endpoint_may; /* a name in an endpoint setting */
	bool name_may;     /* a name of the module's or the provider's */
} addresses[] = {
	{"93.184.216.34", ADDRESS_USUAL, true, true},
	{"10.0.0.1", ADDRESS_USUAL, true, true},
	{"2001:db8::1", ADDRESS_USUAL, true, true},
	{"fd00::1", ADDRESS_USUAL, true, true},
	{"127.0.0.1", ADDRESS_LOOPBACK, true, false},
	{"127.255.0.9", ADDRESS_LOOPBACK, true, false},
	{"0.0.0.0", ADDRESS_LOOPBACK, true, false},
	{"::1", ADDRESS_LOOPBACK, true, false},
	{"::", ADDRESS_LOOPBACK, true, false},
	{"::ffff:127.0.0.1", ADDRESS_LOOPBACK, true, false},
	{"64:ff9b::7f00:1", ADDRESS_LOOPBACK, true, false},
	{"169.254.169.254", ADDRESS_LINK_LOCAL, false, false},
	{"::ffff:169.254.169.254", ADDRESS_LINK_LOCAL, false, false},
	{"2002:a9fe:a9fe::", ADDRESS_LINK_LOCAL, false, false},
	{"fe80::1", ADDRESS_LINK_LOCAL, false, false},
	{"febf::1", ADDRESS_LINK_LOCAL, false, false},
	{"224.0.0.1", ADDRESS_NOBODY, false, false},
	{"255.255.255.255", ADDRESS_NOBODY, false, false},
	{"ff02::1", ADDRESS_NOBODY, false, false},
};

START_TEST(addresses_by_kind)
{
	static struct http_url endpoint = {.host = "cloud.example.com", .is_https = true};
	const struct http_policy policy = {.endpoints = &endpoint, .n_endpoints = 1};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};
	const char *text = addresses[_i].address;
	const struct sockaddr *address;

	ck_assert_int_eq(address_kind_of_text(text), addresses[_i].kind);
	if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
		address = (const struct sockaddr *)&four;
	} else {
		ck_assert_int_eq(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
		address = (const struct sockaddr *)&six;
	}
	ck_assert_int_eq(address_kind(address), addresses[_i].kind);
	ck_assert(http_policy_allows_address(&policy, REACH_ADDRESS, address));
	ck_assert(http_policy_allows_address(&policy, REACH_ENDPOINT, address) ==
		  addresses[_i].endpoint_may);
	ck_assert(http_policy_allows_address(&policy, REACH_NAME, address) ==
		  addresses[_i].name_may);
}
END_TEST

/* ---- Settings of no use --------------------------------------------------------------------- */

#define PIN_A "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static const struct {
	const char *settings;
	const char *field; /* NULL: they are of use */
} settings[] = {
	{"{'endpoint': 'https://a b'}", "settings.endpoint"},
	{"{'endpoint': 'ftp://a.test'}", "settings.endpoint"},
	{"{'endpoint': 'https://u:p@a.test'}", "settings.endpoint"},
	{"{'identity': 'https://'}", "settings.identity"},
	{"{'ca': 'hello'}", "settings.ca"},
	{"{'ca': '-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n'}",
	 "settings.ca"},
	{"{'ca': ''}", NULL},
	{"{'pin': 'sha256//abc'}", "settings.pin"},
	{"{'pin': 'sha1//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='}", "settings.pin"},
	{"{'pin': '" PIN_A ";'}", "settings.pin"},
	{"{'pin': '" PIN_A ";sha256//x'}", "settings.pin"},
	{"{'pin': '/etc/passwd'}", "settings.pin"},
	{"{'pin': '" PIN_A "'}", NULL},
	{"{'pin': '" PIN_A ";" PIN_A "'}", NULL},
	{"{'cert': 'x'}", "settings.key"},
	{"{'key': 'x'}", "settings.cert"},
	{"{'cert': 'x', 'key': 'y'}", "settings.cert"},
	{"{'proxy': 'proxy.test:3128'}", "settings.proxy"},
	{"{'proxy': 'ftp://proxy.test'}", "settings.proxy"},
	{"{'proxy': 'socks4://proxy.test'}", "settings.proxy"},
	{"{'proxy': 'http://proxy.test/path'}", "settings.proxy"},
	{"{'proxy': 'http://'}", "settings.proxy"},
	{"{'proxy': 'http://u:p%40ss@proxy.test:3128'}", NULL},
	{"{'proxy': 'http://u:p%00ss@proxy.test:3128'}", "settings.proxy"},
	{"{'proxy': 'http://u%0a:pass@proxy.test:3128'}", "settings.proxy"},
	{"{'proxy': 'https://proxy.test'}", NULL},
	{"{'proxy': 'socks5h://proxy.test:1080'}", NULL},
	{"{'timeout': 999999}", "settings.timeout"},
	{"{'timeout': -1}", "settings.timeout"},
	{"{'allowed': ['*']}", "settings.allowed"},
	{"{'allowed': ['a.test', '*.10.0.0.1']}", "settings.allowed"},
	{"{'allowed': ['https://a.test']}", "settings.allowed"},
	{"{'allowed': ['a.*.test']}", "settings.allowed"},
	{"{'allowed': ['*.lan', '::1']}", NULL},
};

START_TEST(useless_settings_are_named)
{
	struct http_account *account = NULL;
	struct hr_error err;
	int rc = bench_try_account(NULL, settings[_i].settings, &account, &err);

	if (!settings[_i].field) {
		ck_assert_msg(rc == 0, "%s", err.message);
		http_account_free(account);
		return;
	}
	ck_assert_int_eq(rc, -1);
	ck_assert_int_eq(err.class, HR_INVALID);
	ck_assert_str_eq(err.field, settings[_i].field);
	ck_assert_msg(strncmp(err.message, err.field, strlen(err.field)) == 0, "%s", err.message);
}
END_TEST

/* ---- Requests of no use --------------------------------------------------------------------- */

static const struct {
	const char *method;
	const char *name;
	const char *value;
} requests[] = {
	{"", "A", "b"},
	{"get", "A", "b"},
	{"GET /\r\n", "A", "b"},
	{"CONNECT", "A", "b"},
	{"TRACE", "A", "b"},
	{"GET", "", "b"},
	{"GET", "A b", "c"},
	{"GET", "A:", "c"},
	{"GET", "A\r\nB", "c"},
	{"GET", "A", "b\r\nC: d"},
	{"GET", "A", "b\nc"},
	{"GET", "A", "\x01"},
	{"GET", "Host", "evil.test"},
	{"GET", "host", "a.test:99"},
	{"GET", "Content-Length", "5"},
	{"GET", "Transfer-Encoding", "chunked"},
	{"GET", "Connection", "close"},
	{"GET", "Upgrade", "h2c"},
	{"GET", "Proxy-Authorization", "Basic eDp5"},
	{"GET", "Expect", "100-continue"},
};

START_TEST(bad_requests_are_refused)
{
	struct http_account *account = bench_account(NULL, "{'endpoint': 'https://a.test'}");
	const struct http_header header = HEADER(requests[_i].name, requests[_i].value);
	const struct http_request request = {.method = requests[_i].method,
					     .url = "https://a.test/",
					     .headers = &header,
					     .n_headers = 1};
	struct hr_error err = {0};

	ck_assert_int_eq(http_submit(account, &request, ignore, NULL, NULL, &err), -1);
	ck_assert_int_eq(err.class, HR_INVALID);
	http_account_free(account);
}
END_TEST

START_TEST(large_requests_are_refused)
{
	static char text[HTTP_HEADER_BYTES_MAX];
	struct http_account *account = bench_account(NULL, "{'endpoint': 'https://a.test'}");
	struct http_header headers[HTTP_HEADERS_MAX + 1];
	struct http_request request = {.method = "POST", .url = "https://a.test/"};
	struct hr_error err = {0};

	memset(text, 'a', sizeof(text) - 1);
	request.body = text; /* its length is looked at first */
	request.body_len = HTTP_BODY_MAX + 1;
	ck_assert_int_eq(http_submit(account, &request, ignore, NULL, NULL, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "body"));
	request.body_len = 0;
	for (size_t i = 0; i <= HTTP_HEADERS_MAX; i++)
		headers[i] = (struct http_header)HEADER("A", "b");
	request.headers = headers;
	request.n_headers = HTTP_HEADERS_MAX + 1;
	ck_assert_int_eq(http_submit(account, &request, ignore, NULL, NULL, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "65 headers"));
	headers[0].value = text;
	request.n_headers = 1;
	ck_assert_int_eq(http_submit(account, &request, ignore, NULL, NULL, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "headers have more than"));
	http_account_free(account);
}
END_TEST

#define COUNT(table) (int)(sizeof(table) / sizeof((table)[0]))

int main(void)
{
	Suite *s = suite_create("policy");
	TCase *t = tcase_create("policy");
	SRunner *runner = srunner_create(s);
	int failed;

	suite_add_tcase(s, t);
	tcase_add_checked_fixture(t, bench_start, bench_stop);
	tcase_add_loop_test(t, reachable_or_refused, 0, COUNT(cases));
	tcase_add_test(t, refusal_is_of_use);
	tcase_add_test(t, refusal_says_what_may_be_plain);
	tcase_add_test(t, rebinding_is_refused);
	tcase_add_loop_test(t, addresses_by_kind, 0, COUNT(addresses));
	tcase_add_loop_test(t, useless_settings_are_named, 0, COUNT(settings));
	tcase_add_loop_test(t, bad_requests_are_refused, 0, COUNT(requests));
	tcase_add_test(t, large_requests_are_refused);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
