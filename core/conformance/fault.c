/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of requests; see fault.h. */
#include "conformance/fault.h"

#include <string.h>

#include "base/clock.h"
#include "host/backend.h"

/* What a step may also say: it found that what was asked has been done, or goes on. */
#define GOES_ON (FAULT_MAY(HR_OK) | FAULT_MAY(HR_AGAIN))
#define UNREADABLE (FAULT_MAY(HR_TRANSIENT) | FAULT_MAY(HR_INTERNAL))

const struct fault faults[] = {
	{.name = "is answered 401",
	 .status = 401,
	 .body = FAULT_BODY,
	 .allowed = FAULT_MAY(HR_AUTH)},
	{.name = "is answered 403",
	 .status = 403,
	 .body = FAULT_BODY,
	 .allowed = FAULT_MAY(HR_AUTH) | FAULT_MAY(HR_QUOTA)},
	{.name = "is answered 404",
	 .status = 404,
	 .body = FAULT_BODY,
	 .allowed = FAULT_MAY(HR_NOT_FOUND) | FAULT_MAY(HR_INVALID) | FAULT_MAY(HR_TRANSIENT) |
		    GOES_ON},
	{.name = "is answered 409",
	 .status = 409,
	 .body = FAULT_BODY,
	 .allowed = FAULT_MAY(HR_CONFLICT) | GOES_ON},
	{.name = "is answered 429, Retry-After 7",
	 .status = 429,
	 .body = FAULT_BODY,
	 .retry_after_ms = 7000,
	 .allowed = FAULT_MAY(HR_THROTTLED)},
	{.name = "is answered 500",
	 .status = 500,
	 .body = FAULT_BODY,
	 .allowed = FAULT_MAY(HR_TRANSIENT)},
	{.name = "is answered 503",
	 .status = 503,
	 .body = FAULT_BODY,
	 .allowed = FAULT_MAY(HR_TRANSIENT) | FAULT_MAY(HR_CAPACITY) | FAULT_MAY(HR_THROTTLED)},
	{.name = "is answered with garbage",
	 .status = 200,
	 .body = FAULT_BODY,
	 .allowed = UNREADABLE},
	{.name = "is answered with nothing",
	 .status = 200,
	 .body = "",
	 .not_deletes = true,
	 .allowed = UNREADABLE},
	{.name = "is answered, and the answer is cut", .cuts = true, .allowed = UNREADABLE},
	{.name = "is not answered in time",
	 .class = HR_TIMEOUT,
	 .allowed = FAULT_MAY(HR_TIMEOUT) | FAULT_MAY(HR_TRANSIENT)},
	{.name = "does not get through", .class = HR_TRANSIENT, .allowed = FAULT_MAY(HR_TRANSIENT)},
	{.name = "is done, but the answer is lost",
	 .class = HR_TRANSIENT,
	 .sent = true,
	 .allowed = FAULT_MAY(HR_TRANSIENT)},
	{.name = "is cancelled", .cancels = true, .allowed = FAULT_MAY(HR_CANCELLED)},
};
const unsigned n_faults = sizeof(faults) / sizeof(faults[0]);

static int made_up(const struct fault *fault, const struct call *call, struct hr_http_response *ret)
{
	size_t len = strlen(fault->body);
	char *body = call->abi.alloc(&call->abi, len + 1);

	if (!body)
		return -1;
	memcpy(body, fault->body, len);
	ret->status = fault->status;
	ret->headers = NULL;
	ret->n_headers = 0;
	ret->body = (struct hr_span){body, len};
	ret->request_id = (struct hr_span)HR_SPAN_OF("made-up");
	ret->retry_after_ms = fault->retry_after_ms;
	return 0;
}

static int unanswered(const struct fault *fault, struct hr_error *err)
{
	error_set(err, fault->class, "conformance: the request %s", fault->name);
	if (fault->sent || fault->class == HR_TIMEOUT)
		err->flags |= HR_FAULT_OUTCOME_UNKNOWN;
	return -1;
}

static int strike(struct fault_point *point, const struct call *call,
		  const struct hr_http_request *request, struct hr_http_response *ret,
		  struct hr_error *err)
{
	const struct fault *fault = point->fault;
	const struct host_backend *inner = point->inner;

	point->struck = true;
	if (fault->not_deletes && request->method.len == 6 &&
	    memcmp(request->method.ptr, "DELETE", 6) == 0) {
		point->unfit = "of a DELETE it is a success";
		return inner->http(inner->context, call, request, ret, err);
	}
	if (fault->cancels) {
		point->cancelled_ms = clock_now().mono_ms;
		call_cancel((struct call *)(uintptr_t)call);
		return error_set(err, HR_CANCELLED, "the call was cancelled");
	}
	if ((fault->sent || fault->cuts) &&
	    inner->http(inner->context, call, request, ret, err) != 0)
		return -1;
	if (fault->cuts) {
		point->unfit = ret->body.len > 1 ? NULL : "the answer has no body";
		ret->body.len /= 2;
		return 0;
	}
	return fault->status != 0 ? made_up(fault, call, ret) : unanswered(fault, err);
}

int fault_http(void *context, const struct call *call, const struct hr_http_request *request,
	       struct hr_http_response *ret_response, struct hr_error *err)
{
	struct fault_point *point = context;

	if (point->fault && !point->struck && point->seen++ == point->at)
		return strike(point, call, request, ret_response, err);
	return point->inner->http(point->inner->context, call, request, ret_response, err);
}
