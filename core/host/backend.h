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
	 * with the error that the module is to see. NULL: the service http/1 is not offered. */
	int (*http)(void *context, struct call *call, const struct hr_http_request *request,
		    struct hr_http_response *ret_response, struct hr_error *err);
	/* Blocks. The secret's value, malloc'ed, which the caller wipes and frees; "" when it is
	 * unset. NULL: secret/1 is not offered. */
	int (*secret)(void *context, struct call *call, const char *key, char **ret_value,
		      struct hr_error *err);
	/* A line for the daemon's log, masked already. NULL: log_line of this process. */
	void (*log)(void *context, const struct call *call, int32_t level, const char *text);
};

#endif
