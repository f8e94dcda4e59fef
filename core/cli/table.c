/* SPDX-License-Identifier: Apache-2.0 */
/* Tables on standard output. */
#include "cli/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"

#define COLUMNS_MAX 12

static const json_t *value_at(const json_t *object, const char *path)
{
	const char *dot;

	while (object != NULL && (dot = strchr(path, '.')) != NULL) {
		object = json_object_getn(object, path, (size_t)(dot - path));
		path = dot + 1;
	}
	return json_object_get(object, path);
}

char *terminal_safe(char *text, bool keep_lines)
{
	for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
		if (keep_lines && (*c == '\n' || *c == '\t'))
			continue;
		if (*c < 0x20 || *c == 0x7f)
			*c = '?';
		else if (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
			c[0] = c[1] = '?';
	}
	return text;
}

/* The caller frees. */
static char *value_text(const json_t *value)
{
	char *text;

	if (value == NULL || json_is_null(value))
		return strdup("-");
	if (json_is_boolean(value))
		return strdup(json_is_true(value) ? "yes" : "no");
	text = json_is_string(value) ? strdup(json_string_value(value)) : json_text(value);
	if (text != NULL && text[0] == '\0') {
		free(text);
		return strdup("-");
	}
	return text;
}

/* Characters, not bytes: what a terminal shows. */
static int text_width(const char *text)
{
	int width = 0;

	for (; *text != '\0'; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void print_cell(const char *text, int width, bool last)
{
	printf("%s", text);
	if (!last)
		printf("%*s", width - text_width(text) + 2, "");
}

static int print_json(const json_t *value, struct hr_error *err)
{
	char *text = json_text_as(value, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	if (text == NULL)
		return error_no_memory(err, "printing");
	puts(text);
	free(text);
	return 0;
}

static int print_rows(const struct column *columns, size_t n_columns, char **cells, size_t n_rows,
		      bool names_only)
{
	int widths[COLUMNS_MAX] = {0};

	for (size_t c = 0; c < n_columns; c++) {
		widths[c] = text_width(columns[c].title);
		for (size_t r = 0; r < n_rows; r++) {
			int width = text_width(cells[r * n_columns + c]);

			widths[c] = width > widths[c] ? width : widths[c];
		}
	}
	for (size_t c = 0; !names_only && c < n_columns; c++)
		print_cell(columns[c].title, widths[c], c + 1 == n_columns);
	if (!names_only)
		printf("\n");
	for (size_t r = 0; r < n_rows; r++) {
		for (size_t c = 0; c < (names_only ? 1 : n_columns); c++)
			print_cell(cells[r * n_columns + c], widths[c],
				   names_only || c + 1 == n_columns);
		printf("\n");
	}
	return 0;
}

int table_print(enum output output, const struct column *columns, const json_t *items,
		struct hr_error *err)
{
	size_t n_rows = json_array_size(items);
	size_t n_columns = 0;
	char **cells;
	int ret = -1;

	if (output == OUTPUT_JSON)
		return print_json(items, err);
	while (n_columns < COLUMNS_MAX && columns[n_columns].title != NULL)
		n_columns++;
	cells = calloc(n_rows * n_columns + 1, sizeof(*cells));
	if (cells == NULL)
		return error_no_memory(err, "printing");
	for (size_t i = 0; i < n_rows * n_columns; i++) {
		cells[i] = value_text(value_at(json_array_get(items, i / n_columns),
					       columns[i % n_columns].path));
		if (cells[i] == NULL) {
			error_no_memory(err, "printing");
			goto out;
		}
		terminal_safe(cells[i], false);
	}
	ret = print_rows(columns, n_columns, cells, n_rows, output == OUTPUT_NAME);
out:
	for (size_t i = 0; i < n_rows * n_columns; i++)
		free(cells[i]);
	free(cells);
	return ret;
}

/* Text of several lines, each indented below its key. */
static void print_text(char *text, int indent)
{
	char *rest = terminal_safe(text, true);

	while (rest != NULL && *rest != '\0') {
		const char *line = strsep(&rest, "\n");

		printf("%*s%s\n", line[0] != '\0' ? indent : 0, "", line);
	}
}

static int print_lines(json_t *object, int indent, bool is_item, struct hr_error *err);

/* Objects in a list: each begins with a dash. */
static int print_items(const json_t *array, int indent, struct hr_error *err)
{
	json_t *item;
	size_t i;

	json_array_foreach (array, i, item) {
		if (print_lines(item, indent + 4, true, err) != 0)
			return -1;
	}
	return 0;
}

/* One key with its value; what is nested is shown indented below it. */
static int print_value(json_t *value, int indent, struct hr_error *err)
{
	CLEANUP_FREE char *text = NULL;

	if (json_is_object(value) && json_object_size(value) > 0) {
		printf("\n");
		return print_lines(value, indent + 2, false, err);
	}
	if (json_is_object(json_array_get(value, 0))) {
		printf("\n");
		return print_items(value, indent, err);
	}
	text = value_text(value);
	if (text == NULL)
		return error_no_memory(err, "printing");
	if (strchr(text, '\n') == NULL) {
		printf(" %s\n", terminal_safe(text, false));
		return 0;
	}
	printf("\n");
	print_text(text, indent + 2);
	return 0;
}

static int print_lines(json_t *object, int indent, bool is_item, struct hr_error *err)
{
	const char *key;
	json_t *value;

	json_object_foreach (object, key, value) {
		printf("%*s%s%s:", is_item ? indent - 2 : indent, "", is_item ? "- " : "", key);
		is_item = false;
		if (print_value(value, indent, err) != 0)
			return -1;
	}
	return 0;
}

int table_print_object(enum output output, const json_t *object, struct hr_error *err)
{
	CLEANUP_JSON json_t *copy = NULL;

	if (output == OUTPUT_JSON)
		return print_json(object, err);
	if (output == OUTPUT_NAME) {
		puts(json_string_or(object, "name", json_string_or(object, "id", "")));
		return 0;
	}
	copy = json_deep_copy(object);
	return copy != NULL ? print_lines(copy, 0, false, err) : error_no_memory(err, "printing");
}
