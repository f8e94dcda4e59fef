/* SPDX-License-Identifier: Apache-2.0 */
/* A libcurl handle by policy, and its callbacks. Nothing of the environment counts: no proxies of
 * variables, no .netrc, no cookies, no configuration. */
#include "http/transfer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/text.h"
#include "http/address.h"
#include "http/header.h"

#define CONNECTION_IDLE_MAX_S 60L /* a kept one that is older is not trusted with a request */
#define ANSWER_HEADERS_MAX 1024
#define BODY_ROOM_FIRST 8192

/* ---- Callbacks ------------------------------------------------------------------------------ */

/* The address is known here and not sooner: a name may resolve to what it must not. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *t = context;

	(void)purpose;
	/* A proxy's address is what the administrator wrote, as an endpoint's; what lies behind it
	 * is for the proxy to bound. */
	if (!http_policy_allows_address(t->policy, t->by_proxy ? REACH_ENDPOINT : t->reach,
					&address->addr)) {
		t->refused_address = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Called when there is a connection, before the request is sent; also when libcurl sends it again
 * because a kept connection turned out to be closed. */
static int before_request(void *context, char *remote, char *local, int remote_port, int local_port)
{
	struct transfer *t = context;

	(void)remote;
	(void)local;
	(void)remote_port;
	(void)local_port;
	if (t->n_sent > 0 && (t->n_sent > 1 || !request_may_repeat(t->request))) {
		t->stopped_repeat = true;
		return CURL_PREREQFUNC_ABORT;
	}
	t->n_sent++;
	return CURL_PREREQFUNC_OK;
}

/* libcurl's own totals count a small body twice, once with the head that it is sent with, and not what is
 * sent again. Nothing is kept of the data. */
static int count_sent(CURL *easy, curl_infotype type, char *data, size_t len, void *context)
{
	struct transfer *t = context;

	(void)easy;
	(void)data;
	if (type == CURLINFO_HEADER_OUT || type == CURLINFO_DATA_OUT)
		t->bytes_sent += len;
	return 0;
}

static void forget_headers(struct transfer *t)
{
	http_headers_free(t->answer->headers, t->answer->n_headers);
	t->answer->headers = NULL;
	t->answer->n_headers = 0;
}

static bool add_header(struct transfer *t, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	char *name, *value;
	size_t name_len, start, end = len;
	bool ok;

	if (!colon || memchr(line, '\0', len) != NULL)
		return true; /* the line that ends the head; or nothing that a module could use */
	name_len = (size_t)(colon - line);
	for (start = name_len + 1; start < end && strchr(" \t", line[start]);)
		start++;
	while (end > start && strchr(" \t\r\n", line[end - 1]))
		end--;
	name = strndup(line, name_len);
	value = strndup(line + start, end - start);
	ok = name && value;
	/* One that a module could not be given is left out: text is UTF-8 there. */
	if (ok && http_header_is_name(name) && name_len <= HTTP_HEADER_NAME_MAX &&
	    http_header_is_value(value) && text_valid_utf8(value, end - start))
		ok = http_header_append(&t->answer->headers, &t->answer->n_headers, name, value) ==
		     0;
	free(name);
	free(value);
	t->no_memory = !ok;
	return ok;
}

static size_t take_header(char *line, size_t size, size_t n, void *context)
{
	struct transfer *t = context;
	size_t len = size * n;

	t->header_bytes += len;
	if (t->header_bytes > HTTP_HEADER_BYTES_MAX || t->answer->n_headers >= ANSWER_HEADERS_MAX) {
		t->too_large = true;
		return len == 0 ? 1 : 0;
	}
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		forget_headers(t); /* of an interim answer */
		t->has_head = false;
		return len;
	}
	if (line[0] == '\r' || line[0] == '\n')
		t->has_head = true;
	return add_header(t, line, len) ? len : 0;
}

static bool make_room(struct transfer *t, size_t len)
{
	size_t room = t->body_room > 0 ? t->body_room : BODY_ROOM_FIRST;
	char *grown;

	while (room < len + 1)
		room *= 2;
	if (room == t->body_room)
		return true;
	grown = malloc(room);
	if (!grown)
		return false;
	if (t->answer->body_len > 0) {
		memcpy(grown, t->answer->body, t->answer->body_len);
		OPENSSL_cleanse(t->answer->body, t->answer->body_len);
	}
	free(t->answer->body);
	t->answer->body = grown;
	t->body_room = room;
	return true;
}

