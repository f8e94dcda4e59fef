/* SPDX-License-Identifier: Apache-2.0 */
/* The cloud's API (tests/sim/README.md): a request's parts to a call of the model, its answer to
 * JSON. Not here: connections, and when an answer goes out (cloud_server.c). */
#ifndef HR_SIM_CLOUD_REQUESTS_H
#define HR_SIM_CLOUD_REQUESTS_H

#include "cloud.h"

#define CLOUD_BODY_MAX (512u << 10) /* user data in JSON may grow by escapes */
#define CLOUD_QUERY_MAX 8

struct cloud_request {
	const char *method;
	const char *path;
	const char *authorization; /* the headers; or NULL */
	const char *content_type;
	const char *body;
	size_t body_len; /* more than CLOUD_BODY_MAX: it was not kept */
	struct {
		const char *name, *value;
	} query[CLOUD_QUERY_MAX];
	size_t n_query; /* more than CLOUD_QUERY_MAX: those were not kept */
};

struct cloud_response {
	int status;
	char *body; /* JSON; free it. NULL: no memory */
	char request_id[32];
	int64_t latency_ms;
	int64_t retry_after_ms;
	enum cloud_delivery delivery;
};

/* One thread at a time. */
void cloud_request_serve(struct cloud *cloud, int64_t now_ms, const struct cloud_request *request,
			 struct cloud_response *ret);

#endif
