/* SPDX-License-Identifier: Apache-2.0 */
/* What libcurl's failures are to a module: a class, and the setting that a person can change. Not
 * here: whether the request may have taken effect, which takes all hops (exchange.c). */
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "http/transfer.h"

/* libcurl's own words where it has any. They name hosts, addresses and files, never headers. */
static const char *reason_of(const struct transfer *t, CURLcode code)
{
	return t->reason[0] != '\0' ? t->reason : curl_easy_strerror(code);
}

static bool mentions(const struct transfer *t, const char *text)
{
	return strcasestr(t->reason, text) != NULL;
}

/* The server did not like our certificate, or wants one: with TLS 1.3 that is an alert that comes
 * instead of an answer. */
static bool is_client_cert_alert(const struct transfer *t)
{
	return mentions(t, "alert") &&
	       (mentions(t, "certificate required") || mentions(t, "bad certificate") ||
		mentions(t, "unknown ca") || mentions(t, "certificate unknown"));
}

/* The role of the setting at fault in a failure of TLS; 0: it is none. */
static int tls_role(const struct transfer *t, CURLcode code)
{
	switch (code) {
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH: return HR_ROLE_TLS_PIN;
	case CURLE_SSL_CERTPROBLEM: return HR_ROLE_TLS_CLIENT_CERT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS: return HR_ROLE_TLS_CA;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR: return is_client_cert_alert(t) ? HR_ROLE_TLS_CLIENT_CERT : 0;
	default: return 0;
	}
}

static void set_tls_failure(const struct transfer *t, int role, CURLcode code, struct hr_error *ret)
{
	char field[128];

	http_policy_field(t->policy, role, role == HR_ROLE_TLS_CA ? HR_ROLE_TLS_VERIFY : role,
			  field);
	error_set_field(ret, HR_INVALID, field, NULL, "TLS with %.200s failed: %s; see %s",
			t->request->url.host, reason_of(t, code), field);
}

static void set_address_failure(const struct transfer *t, struct hr_error *ret)
{
	char field[128];

	http_policy_field(t->policy, HR_ROLE_ALLOWED_HOSTS, HR_ROLE_ENDPOINT, field);
	error_set_field(ret, HR_INVALID, field, NULL,
			"%.200s resolves to a loopback, link-local or reserved address, which may "
			"not be reached by that name; see %s",
			t->request->url.host, field);
}

static void set_proxy_failure(const struct transfer *t, CURLcode code, struct hr_error *ret)
{
	char field[128];

	http_policy_field(t->policy, HR_ROLE_PROXY, HR_ROLE_PROXY, field);
	error_set_field(ret, HR_INVALID, field, NULL,
			"the proxy refuses its credentials for %.200s: %s; see %s",
			t->request->url.host, reason_of(t, code), field);
}

static bool proxy_refuses(const struct transfer *t)
{
	long status = 0;

	if (!t->by_proxy)
		return false;
	if (t->n_sent > 0)
		return t->answer->status == 407;
	return curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &status) == CURLE_OK &&
	       status == 407;
}

static void set_broken(const struct transfer *t, CURLcode code, struct hr_error *ret)
{
	const char *host = t->request->url.host;

	if (t->n_sent == 0)
		error_set(ret, HR_TRANSIENT, "no connection to %.200s: %s", host,
			  reason_of(t, code));
	else if (t->no_room)
		error_set(ret, HR_TRANSIENT,
			  "the answer of %.200s was not read to its end: the account's requests "
			  "and answers that are under way would have more than %zu MiB together",
			  host, HTTP_ACCOUNT_BYTES_MAX >> 20);
	else if (t->too_large)
		error_set(
			ret, HR_TRANSIENT,
			"the answer of %.200s is too large: at most %u bytes are taken, and %u of "
			"headers",
			host, HTTP_BODY_MAX, HTTP_HEADER_BYTES_MAX);
	else
		error_set(ret, HR_TRANSIENT, "the connection to %.200s broke: %s", host,
			  t->stopped_repeat ? "it was closed without an answer"
					    : reason_of(t, code));
}

void transfer_failure(const struct transfer *t, CURLcode code, bool time_is_up,
		      struct hr_error *ret)
{
	int role = tls_role(t, code);

	memset(ret, 0, sizeof(*ret));
	if (t->no_memory || code == CURLE_OUT_OF_MEMORY)
		error_no_memory(ret, "performing a request");
	else if (t->refused_address && t->n_sent == 0)
		set_address_failure(t, ret);
	else if (role != 0)
		set_tls_failure(t, role, code, ret);
	else if (proxy_refuses(t))
		set_proxy_failure(t, code, ret);
	else if (code == CURLE_OPERATION_TIMEDOUT && (t->n_sent > 0 || time_is_up))
		error_set(ret, HR_TIMEOUT, "%.200s did not answer in time", t->request->url.host);
	else
		set_broken(t, code, ret);
}

bool transfer_may_reconnect(const struct transfer *t, CURLcode code)
{
	if (t->n_sent > 0 || t->refused_address || t->no_memory || tls_role(t, code) != 0 ||
	    proxy_refuses(t))
		return false;
	switch (code) {
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_PROXY:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_SSL_CONNECT_ERROR: return true;
	default: return false;
	}
}
