/* SPDX-License-Identifier: Apache-2.0 */
/* What can become of one request to a provider, and with which classes a module may answer then. */
#ifndef HR_CONFORMANCE_FAULT_H
#define HR_CONFORMANCE_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "host/call.h"

#include <headroom/http.h>

struct fault {
	const char *name; /* "is answered 429" */
	int32_t status;   /* HTTP's, of an answer made up here; 0: see below */
	const char *body; /* of it */
	int32_t class;    /* HR_*: what http/1 says in place of an answer */
	bool sent;        /* the provider did it; its answer is what gets lost */
	bool cuts;        /* likewise, and half of the answer comes */
	bool cancels;     /* the call is cancelled meanwhile */
	bool not_deletes; /* of a DELETE such an answer is a success */
	int32_t retry_after_ms;
	uint32_t allowed; /* FAULT_MAY(class), ... */
};

#define FAULT_MAY(class) (1u << ((class) >= HR_AUTH ? (class) - HR_AUTH + 2 : (class)))
#define FAULT_BODY "<html><body>the balancer has no more to say</body></html>"

extern const struct fault faults[];
extern const unsigned n_faults;

/* The backend's http of one account: performs requests by another, and lets the fault happen to one of them. */
struct fault_point {
	const struct host_backend *inner;
	const struct fault *fault; /* NULL: none */
	unsigned at;               /* to the at-th request from now on, from 0 */
	unsigned seen;             /* requests until now */
	bool struck;
	const char *unfit;    /* why it could not happen to this request; or NULL */
	int64_t cancelled_ms; /* when, monotonic */
};

int fault_http(void *context, const struct call *call, const struct hr_http_request *request,
	       struct hr_http_response *ret_response, struct hr_error *err);

#endif
