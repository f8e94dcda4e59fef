/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Schema as text and as Markdown. Nothing is known here about any field. */
#include "cli/fields.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/table.h"
#include "schema/schema.h"

#define PIECE_SIZE 512

/* What there is to say of one field; "" where there is nothing. */
struct field {
	const char *key;
	const char *group;
	const char *help;
	char type[PIECE_SIZE];
	char fallback[PIECE_SIZE]; /* without its default: "required" or "unset" */
	bool has_default;
	char limits[PIECE_SIZE];
	char pattern[PIECE_SIZE];
	char example[PIECE_SIZE];
	char notes[PIECE_SIZE];
};

static void add(char buf[PIECE_SIZE], const char *separator, const char *text)
{
	size_t used = strlen(buf);

	text_format(buf + used, PIECE_SIZE - used, "%s%s", used > 0 ? separator : "", text);
}

/* A value as a person writes it: 1800 of a duration is 30m. */
static void value_text(const json_t *value, const char *type, char *buf, size_t size)
{
	char quantity[QUANTITY_SIZE];
	CLEANUP_FREE char *json = NULL;

	if (value == NULL) {
		buf[0] = '\0';
	} else if (json_is_integer(value) && strcmp(type, "duration") == 0) {
		text_copy(buf, size, schema_duration_text(json_integer_value(value), quantity));
	} else if (json_is_integer(value) && strcmp(type, "bytes") == 0) {
		text_copy(buf, size, schema_bytes_text(json_integer_value(value), quantity));
	} else if (json_is_string(value)) {
		text_copy(buf, size, json_string_value(value));
	} else {
		json = json_text(value);
		text_copy(buf, size, json);
	}
}

static void read_type(const json_t *row, struct field *field)
{
	const json_t *choices = json_object_get(row, "enum"), *choice;
	size_t i;

	text_copy(field->type, PIECE_SIZE, json_string_or(row, "settingType", "text"));
	if (!choices)
		return;
	field->type[0] = '\0';
	json_array_foreach (choices, i, choice)
		add(field->type, i + 1 < json_array_size(choices) ? ", " : " or ",
		    json_is_string(choice) ? json_string_value(choice) : "");
}

/* The first of the keys that the row, or the number that it may be, has. */
static const json_t *limit_of(const json_t *row, const char *const keys[3])
{
	const json_t *number = json_array_get(json_object_get(row, "anyOf"), 0);

	for (int i = 0; i < 3; i++) {
		const json_t *limit = json_object_get(row, keys[i]);

		if (!limit)
			limit = json_object_get(number, keys[i]);
		if (limit)
			return limit;
	}
	return NULL;
}

static void read_limits(const json_t *row, const char *type, struct field *field)
{
	static const char *const lows[] = {"minimum", "minLength", "minItems"};
	static const char *const highs[] = {"maximum", "maxLength", "maxItems"};
	const json_t *low = limit_of(row, lows), *high = limit_of(row, highs);
	const char *unit = json_string_or(row, "unit", "");
	bool is_length = json_object_get(row, "minLength") || json_object_get(row, "maxLength");
	char from[64] = "", to[64] = "";

	value_text(low, type, from, sizeof(from));
	value_text(high, type, to, sizeof(to));
	if (is_length)
		unit = "bytes";
	/* A duration's own text has the unit. */
	if (strcmp(type, "duration") == 0 || strcmp(type, "bytes") == 0)
		unit = "";
	if (high && (!low || (is_length && json_integer_value(low) == 0)))
		text_format(field->limits, PIECE_SIZE, "at most %s%s%s", to, unit[0] ? " " : "",
			    unit);
	else if (high)
		text_format(field->limits, PIECE_SIZE, "%s to %s%s%s", from, to, unit[0] ? " " : "",
			    unit);
	else if (low)
		text_format(field->limits, PIECE_SIZE, "from %s%s%s", from, unit[0] ? " " : "",
			    unit);
	else if (unit[0])
		text_copy(field->limits, PIECE_SIZE, unit);
}

static bool is_required(const json_t *schema, const char *key)
{
	const json_t *required = json_object_get(schema, "required"), *name;
	size_t i;

	json_array_foreach (required, i, name)
		if (json_is_string(name) && strcmp(json_string_value(name), key) == 0)
			return true;
	return false;
}

