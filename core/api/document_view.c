/* SPDX-License-Identifier: Apache-2.0 */
/* Documents as answers show them. */
#include <string.h>

#include "api/documents.h"
#include "base/json.h"
#include "base/text.h"

static const struct schema *module_schema(struct api *api, const struct document *document)
{
	const struct registry_module *module = NULL;

	if (document->kind != DOCUMENT_PROVIDER_CONFIG || !api->options.registry ||
	    registry_find(api->options.registry, json_string_or(document->body, "provider", ""),
			  &module, NULL) != 0)
		return NULL;
	return &module->schema;
}

/* References are stored as ids. */
static int show_names(struct tx *tx, struct names *names, const struct document *document,
		      json_t *view)
{
	const struct schema *schema = document_schema(document->kind);

	for (size_t i = 0; i < schema->n_rows; i++) {
		const struct hr_setting *row = schema_row(schema, i);
		int kind = document_reference_kind(row);
		const char *id = json_string_or(view, row->key, "");

		if (kind >= 0 && id[0] != '\0' &&
		    json_object_set_new(view, row->key,
					names_json(tx, names, (enum document_kind)kind, id)) != 0)
			return -1;
	}
	return 0;
}

json_t *document_view(struct tx *tx, struct api *api, struct names *names,
		      const struct document *document)
{
	json_t *view = document_mask(document->kind, document->body, module_schema(api, document));

	if (!view)
		return NULL;
	if (show_names(tx, names, document, view) != 0 ||
	    json_object_set_new(view, "id", json_string(document->id)) != 0 ||
	    json_object_set_new(view, "name", json_string(document->name)) != 0 ||
	    json_object_set_new(view, "revision", json_integer(document->revision)) != 0 ||
	    json_object_set_new(view, "created", time_json(document->created_ms)) != 0 ||
	    json_object_set_new(view, "changed", time_json(document->changed_ms)) != 0) {
		json_decref(view);
		return NULL;
	}
	return view;
}

void document_etag(struct exchange *exchange, const struct document *document)
{
	text_format(exchange->etag, sizeof(exchange->etag), "\"%lld\"",
		    (long long)document->revision);
}
