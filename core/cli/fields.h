/* SPDX-License-Identifier: Apache-2.0 */
/* Fields explained to people, from the JSON Schema that the tables give (schema_describe): on a
 * terminal, and as a page of the manual. */
#ifndef HR_CLI_FIELDS_H
#define HR_CLI_FIELDS_H

#include <stdio.h>

#include <jansson.h>

/* Each field with type, default, limits, meaning, example, one below the other. What steers a
 * terminal is taken out. */
void fields_print(FILE *out, const json_t *schema);

/* A Markdown table for each group of fields, with the group's heading of that level where a field
 * has a group. */
void fields_markdown(FILE *out, const json_t *schema, int level);

#endif