static void read_notes(const json_t *row, struct field *field)
{
	static const char *const flags[][2] = {
		{"immutable", "cannot be changed later"},
		{"writeOnly", "secret: never shown again"},
		{"advanced", "advanced"},
		{"deprecated", "deprecated"},
	};
	const json_t *when = json_object_get(row, "shownWhen");
	const char *alias = json_string_or(row, "alias", "");
	char text[256];

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (json_is_true(json_object_get(row, flags[i][0])))
			add(field->notes, "; ", flags[i][1]);
	if (when) {
		text_format(text, sizeof(text), "only where %s is %s",
			    json_string_or(when, "key", ""), json_string_or(when, "value", ""));
		add(field->notes, "; ", text);
	}
	if (alias[0]) {
		text_format(text, sizeof(text), "also %s", alias);
		add(field->notes, "; ", text);
	}
}

static void field_read(const json_t *schema, const char *key, const json_t *row,
		       struct field *ret_field)
{
	const char *type = json_string_or(row, "settingType", "text");
	const json_t *value = json_object_get(row, "default");

	*ret_field = (struct field){.key = key,
				    .group = json_string_or(row, "group", ""),
				    .help = json_string_or(row, "description", ""),
				    .has_default = value != NULL};
	read_type(row, ret_field);
	read_limits(row, type, ret_field);
	read_notes(row, ret_field);
	if (value)
		value_text(value, type, ret_field->fallback, PIECE_SIZE);
	else
		text_copy(ret_field->fallback, PIECE_SIZE,
			  is_required(schema, key) ? "required" : "unset");
	text_copy(ret_field->pattern, PIECE_SIZE, json_string_or(row, "pattern", ""));
	value = json_array_get(json_object_get(row, "examples"), 0);
	if (value)
		value_text(value, type, ret_field->example, PIECE_SIZE);
}

/* ---- Text ---- */

static void print_line(FILE *out, const char *label, const char *text)
{
	char line[2048];

	if (text[0] == '\0')
		return;
	text_format(line, sizeof(line), "%s%s", label, text);
	fprintf(out, "    %s\n", terminal_safe(line, false));
}

void fields_print(FILE *out, const json_t *schema)
{
	const json_t *row;
	const char *key;

	json_object_foreach (json_object_get(schema, "properties"), key, row) {
		char head[2048];
		struct field field;

		field_read(schema, key, row, &field);
		text_format(head, sizeof(head), "%s: %s%s%s%s%s", key, field.type,
			    field.limits[0] ? ", " : "", field.limits,
			    field.has_default ? "; default " : "; ", field.fallback);
		fprintf(out, "%s\n", terminal_safe(head, false));
		print_line(out, "", field.help);
		print_line(out, "pattern: ", field.pattern);
		print_line(out, "example: ", field.example);
		print_line(out, "", field.notes);
	}
}

/* ---- Markdown ---- */

/* Text in a cell: a bar would end it. */
static void put_cell(FILE *out, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '|')
			fputc('\\', out);
		fputc(*text == '\n' ? ' ' : *text, out);
	}
}

static void put_code(FILE *out, const char *text)
{
	if (text[0] == '\0')
		return;
	fputc('`', out);
	put_cell(out, text);
	fputc('`', out);
}

static void put_row(FILE *out, const struct field *field)
{
	fputs("| ", out);
	put_code(out, field->key);
	fputs(" | ", out);
	put_cell(out, field->type);
	fputs(" | ", out);
	if (field->has_default && field->fallback[0])
		put_code(out, field->fallback);
	else
		put_cell(out, field->has_default ? "empty" : field->fallback);
	fputs(" | ", out);
	put_cell(out, field->limits);
	fputs(field->limits[0] && field->pattern[0] ? ", " : "", out);
	put_code(out, field->pattern);
	fputs(" | ", out);
	put_cell(out, field->help);
	fputs(field->notes[0] ? " (" : "", out);
	put_cell(out, field->notes);
	fputs(field->notes[0] ? ")" : "", out);
	fputs(" | ", out);
	put_code(out, field->example);
	fputs(" |\n", out);
}

void fields_markdown(FILE *out, const json_t *schema, int level)
{
	const char *group = NULL, *key;
	const json_t *row;

	json_object_foreach (json_object_get(schema, "properties"), key, row) {
		struct field field;

		field_read(schema, key, row, &field);
		if (group == NULL || strcmp(group, field.group) != 0) {
			group = field.group;
			if (group[0])
				fprintf(out, "\n%.*s %s\n", level, "######", group);
			fputs("\n| field | type | default | limits | meaning | example |\n"
			      "|---|---|---|---|---|---|\n",
			      out);
		}
		put_row(out, &field);
	}
}
