/* SPDX-License-Identifier: Apache-2.0 */
/* Takes an account's secrets out of texts that a module writes for people. */
#ifndef HR_HOST_MASK_H
#define HR_HOST_MASK_H

#include <stddef.h>

#include <jansson.h>

#include "base/error.h"
#include "schema/schema.h"

struct mask;

/* The secret values of normalised settings, copied; of one with several lines also each longer
 * line, since logs are written in lines. Each also as it stands in a URL, in JSON and in Base64. */
int mask_new(const struct schema *schema, const json_t *settings, struct mask **ret_mask,
	     struct hr_error *err);

/* One more secret, which secret/1 has just given. Any thread. 0, or -1: no memory. */
int mask_add(struct mask *mask, const char *secret);

/* Wipes. */
void mask_free(struct mask *mask);

/* Copies len bytes of text into buf as valid UTF-8 without NUL ("?" for what is none), every
 * secret replaced by "***", cut where it does not fit. mask may be NULL. Any thread. */
void mask_text(const struct mask *mask, const char *text, size_t len, char *buf, size_t size);

#endif
