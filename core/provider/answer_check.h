/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an answer is one that the request can have. A host process runs foreign code: what it says
 * may be anything. */
#ifndef HR_PROVIDER_ANSWER_CHECK_H
#define HR_PROVIDER_ANSWER_CHECK_H

#include "provider/dispatch.h"

/* 0, or -1 and what is wrong as HR_INTERNAL. Any thread. */
int answer_check(const struct dispatch_request *request, const struct dispatch_answer *answer,
		 struct hr_error *err);

/* Whether text holds nothing but what host names and addresses have: it goes into commands and
 * configurations. */
bool answer_is_address(const char *text);

#endif
