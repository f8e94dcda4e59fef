/* SPDX-License-Identifier: Apache-2.0 */
/* One table of struct hr_setting (the SDK's descriptor) -> parse, default, validate, describe,
 * mask. Used for the daemon's own documents and for modules' settings alike. No I/O. */
#ifndef HR_SCHEMA_SCHEMA_H
#define HR_SCHEMA_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"

/* A table; rows are stride bytes apart (a module's rows may be longer than ours). The rows must
 * outlive the schema. */
struct schema {
	const char *subject; /* "pool", "settings of provider local": for messages */
	const struct hr_setting *rows;
	size_t n_rows;
	size_t stride;
};

#define SCHEMA_OF(subject_text, table)                                                     \
	{                                                                                  \
		.subject = (subject_text), .rows = (table),                                \
		.n_rows = sizeof(table) / sizeof((table)[0]), .stride = sizeof((table)[0]) \
	}

const struct hr_setting *schema_row(const struct schema *schema, size_t i);

/* By key or alias; NULL: none. */
const struct hr_setting *schema_find(const struct schema *schema, const char *key);

enum {
	SCHEMA_ALLOW_MASKED = 1u << 0 /* "***" stands for a secret that is kept (edits) */
};

/* Takes a JSON object from a person, gives a new one with canonical keys, typed values (durations
 * in seconds, bytes in bytes) and defaults filled in. Refuses unknown keys (with the nearest known
 * one), wrong types, values out of range, missing required ones: HR_INVALID with field, reason and
 * example. The object given is not changed; the caller owns *ret_document. */
int schema_normalize(const struct schema *schema, const json_t *input, unsigned flags,
		     json_t **ret_document, struct hr_error *err);

/* Normalises one value of text as it stands in a config file or on a command line. */
int schema_value_from_text(const struct hr_setting *row, const char *text, json_t **ret_value,
			   struct hr_error *err);

/* Whether the table itself is sound (keys, types, defaults within limits, help everywhere):
 * HR_INVALID names row and reason. For modules' tables and for tests of our own. */
int schema_check(const struct schema *schema, struct hr_error *err);

/* A copy of a document with every secret replaced by "***". NULL: no memory. */
json_t *schema_mask(const struct schema *schema, const json_t *document);

/* A copy of an object of which no table is known, with every text and number in it replaced by
 * "***". NULL: no memory. */
json_t *schema_mask_all(const json_t *json);

/* Puts the stored document's secrets where a normalised edit says "***" (SCHEMA_ALLOW_MASKED).
 * HR_INVALID where nothing is stored to keep. stored may be NULL. */
int schema_keep_secrets(const struct schema *schema, json_t *document, const json_t *stored,
			struct hr_error *err);

/* Whether an edit, both sides normalised, leaves every row with HR_SETTING_IMMUTABLE as it was:
 * HR_INVALID with field where it does not. */
int schema_check_edit(const struct schema *schema, const json_t *before, const json_t *after,
		      struct hr_error *err);

/* JSON Schema (2020-12) of the table, with title, help, unit, group, examples, shownWhen; secrets
 * are writeOnly. NULL: no memory. */
json_t *schema_describe(const struct schema *schema);

/* Fills err as for a field that the table does not have: names the nearest one that it has. */
int schema_unknown_key(const struct schema *schema, const char *key, struct hr_error *err);

/* "90s", "5m", "2h", "1d" or plain seconds; "20GiB", "512MB" or plain bytes. 0 or -1. */
int schema_parse_duration(const char *text, int64_t *ret_seconds);
int schema_parse_bytes(const char *text, int64_t *ret_bytes);

/* The other way, in the largest unit that is exact: "30m", "20GiB". Gives buf. */
#define QUANTITY_SIZE 32
const char *schema_duration_text(int64_t seconds, char buf[QUANTITY_SIZE]);
const char *schema_bytes_text(int64_t bytes, char buf[QUANTITY_SIZE]);

#define SCHEMA_MASK "***"

#endif
