/* SPDX-License-Identifier: Apache-2.0 */
/* A request as a module makes it, and an answer as it gets it, from and to the messages in which they
 * travel. */
#ifndef HR_HOST_HTTP_EXCHANGE_H
#define HR_HOST_HTTP_EXCHANGE_H

#include <headroom/http.h>

#include "host/call.h"
#include "provider/wire.h"

/* The caller clears *ret with wire_clear(WIRE_HTTP, ...), also after an error. HR_INVALID: what
 * no message can carry, since it is too long, too much, or no UTF-8 text. */
int exchange_request(const struct call *call, const struct hr_http_request *request,
		     struct wire_http *ret, struct hr_error *err);

/* In memory of the call's arena. */
int exchange_response(const struct call *call, const struct wire_http_answer *answer,
		      struct hr_http_response *ret, struct hr_error *err);

#endif
