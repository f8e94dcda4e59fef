/* SPDX-License-Identifier: Apache-2.0 */
/* Events as answers show them. */
#ifndef HR_API_EVENTS_H
#define HR_API_EVENTS_H

#include <jansson.h>

#include "api/names.h"
#include "store/operation_rows.h"

/* An array in rising order; ret_last (may be NULL) is the last one's number, 0 for none. */
int events_view(struct tx *tx, struct names *names, const struct event_query *query, json_t **ret,
		int64_t *ret_last, struct hr_error *err);

#endif
