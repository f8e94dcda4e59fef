/* SPDX-License-Identifier: Apache-2.0 */
/* Normalised settings (JSON) in the form in which a module's open gets them. */
#ifndef HR_HOST_VALUES_H
#define HR_HOST_VALUES_H

#include <stddef.h>

#include <jansson.h>

#include <headroom/provider.h>

#include "base/error.h"
#include "schema/schema.h"

struct values {
	struct hr_value *list; /* n of them, sizeof(struct hr_value) apart */
	size_t n;
	struct hr_span *items; /* what lists and maps point to */
	char **texts;          /* what JSON values point to; n of them, NULL where there is none */
};

/* settings: what schema_normalize gave. Most spans point into it and into the schema's rows: both
 * must outlive the values. Settings that are absent or null are left out. */
int values_from_json(const struct schema *schema, const json_t *settings, struct values *ret,
		     struct hr_error *err);

/* Wipes what it owns. */
void values_clear(struct values *values);

#endif
