/* SPDX-License-Identifier: Apache-2.0 */
/* A host's messages as JSON: what headroom-host --describe prints, and manifests. Any thread. */
#ifndef HR_PROVIDER_WIRE_JSON_H
#define HR_PROVIDER_WIRE_JSON_H

#include <jansson.h>

#include "provider/wire.h"

/* One line of it, without its end; malloc'ed. What belongs into a frame's body is left out. NULL: no memory,
 * or a text in it is no UTF-8. */
char *wire_json_write(enum wire_kind kind, const void *value);

/* HR_INTERNAL with the reason for what is not as the table says: the text may be a hostile module's. The
 * caller frees *ret_value with wire_free. */
int wire_json_read(const char *text, size_t len, enum wire_kind *ret_kind, void **ret_value,
		   struct hr_error *err);

/* One member that is set; a new reference, or NULL likewise. */
json_t *wire_json_field(const struct wire_field *field, const void *value);

#endif
