/* SPDX-License-Identifier: Apache-2.0 */
/* Lists in pages: {"items": [...], "next": cursor or null}. */
#ifndef HR_API_PAGE_H
#define HR_API_PAGE_H

#include "api/exchange.h"

struct page {
	const char *cursor; /* where the page before ended; "" */
	int limit;
	bool more; /* set by the caller: there is more after the last item */
	char last[ID_SIZE + NAME_SIZE];
	json_t *items;
};

/* Reads "cursor" and "limit" (1 to 1000, 100). */
int page_begin(struct exchange *exchange, struct page *page, struct hr_error *err);

/* Takes item over (NULL counts as no memory); its key is the cursor that would follow it. */
int page_add(struct page *page, json_t *item, const char *key, struct hr_error *err);

/* Answers when rc is 0, cleans up; gives rc. */
int page_end(struct exchange *exchange, struct page *page, int rc, struct hr_error *err);

#endif
