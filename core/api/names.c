/* SPDX-License-Identifier: Apache-2.0 */
/* Names, times and texts as answers show them. */
#include "api/names.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "store/document_rows.h"

json_t *names_json(struct tx *tx, struct names *names, enum document_kind kind, const char *id)
{
	struct document document = {0};
	size_t at = names->n;

	if (id[0] == '\0')
		return json_null();
	for (size_t i = 0; i < names->n; i++)
		if (names->kept[i].kind == kind && strcmp(names->kept[i].id, id) == 0)
			return json_string(names->kept[i].name);
	if (document_get(tx, kind, id, &document, NULL) != 0)
		return json_string(id);
	if (at == NAMES_KEPT)
		at = 0;
	else
		names->n++;
	names->kept[at].kind = kind;
	text_copy(names->kept[at].id, ID_SIZE, id);
	text_copy(names->kept[at].name, NAME_SIZE, document.name);
	document_clear(&document);
	return json_string(names->kept[at].name);
}

json_t *time_json(int64_t wall_ms)
{
	char text[TIME_TEXT_SIZE];

	if (wall_ms <= 0 || wall_ms == MS_NEVER)
		return json_null();
	return json_string(time_text(wall_ms, text));
}

json_t *text_json(const char *text)
{
	CLEANUP_FREE char *copy = NULL;

	if (!text || !text[0])
		return json_null();
	if (text_valid_utf8(text, strlen(text)))
		return json_string(text);
	copy = strdup(text); /* the name of a file, say */
	if (!copy)
		return NULL;
	text_clean(copy);
	return json_string(copy);
}
