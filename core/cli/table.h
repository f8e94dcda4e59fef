/* SPDX-License-Identifier: Apache-2.0 */
/* Lists as people read them: columns out of JSON objects. */
#ifndef HR_CLI_TABLE_H
#define HR_CLI_TABLE_H

#include <stdbool.h>

#include <jansson.h>

#include "base/error.h"

enum output { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_NAME };

struct column {
	const char *title;
	const char *path; /* "status.running": dotted */
};

/* Prints the array of objects to standard output; columns end with a NULL title. For OUTPUT_NAME
 * the first column alone. */
int table_print(enum output output, const struct column *columns, const json_t *items,
		struct hr_error *err);

/* Control characters, also those of two bytes (U+0080 to U+009F), become '?', so that what others
 * wrote cannot steer a terminal. In place; gives text. keep_lines: line ends and tabs stay. */
char *terminal_safe(char *text, bool keep_lines);

/* One object: "key: value" lines, text of several lines indented below its key; or JSON. */
int table_print_object(enum output output, const json_t *object, struct hr_error *err);

#endif
