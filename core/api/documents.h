/* SPDX-License-Identifier: Apache-2.0 */
/* What the handlers of documents share. */
#ifndef HR_API_DOCUMENTS_H
#define HR_API_DOCUMENTS_H

#include <jansson.h>

#include "api/exchange.h"
#include "api/names.h"
#include "model/document.h"
#include "provider/registry.h"

/* ---- document_view.c: as shown ---- */

/* Fields flat, references as names, secrets "***", times. NULL: no memory. */
json_t *document_view(struct tx *tx, struct api *api, struct names *names,
		      const struct document *document);
/* Sets the ETag from the revision. */
void document_etag(struct exchange *exchange, const struct document *document);

/* ---- document_edit.c: what is to be stored ---- */

enum edit_mode { EDIT_CREATE, EDIT_PUT, EDIT_PATCH };

struct edit {
	struct document present; /* revision 0: there is none */
	struct document next;
	json_t *secrets;  /* NULL: the kind has none */
	json_t *warnings; /* array of {field, message} */
	bool unchanged;
};

/* Everything but the storing: merges, validates, resolves references, checks. The caller calls
 * edit_clear in any case. */
int edit_prepare(struct tx *tx, struct exchange *exchange, enum edit_mode mode, struct edit *ret,
		 struct hr_error *err);
void edit_clear(struct edit *edit);

/* HR_CONFLICT where If-Match names another revision than the present one. */
int edit_check_match(struct exchange *exchange, const struct document *present,
		     struct hr_error *err);

/* ---- document_checks.c: rules that need more than the document ---- */

/* Names to ids in the body. HR_INVALID names field and what is missing. */
int check_references(struct tx *tx, const struct document *document, struct hr_error *err);
/* Fields that must not change. */
int check_immutable(const struct edit *edit, struct hr_error *err);
/* The module's part of a provider config: body, secrets. */
int check_provider_config(struct tx *tx, struct api *api, struct edit *edit, struct hr_error *err);
/* Script, module and limits of an autoscale config. */
int check_autoscale_config(struct tx *tx, struct api *api, struct edit *edit, struct hr_error *err);
/* Whether who waits in this pool would wait long enough. */
int check_pool(struct tx *tx, struct edit *edit, struct hr_error *err);

int edit_warn(struct edit *edit, const char *field, struct hr_error *err, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