/* After decompression: what is counted is what is kept. */
static size_t take_body(char *data, size_t size, size_t n, void *context)
{
	struct transfer *t = context;
	size_t len = size * n;

	if (len > HTTP_BODY_MAX - t->answer->body_len) {
		t->too_large = true;
		return len == 0 ? 1 : 0;
	}
	if (!room_take(t->answer->room, len)) {
		t->no_room = true;
		return len == 0 ? 1 : 0;
	}
	if (!make_room(t, t->answer->body_len + len)) {
		room_give_back(t->answer->room, len);
		t->no_memory = true;
		return len == 0 ? 1 : 0;
	}
	memcpy((char *)t->answer->body + t->answer->body_len, data, len);
	t->answer->body_len += len;
	((char *)t->answer->body)[t->answer->body_len] = '\0';
	return len;
}

/* ---- The handle ----------------------------------------------------------------------------- */

/* Appends a line to libcurl's list; wiped by transfer_end. */
static bool add_line(struct transfer *t, const char *line)
{
	struct curl_slist *grown = curl_slist_append(t->headers, line);

	if (!grown)
		return false;
	t->headers = grown;
	return true;
}

static bool add_request_header(struct transfer *t, const struct http_header *header)
{
	char *line;
	bool ok;

	/* To libcurl "Name:" means to leave it out, and "Name;" to send it empty. */
	if (asprintf(&line, header->value[0] != '\0' ? "%s: %s" : "%s;", header->name,
		     header->value) < 0)
		return false;
	ok = add_line(t, line);
	OPENSSL_cleanse(line, strlen(line));
	free(line);
	return ok;
}

static bool build_headers(struct transfer *t)
{
	const struct request *r = t->request;
	bool ok = add_line(t, "Expect:"); /* no round trip for bodies of some size */

	if (!http_header_find(r->headers, r->n_headers, "content-type"))
		ok = ok && add_line(t, "Content-Type:"); /* not the one of forms */
	for (size_t i = 0; ok && i < r->n_headers; i++)
		ok = add_request_header(t, &r->headers[i]);
	return ok;
}

