/* SPDX-License-Identifier: Apache-2.0 */
/* Ids of documents shown as names: each is looked up once in an answer. And times as JSON. */
#ifndef HR_API_NAMES_H
#define HR_API_NAMES_H

#include <jansson.h>

#include "model/document.h"
#include "store/store.h"

#define NAMES_KEPT 32

struct names {
	struct {
		enum document_kind kind;
		char id[ID_SIZE];
		char name[NAME_SIZE];
	} kept[NAMES_KEPT];
	size_t n;
};

/* The name, or the id itself where the document is gone; null for "". NULL: no memory. */
json_t *names_json(struct tx *tx, struct names *names, enum document_kind kind, const char *id);

/* RFC 3339, or null for "never" and "not yet". NULL: no memory. */
json_t *time_json(int64_t wall_ms);

/* Text, or null where it is empty. */
json_t *text_json(const char *text);

#endif
