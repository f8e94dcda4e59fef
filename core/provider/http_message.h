/* SPDX-License-Identifier: Apache-2.0 */
/* Between the messages of the channel and what the HTTP service takes and gives. Nothing is copied: the
 * results borrow. */
#ifndef HR_PROVIDER_HTTP_MESSAGE_H
#define HR_PROVIDER_HTTP_MESSAGE_H

#include "http/http.h"
#include "provider/wire.h"

/* left_ms: until the call's deadline, which bounds the request's own time. HR_INVALID: a header without
 * name or value. */
int http_message_request(const struct wire_http *message, int64_t left_ms,
			 struct http_request *ret_request, struct hr_error *err);

void http_message_answer(const struct http_answer *answer, struct wire_http_answer *ret_message);

#endif
