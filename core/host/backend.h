/* SPDX-License-Identifier: Apache-2.0 */
/* Where the host has those services done that it cannot do itself: in the daemon over the channel, or
 * in this very process where a module runs inline. A module cannot tell the difference. */
#ifndef HR_HOST_BACKEND_H
#define HR_HOST_BACKEND_H

#include <headroom/http.h>

#include "base/error.h"
#include "host/call.h"

/* One per account. All functions: any thread that works for that call. */
struct host_backend {
	void *context;
	/* Blocks. Fills *ret_response with memory of the call's arena (call->abi.alloc). 0, or -1
	 * with the error that the module is to see. NULL: no request can be made. */
	int (*http)(void *context, const struct call *call, const struct hr_http_request *request,
		    struct hr_http_response *ret_response, struct hr_error *err);
	/* Blocks. The secret's value, malloc'ed, which the caller wipes and frees; "" when it is
	 * unset. NULL: no secret can be asked for. */
	int (*secret)(void *context, const struct call *call, const char *key, char **ret_value,
		      struct hr_error *err);
	/* An instance id is known: to be told at once, since this process may end before the call
	 * does. NULL: nobody needs it before the call's end. */
	void (*instance)(void *context, const struct call *call, const char *instance_id);
	/* A line for the daemon's log, masked already. NULL: log_line of this process. */
	void (*log)(void *context, const struct call *call, int32_t level, const char *text);
};

#endif
