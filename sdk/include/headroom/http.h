/* SPDX-License-Identifier: Apache-2.0 */
/* headroom/http.h - host service "http/1": one HTTP request, performed by the daemon, which owns
 * TLS, proxies, timeouts, limits and the connections. A module says what to ask, never how: the
 * policy comes from settings with roles, the reachable hosts from them and the descriptor. */
#ifndef HEADROOM_HTTP_H
#define HEADROOM_HTTP_H

#include <headroom/provider.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HR_HTTP_SERVICE "http/1"

enum {
	/* Two of it do no harm: as GET and HEAD, it is sent once more where a kept connection was
	 * closed without an answer. */
	HR_HTTP_IDEMPOTENT = 1u << 0,
	HR_HTTP_EXPECT_JSON = 1u << 1, /* a 2xx answer with another content type is HR_TRANSIENT */
	HR_HTTP_EXPECT_XML = 1u << 2,
	HR_HTTP_FOLLOW = 1u << 3 /* follow redirects (5 at most, reachable hosts only); credentials
				    stay with the first host */
};

struct hr_http_header {
	struct hr_span name;
	struct hr_span value;
};

struct hr_http_request {
	uint32_t size;
	uint32_t flags;        /* HR_HTTP_* */
	struct hr_span method; /* "GET" */
	struct hr_span url;    /* absolute, https (http where it is allowed), no user part */
	const struct hr_http_header *headers;
	uint32_t n_headers;
	uint32_t timeout_ms; /* 0: until the call's deadline, which bounds it in any case */
	struct hr_span body; /* at most 16 MiB */

	/* minor 0 ends here */
};

/* Memory of the call's arena. */
struct hr_http_response {
	uint32_t size;
	int32_t status; /* 100 .. 599 */
	const struct hr_http_header *headers;
	uint32_t n_headers;
	uint32_t reserved_0;
	struct hr_span body;       /* decoded; at most 16 MiB */
	struct hr_span request_id; /* the provider's, from the header that has it; or empty */
	int64_t retry_after_ms;    /* Retry-After in either form; 0: none */

	/* minor 0 ends here */
};

struct hr_http_service {
	uint64_t size;
	/* HR_OK: there is an answer, of whatever status. Else an error's class, whose details are
	 * set: HR_INVALID (the request, an unreachable host, a TLS setting), HR_TRANSIENT (no
	 * connection; with outcome unknown once a byte was sent), HR_TIMEOUT, HR_CANCELLED.
	 * [this call] [in call] [blocks] [errors: invalid, transient, timeout, cancelled,
	 * internal] */
	int32_t (*perform)(const struct hr_call *call, const struct hr_http_request *request,
			   struct hr_http_response *ret_response);
};

#ifdef __cplusplus
}
#endif
#endif