/* The first option that libcurl refuses is kept. */
#define SET(option, value)                                                           \
	do {                                                                         \
		if (code == CURLE_OK)                                                \
			code = curl_easy_setopt(t->easy, CURLOPT_##option, (value)); \
	} while (0)

static CURLcode set_request(struct transfer *t)
{
	const struct request *r = t->request;
	CURLcode code = CURLE_OK;
	bool has_body = r->body_len > 0 || strcmp(r->method, "POST") == 0 ||
			strcmp(r->method, "PUT") == 0 || strcmp(r->method, "PATCH") == 0;

	SET(URL, r->url.text);
	SET(PATH_AS_IS, 1L);
	SET(PROTOCOLS_STR, r->url.is_https ? "https" : "http");
	SET(DISALLOW_USERNAME_IN_URL, 1L);
	SET(FOLLOWLOCATION, 0L);
	SET(NETRC, (long)CURL_NETRC_IGNORED);
	SET(HTTPHEADER, t->headers);
	SET(USERAGENT, "headroom/" HEADROOM_VERSION);
	SET(ACCEPT_ENCODING, "gzip, deflate");
	if (strcmp(r->method, "HEAD") == 0) {
		SET(NOBODY, 1L);
		return code;
	}
	if (has_body) {
		SET(POST, 1L);
		SET(POSTFIELDSIZE_LARGE, (curl_off_t)r->body_len);
		SET(POSTFIELDS, r->body_len > 0 ? r->body : "");
	}
	SET(CUSTOMREQUEST, r->method);
	return code;
}

static CURLcode set_tls(struct transfer *t)
{
	const struct http_policy *p = t->policy;
	CURLcode code = CURLE_OK;

	SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(SSL_VERIFYPEER, p->tls_verify ? 1L : 0L);
	SET(SSL_VERIFYHOST, p->tls_verify ? 2L : 0L);
	if (p->tls_ca) {
		struct curl_blob blob = {p->tls_ca, strlen(p->tls_ca), CURL_BLOB_NOCOPY};

		SET(CAINFO_BLOB, &blob);
		SET(CAPATH, NULL); /* else the system's would count too */
	}
	if (p->tls_pin)
		SET(PINNEDPUBLICKEY, p->tls_pin);
	if (p->client_cert && p->client_key && !t->request->left_origin) {
		struct curl_blob cert = {p->client_cert, strlen(p->client_cert), CURL_BLOB_NOCOPY};
		struct curl_blob key = {p->client_key, strlen(p->client_key), CURL_BLOB_NOCOPY};

		SET(SSLCERTTYPE, "PEM");
		SET(SSLCERT_BLOB, &cert);
		SET(SSLKEYTYPE, "PEM");
		SET(SSLKEY_BLOB, &key);
	}
	return code;
}

static CURLcode set_proxy(struct transfer *t)
{
	const struct http_policy *p = t->policy;
	CURLcode code = CURLE_OK;

	SET(NOPROXY, "");
	SET(PROXY, t->by_proxy ? p->proxy : "");
	if (!t->by_proxy)
		return code;
	SET(PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(SUPPRESS_CONNECT_HEADERS, 1L);
	if (p->proxy_user) {
		SET(PROXYAUTH, (long)CURLAUTH_BASIC); /* others send the request twice */
		SET(PROXYUSERNAME, p->proxy_user);
		SET(PROXYPASSWORD, p->proxy_password ? p->proxy_password : "");
	}
	return code;
}

static CURLcode set_connection(struct transfer *t, CURLSH *share, int64_t timeout_ms)
{
	CURLcode code = CURLE_OK;

	SET(SHARE, share);
	SET(NOSIGNAL, 1L);
	SET(QUICK_EXIT, 1L); /* never waits for a resolver that does not answer */
	SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	SET(HTTP09_ALLOWED, 0L);
	SET(CONNECTTIMEOUT_MS, (long)HTTP_CONNECT_TIMEOUT_MS);
	SET(TIMEOUT_MS, (long)(timeout_ms > 0 ? timeout_ms : 1));
	SET(MAXAGE_CONN, CONNECTION_IDLE_MAX_S);
	SET(TCP_KEEPALIVE, 1L);
	SET(OPENSOCKETFUNCTION, open_socket);
	SET(OPENSOCKETDATA, t);
	SET(PREREQFUNCTION, before_request);
	SET(PREREQDATA, t);
	SET(HEADERFUNCTION, take_header);
	SET(HEADERDATA, t);
	SET(WRITEFUNCTION, take_body);
	SET(WRITEDATA, t);
	SET(ERRORBUFFER, t->reason);
	SET(DEBUGFUNCTION, count_sent);
	SET(DEBUGDATA, t);
	SET(VERBOSE, 1L); /* it is called with that only */
	return code;
}

/* A machine's metadata service is its own: a proxy would give its own machine's credentials. */
static bool is_near(const struct transfer *t)
{
	enum address_kind kind = address_kind_of_text(t->request->url.host);

	return t->reach == REACH_ADDRESS &&
	       (kind == ADDRESS_LINK_LOCAL || kind == ADDRESS_LOOPBACK);
}

int transfer_begin(struct transfer *t, const struct http_policy *policy,
		   const struct request *request, enum reach_kind reach, CURLSH *share,
		   struct http_room *room, int64_t timeout_ms, void *private, struct hr_error *err)
{
	CURLcode code;

	memset(t, 0, sizeof(*t));
	t->policy = policy;
	t->request = request;
	t->reach = reach;
	t->by_proxy = policy->proxy && !is_near(t);
	t->easy = curl_easy_init();
	t->answer = calloc(1, sizeof(*t->answer));
	if (!t->easy || !t->answer || !build_headers(t))
		return error_no_memory(err, "preparing a request");
	t->answer->room = room_hold(room);
	code = set_request(t);
	if (code == CURLE_OK)
		code = set_tls(t);
	if (code == CURLE_OK)
		code = set_proxy(t);
	if (code == CURLE_OK)
		code = set_connection(t, share, timeout_ms);
	if (code == CURLE_OK)
		code = curl_easy_setopt(t->easy, CURLOPT_PRIVATE, private);
	if (code != CURLE_OK)
		return error_set(err, HR_INTERNAL, "cannot prepare a request: %s",
				 curl_easy_strerror(code));
	return 0;
}

void transfer_end(struct transfer *t)
{
	if (t->easy)
		curl_easy_cleanup(t->easy);
	for (struct curl_slist *line = t->headers; line; line = line->next)
		OPENSSL_cleanse(line->data, strlen(line->data));
	curl_slist_free_all(t->headers);
	http_answer_free(t->answer);
	memset(t, 0, sizeof(*t));
}
