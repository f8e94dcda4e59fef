/* SPDX-License-Identifier: Apache-2.0 */
/* The secrets of an account, to be kept out of cassettes. */
#ifndef HR_HTTP_SCRUB_H
#define HR_HTTP_SCRUB_H

#include <pthread.h>
#include <stddef.h>

#include <jansson.h>

#include "base/error.h"
#include "schema/schema.h"

#define SCRUB_MASK "***"

struct scrub {
	pthread_mutex_t mutex; /* over all below; values are added while requests are under way */
	char **values;         /* longest first; wiped */
	size_t n_values;
};

/* With the values of the schema's secret settings. */
int scrub_init(struct scrub *scrub, const struct schema *schema, const json_t *settings,
	       struct hr_error *err);
void scrub_clear(struct scrub *scrub);

/* One more value, as it is, as it stands in a URL and in JSON. Such of less than 4 bytes are left
 * out: they would be found everywhere. Any thread. 0, or -1: no memory. */
int scrub_add(struct scrub *scrub, const char *value);

/* A malloc'ed copy of len bytes with each secret replaced by "***", and the values that scrub_names finds;
 * NUL added. NULL: no memory. Any thread. */
char *scrub_bytes(struct scrub *scrub, const char *bytes, size_t len, size_t *ret_len);

/* Masks, in place, values under names that tell of a secret ("access_token": "...", sig=..., <password>...):
 * in JSON, XML, forms and queries; and JSON Web Tokens wherever they are. Gives the new length. */
size_t scrub_names(char *text, size_t len);

#endif
