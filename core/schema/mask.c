/* SPDX-License-Identifier: Apache-2.0 */
/* Hiding secrets in what is shown. Keeping them in an edit of what was shown is in edit.c. */
#include "base/cleanup.h"
#include "base/json.h"
#include "schema/schema.h"

/* Built anew and not from a copy, so that no second copy of a secret is left in memory. */
json_t *schema_mask(const struct schema *schema, const json_t *document)
{
	CLEANUP_JSON json_t *masked = json_object();
	const char *key;
	json_t *value;

	json_object_foreach (json_unconst(document), key, value) {
		const struct hr_setting *row = schema_find(schema, key);
		bool secret = row && row->type == HR_TYPE_SECRET;

		if (json_object_set_new(masked, key,
					secret ? json_string(SCHEMA_MASK)
					       : json_deep_copy(value)) != 0)
			return NULL;
	}
	return json_incref(masked);
}

json_t *schema_mask_all(const json_t *json)
{
	json_t *copy, *item;
	const char *key;
	size_t i;
	int rc = 0;

	if (json_is_object(json)) {
		copy = json_object();
		json_object_foreach (json_unconst(json), key, item)
			if (rc == 0)
				rc = json_object_set_new(copy, key, schema_mask_all(item));
	} else if (json_is_array(json)) {
		copy = json_array();
		json_array_foreach (json, i, item)
			if (rc == 0)
				rc = json_array_append_new(copy, schema_mask_all(item));
	} else if (json_is_string(json) || json_is_number(json)) {
		copy = json_string(SCHEMA_MASK);
	} else {
		copy = json_deep_copy(json);
	}
	if (rc != 0) {
		json_decref(copy);
		return NULL;
	}
	return copy;
}
