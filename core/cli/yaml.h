/* SPDX-License-Identifier: Apache-2.0 */
/* Definitions as people write them: YAML (JSON is a part of it) to JSON values. */
#ifndef HR_CLI_YAML_H
#define HR_CLI_YAML_H

#include <stddef.h>

#include <jansson.h>

#include "base/error.h"

/* All documents of a text of len bytes, as an array. Plain true/false/null and decimal integers are
 * typed, all else is text, also integers with leading zeros; empty documents are left out. Refused
 * with line and column: duplicate keys, anchors and aliases, tags, keys that are no text, depth
 * over 32, invalid UTF-8, NUL. `what` names the text in messages. The caller owns
 * *ret_documents. */
int yaml_parse(const char *text, size_t len, const char *what, json_t **ret_documents,
	       struct hr_error *err);

#endif
