/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer's headers say: the request's id, when to come again, whether the content is what
 * was expected. */
#ifndef HR_HTTP_ANSWER_H
#define HR_HTTP_ANSWER_H

#include <stdbool.h>

#include "http/http.h"

/* Fills request_id and retry_after_ms from the headers; drops those that no longer hold for a
 * decoded body. now_s: Unix time, for a Retry-After that is a date in an answer without one. */
void http_answer_read_headers(struct http_answer *answer, int64_t now_s);

/* Whether a 2xx answer has the content that flags (HR_HTTP_EXPECT_*) want; an empty body has. */
bool http_answer_is_expected(const struct http_answer *answer, uint32_t flags);

/* From Retry-After: ms, at most 24 hours; 0: none, unreadable or past. date: of the answer, or
 * NULL. */
int64_t http_answer_retry_after(const char *value, const char *date, int64_t now_s);

#endif
