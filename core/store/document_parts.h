/* SPDX-License-Identifier: Apache-2.0 */
/* What a document's row brings with it, each in its own file. Only for document_rows.c. */
#ifndef HR_STORE_DOCUMENT_PARTS_H
#define HR_STORE_DOCUMENT_PARTS_H

#include "store/document_rows.h"

/* The body as it is stored: "***" where secrets has a value. NULL: no memory. */
json_t *document_hide_secrets(const json_t *body, const json_t *secrets);

/* Stores the secrets given (but "***", which stands for what is stored), and removes stored ones
 * that are neither given nor "***" in the body. NULL secrets: all stay. */
int document_secrets_put(struct tx *tx, const struct document *document, const json_t *secrets,
			 struct hr_error *err);

/* Writes anew which documents this one names. HR_INVALID, with the field: one is not there. */
int document_references_put(struct tx *tx, const struct document *document, struct hr_error *err);

/* HR_CONFLICT names what refers to the document. */
int document_references_check(struct tx *tx, const struct document *document, struct hr_error *err);

/* Keeps a copy of the present revision if a server not gone refers to it. */
int document_revision_keep(struct tx *tx, const char *id, struct hr_error *err);
/* Removes kept revisions that no server refers to any longer. */
int document_revisions_prune(struct tx *tx, const char *id, struct hr_error *err);

#endif
