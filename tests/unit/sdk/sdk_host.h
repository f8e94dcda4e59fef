/* SPDX-License-Identifier: Apache-2.0 */
/* A host for tests of the SDK: it notes what a module says, answers requests as it is told, and can run
 * out of memory at a chosen request. Like the real one it sends nothing once that has happened. */
#ifndef HR_TESTS_SDK_HOST_H
#define HR_TESTS_SDK_HOST_H

#include "../base/suite.h"

#include <headroom/sdk_json.h>

/* What http/1 answers next. */
struct sdk_reply {
	int32_t result; /* HR_OK: there is an answer */
	int32_t status;
	const char *body;
};

struct sdk_host {
	int64_t allocs_left; /* that many succeed; -1: all */
	int spent;
	int cancelled;
	int32_t secret_result;
	struct sdk_reply reply;
	/* What was said and asked last. */
	struct hr_fault fault;
	int n_faults;
	int n_requests;
	char method[16], url[512], headers[512], body[512], message[1600], setting[64], code[64];
	char token[64];
	int64_t delay_ms;
	int32_t percent;
};

extern struct sdk_host sdk_host;
extern const struct hr_host sdk_host_abi;
extern const struct hr_call sdk_call;

/* Afresh, with memory without end; and releases what the call had. */
void sdk_host_begin(void);
void sdk_host_end(void);

#endif
