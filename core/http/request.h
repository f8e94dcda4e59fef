/* SPDX-License-Identifier: Apache-2.0 */
/* A request as it is kept: checked and copied whole. */
#ifndef HR_HTTP_REQUEST_H
#define HR_HTTP_REQUEST_H

#include <stdbool.h>

#include "http/http.h"
#include "http/url.h"

struct request {
	char method[24];
	struct http_url url; /* of the hop that is next */
	struct http_header *headers;
	size_t n_headers;
	char *body; /* wiped; NULL: empty */
	size_t body_len;
	uint32_t flags;
	int64_t timeout_ms; /* as it was asked for */
	bool left_origin;   /* by a redirect: no credentials any more, also none of TLS */
};

/* HR_INVALID names what is wrong, without any value. On failure nothing is left. */
int request_init(struct request *request, const struct http_request *from, struct hr_error *err);
void request_clear(struct request *request);

/* It changes nothing at the provider. */
bool request_is_safe(const struct request *request);

/* Safe methods, and what the module says may be sent twice. */
bool request_may_repeat(const struct request *request);

/* Turns it to where a redirect with that status leads, which policy has allowed: takes over *to.
 * A POST becomes a GET but for 307 and 308, with 303 any method does; towards another origin credentials go. HR_INVALID where
 * a body would go to another origin, or from https to http. *to is cleared in any case. */
int request_redirect(struct request *request, int status, struct http_url *to,
		     struct hr_error *err);

#endif
