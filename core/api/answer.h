/* SPDX-License-Identifier: Apache-2.0 */
/* The answer's way out: a result or a problem (RFC 9457), headers, log line, counters. */
#ifndef HR_API_ANSWER_H
#define HR_API_ANSWER_H

#include "api/exchange.h"

/* Sends what the exchange holds, or its error as a problem. */
enum MHD_Result answer_send(struct exchange *exchange);

/* The HTTP status for an error. */
int answer_status(const struct hr_error *error);

/* The error as application/problem+json. NULL: no memory. */
json_t *answer_problem(const struct hr_error *error, const char *request_id);

/* One of several problems, within an answer: class, message, field, example, provider's code. */
json_t *answer_problem_short(const struct hr_error *error);

#endif
