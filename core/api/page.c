/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of lists. */
#include "api/page.h"

#include <string.h>

#include "api/names.h"
#include "base/text.h"

#define LIMIT 100
#define LIMIT_MAX 1000

int page_begin(struct exchange *exchange, struct page *page, struct hr_error *err)
{
	const char *cursor = exchange_query(exchange, "cursor");
	int64_t limit;

	memset(page, 0, sizeof(*page));
	if (exchange_query_number(exchange, "limit", 1, LIMIT_MAX, LIMIT, &limit, err) != 0)
		return -1;
	if (cursor && strlen(cursor) >= sizeof(page->last))
		return error_set_field(err, HR_INVALID, "cursor", NULL,
				       "the cursor is none that a list here gave as \"next\"");
	page->cursor = cursor ? cursor : "";
	page->limit = (int)limit;
	page->items = json_array();
	return page->items ? 0 : error_no_memory(err, "listing");
}

int page_add(struct page *page, json_t *item, const char *key, struct hr_error *err)
{
	text_copy(page->last, sizeof(page->last), key);
	if (json_array_append_new(page->items, item) != 0)
		return error_no_memory(err, "listing");
	return 0;
}

int page_end(struct exchange *exchange, struct page *page, int rc, struct hr_error *err)
{
	if (rc == 0)
		rc = exchange_answer(exchange,
				     json_pack("{sO so}", "items", page->items, "next",
					       page->more ? json_string(page->last) : json_null()),
				     err);
	json_decref(page->items);
	page->items = NULL;
	return rc;
}
