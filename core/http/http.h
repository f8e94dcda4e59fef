/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's HTTP to providers: what a module asks for by host service http/1 is performed here.
 * The caller says what to ask; how it is asked, and whom, follows from the account's settings
 * (core/http/policy.h). Not here: rate limits and backoff, which are the engine's. */
#ifndef HR_HTTP_HTTP_H
#define HR_HTTP_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include <headroom/http.h>

#include "base/error.h"
#include "schema/schema.h"

#define HTTP_BODY_MAX (16u << 20) /* bytes, of a request and of an answer (decoded) */
/* Bodies of an account's requests under way and of its answers that are not freed yet, together;
 * what would be more fails with HR_TRANSIENT. */
#define HTTP_ACCOUNT_BYTES_MAX (2 * (size_t)HTTP_BODY_MAX)
#define HTTP_HEADERS_MAX 64               /* of a request */
#define HTTP_HEADER_NAME_MAX 1024         /* bytes */
#define HTTP_HEADER_BYTES_MAX (64u << 10) /* names and values together, either way */
#define HTTP_REDIRECTS_MAX 5
#define HTTP_CONNECT_TIMEOUT_MS 10000
#define HTTP_TIMEOUT_DEFAULT_MS INT64_C(60000) /* of requests that do not say, without the role */
#define HTTP_TIMEOUT_MAX_MS INT64_C(3600000)

struct http_service;
struct http_account;

struct http_service_options {
	/* Folders of cassettes, one file <account id>.json each (core/http/cassette.h); NULL: none.
	 * At most one of the two. */
	const char *record_dir;
	const char *replay_dir;
	/* Which accounts are recorded, ids up to NULL; NULL: all. Borrowed while the service lives. */
	const char *const *record_ids;
};

/* Starts the service's thread. Call before threads that use libcurl, or after curl_global_init. */
int http_service_new(const struct http_service_options *options, struct http_service **ret_service,
		     struct hr_error *err);

/* Every request under way is answered with HR_CANCELLED, then the thread ends. Accounts may be freed
 * before or after; what is submitted for one that is left over fails. Never on the http thread.
 * NULL is allowed. */
void http_service_free(struct http_service *service);

struct http_account_options {
	const char *id; /* of the provider config: names cassette and counters */
	const struct schema *schema;
	/* Normalised, secrets included; references (file:, env:, ...) of settings with roles are
	 * resolved already. Copied as far as needed. */
	const json_t *settings;
	const struct hr_host_rule *hosts; /* sizeof(struct hr_host_rule) apart; copied */
	size_t n_hosts;
	uint64_t capabilities; /* HR_CAP_* */
};

/* An account's policy and connections. HR_INVALID with field "settings.KEY" where a setting with a
 * role is of no use (a CA that is no certificate, a bad pin or proxy, ...). Any thread. */
int http_account_new(struct http_service *service, const struct http_account_options *options,
		     struct http_account **ret_account, struct hr_error *err);

/* Requests under way keep what they need and go on. Any thread. NULL is allowed. */
void http_account_free(struct http_account *account);

/* One more value that no cassette may show: a secret that a reference resolved to. Any thread.
 * 0, or -1: no memory. */
int http_account_add_secret(struct http_account *account, const char *value);

struct http_header {
	char *name;
	char *value;
};

struct http_request {
	const char *method; /* "GET" */
	const char *url;
	const struct http_header *headers;
	size_t n_headers;
	const void *body;
	size_t body_len;
	uint32_t flags;     /* HR_HTTP_* */
	int64_t timeout_ms; /* for all of it, redirects included; 0 or less: the account's */
};

struct http_answer {
	int32_t result;        /* HR_OK: there is an answer, of whatever status; or error.class */
	struct hr_error error; /* http_status and request_id too, where there was an answer */
	int32_t status;        /* 0: none */
	struct http_header *headers;
	size_t n_headers;
	void *body; /* decoded; one NUL follows it */
	size_t body_len;
	char request_id[128]; /* the provider's; or "" */
	int64_t retry_after_ms;
	bool is_second; /* of a request that is not safe: it was sent twice, and what the first, which was
			   not answered, has done nobody knows */
	struct http_room
		*room; /* the service's own: where the body is counted (core/http/room.h) */
};

/* Wipes the body and frees. NULL is allowed. */
void http_answer_free(struct http_answer *answer);

/* Performs a request. done is called exactly once, on the http thread, also on failure; it owns
 * *answer and must not block. Everything of the request is copied. 0; or -1, and done is not called:
 * HR_INVALID (the request, or a host that is not reachable: message names host and setting),
 * HR_TRANSIENT (HTTP_ACCOUNT_BYTES_MAX),
 * HR_CANCELLED (the service ends). ret_ticket (may be NULL) is set before done can be called. Any
 * thread. */
int http_submit(struct http_account *account, const struct http_request *request,
		void (*done)(void *context, struct http_answer *answer), void *context,
		uint64_t *ret_ticket, struct hr_error *err);

/* If still under way, the request is answered soon with HR_CANCELLED. Any thread. */
void http_cancel(struct http_service *service, uint64_t ticket);

/* Submits and waits; is_cancelled (may be NULL) is asked every few ms. What http_submit refuses comes
 * as an answer too. 0, or -1: no memory for an answer. Any thread but the service's own. */
int http_perform(struct http_account *account, const struct http_request *request,
		 int (*is_cancelled)(void *context), void *context,
		 struct http_answer **ret_answer);

/* ---- Counters ------------------------------------------------------------------------------ */
struct http_metric {
	char account[64];
	char method[8];   /* "OTHER" for rare ones */
	int status_class; /* 1 .. 5; 0: no answer */
	uint64_t requests;
	uint64_t bytes_sent;
	uint64_t bytes_received; /* as they came, not decoded */
	double seconds;
};

struct http_account_metric {
	char account[64];
	uint64_t connects; /* connections made */
	uint64_t refused;  /* requests and redirects that policy refused */
};

/* A copy of the counters, which never go back. */
struct http_metrics {
	struct http_metric *requests;
	size_t n_requests;
	struct http_account_metric *accounts;
	size_t n_accounts;
};

/* Any thread; *ret_metrics is cleared by http_metrics_clear. */
int http_metrics(struct http_service *service, struct http_metrics *ret_metrics,
		 struct hr_error *err);
void http_metrics_clear(struct http_metrics *metrics);

#endif
