/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of document: names, tables, references, and the way from what a person wrote to what
 * is stored. Not here: where documents are kept (store) and whether what they name exists (API). */
#include "model/document.h"

#include <string.h>

#include "base/json.h"
#include "model/kind.h"

static const struct kind {
	const char *name;
	const char *plural;
	const struct schema *schema;
	int (*check_rules)(const json_t *body, struct hr_error *err);
} kinds[DOCUMENT_KINDS] = {
	[DOCUMENT_ZONE] = {"zone", "zones", &zone_schema, NULL},
	[DOCUMENT_PROVIDER_CONFIG] = {"provider-config", "provider-configs",
				      &provider_config_schema, NULL},
	[DOCUMENT_POOL] = {"pool", "pools", &pool_schema, pool_check_rules},
	[DOCUMENT_AUTOSCALE_CONFIG] = {"autoscale-config", "autoscale-configs",
				       &autoscale_config_schema, autoscale_config_check_rules},
};

const char *document_kind_name(enum document_kind kind)
{
	return kinds[kind].name;
}

const char *document_kind_plural(enum document_kind kind)
{
	return kinds[kind].plural;
}

int document_kind_find(const char *name)
{
	for (int i = 0; name && i < DOCUMENT_KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0 || strcmp(kinds[i].plural, name) == 0)
			return i;
	return -1;
}

const struct schema *document_schema(enum document_kind kind)
{
	return kinds[kind].schema;
}

int document_reference_kind(const struct hr_setting *row)
{
	if (row->role != HR_ROLE_REFERENCE)
		return -1;
	if (strcmp(row->key, "pool") == 0)
		return DOCUMENT_POOL;
	if (strcmp(row->key, "zone") == 0)
		return DOCUMENT_ZONE;
	return strcmp(row->key, "provider_config") == 0 ? DOCUMENT_PROVIDER_CONFIG : -1;
}

int document_normalize(enum document_kind kind, const json_t *input, unsigned flags,
		       json_t **ret_body, struct hr_error *err)
{
	json_t *body = NULL;

	if (schema_normalize(kinds[kind].schema, input, flags, &body, err) != 0)
		return -1;
	if (kinds[kind].check_rules && kinds[kind].check_rules(body, err) != 0) {
		json_decref(body);
		return -1;
	}
	*ret_body = body;
	return 0;
}

json_t *document_mask(enum document_kind kind, const json_t *body,
		      const struct schema *module_settings)
{
	const json_t *settings = json_object_get(body, "settings");
	json_t *masked = schema_mask(kinds[kind].schema, body);

	if (!masked || kind != DOCUMENT_PROVIDER_CONFIG || !settings)
		return masked;
	/* Without the module nobody knows which of its settings are secret. */
	if (json_object_set_new(masked, "settings",
				module_settings ? schema_mask(module_settings, settings)
						: schema_mask_all(settings)) != 0) {
		json_decref(masked);
		return NULL;
	}
	return masked;
}

void document_clear(struct document *document)
{
	json_decref(document->body);
	memset(document, 0, sizeof(*document));
}
