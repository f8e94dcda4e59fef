/* SPDX-License-Identifier: Apache-2.0 */
/* YAML by libyaml's events to JSON values. The small core of YAML only: no anchors, no tags, no
 * guessing of dates or of yes and no. */
#include "cli/yaml.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/cleanup.h"
#include "base/text.h"

#define DEPTH_MAX 32

struct reader {
	yaml_parser_t parser;
	const char *text;
	const char *what;
	struct hr_error *err;
};

static int refuse(struct reader *reader, yaml_mark_t mark, const char *why)
{
	return error_set(reader->err, HR_INVALID, "%s, line %zu column %zu: %s", reader->what,
			 mark.line + 1, mark.column + 1, why);
}

/* Bytes that are no text are found before there are lines: libyaml tells their offset alone. */
static yaml_mark_t mark_at(const char *text, size_t offset)
{
	yaml_mark_t mark = {0};

	for (size_t i = 0; i < offset; i++) {
		bool line_ends = text[i] == '\n';

		mark.line += line_ends;
		mark.column =
			line_ends ? 0 : mark.column + (((unsigned char)text[i] & 0xc0) != 0x80);
	}
	return mark;
}

static int next_event(struct reader *reader, yaml_event_t *ret_event)
{
	const yaml_parser_t *parser = &reader->parser;

	if (yaml_parser_parse(&reader->parser, ret_event))
		return 0;
	if (parser->error == YAML_MEMORY_ERROR)
		return error_no_memory(reader->err, "reading YAML");
	if (parser->error == YAML_READER_ERROR)
		return refuse(reader, mark_at(reader->text, parser->problem_offset),
			      "not text in UTF-8");
	return refuse(reader, parser->problem_mark,
		      parser->problem != NULL ? parser->problem : "not valid YAML");
}

/* Whether somebody wrote a number: a zone "007" is none, and would not be the same without zeros. */
static bool is_integer(const char *text, int64_t *ret_number)
{
	const char *digits = text[0] == '-' ? text + 1 : text;

	return (digits[0] != '0' || digits[1] == '\0') &&
	       text_to_int64(text, INT64_MIN, INT64_MAX, ret_number) == 0;
}

/* A plain scalar's type; quoted ones are text whatever they hold. */
static json_t *scalar_value(const yaml_event_t *event)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	int64_t number;

	if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return json_stringn(text, len);
	if (strcmp(text, "true") == 0)
		return json_true();
	if (strcmp(text, "false") == 0)
		return json_false();
	if (strcmp(text, "null") == 0 || strcmp(text, "~") == 0 || text[0] == '\0')
		return json_null();
	if (is_integer(text, &number))
		return json_integer(number);
	return json_stringn(text, len);
}

static int check_plain(struct reader *reader, const yaml_event_t *event, const yaml_char_t *anchor,
		       const yaml_char_t *tag)
{
	if (event->type == YAML_SCALAR_EVENT &&
	    memchr(event->data.scalar.value, '\0', event->data.scalar.length) != NULL)
		return refuse(reader, event->start_mark, "the NUL character is not accepted");
	if (anchor != NULL)
		return refuse(reader, event->start_mark, "anchors are not accepted");
	if (tag != NULL)
		return refuse(reader, event->start_mark, "tags are not accepted");
	return 0;
}

static int read_value(struct reader *reader, const yaml_event_t *event, int depth,
		      json_t **ret_value);

static int read_sequence(struct reader *reader, int depth, json_t **ret_value)
{
	CLEANUP_JSON json_t *array = json_array();

	for (;;) {
		yaml_event_t event;
		json_t *item = NULL;
		bool end;
		int failed;

		if (next_event(reader, &event) != 0)
			return -1;
		end = event.type == YAML_SEQUENCE_END_EVENT;
		failed = end ? 0 : read_value(reader, &event, depth + 1, &item);
		yaml_event_delete(&event);
		if (failed)
			return -1;
		if (end)
			break;
		if (json_array_append_new(array, item) != 0)
			return error_no_memory(reader->err, "reading YAML");
	}
	*ret_value = json_incref(array);
	return 0;
}

static int read_key(struct reader *reader, const yaml_event_t *event, const json_t *object,
		    char **ret_key)
{
	if (event->type == YAML_ALIAS_EVENT)
		return refuse(reader, event->start_mark, "aliases are not accepted");
	if (event->type != YAML_SCALAR_EVENT)
		return refuse(reader, event->start_mark, "a key must be text");
	if (check_plain(reader, event, event->data.scalar.anchor, event->data.scalar.tag) != 0)
		return -1;
	if (json_object_get(object, (const char *)event->data.scalar.value) != NULL)
		return error_set(
			reader->err, HR_INVALID,
			"%s, line %zu column %zu: the key \"%s\" stands here a second time",
			reader->what, event->start_mark.line + 1, event->start_mark.column + 1,
			(const char *)event->data.scalar.value);
	*ret_key = strdup((const char *)event->data.scalar.value);
	return *ret_key != NULL ? 0 : error_no_memory(reader->err, "reading YAML");
}

static int read_mapping(struct reader *reader, int depth, json_t **ret_value)
{
	CLEANUP_JSON json_t *object = json_object();

	for (;;) {
		CLEANUP_FREE char *key = NULL;
		yaml_event_t event;
		json_t *value = NULL;
		bool end;
		int failed;

		if (next_event(reader, &event) != 0)
			return -1;
		end = event.type == YAML_MAPPING_END_EVENT;
		failed = end ? 0 : read_key(reader, &event, object, &key);
		yaml_event_delete(&event);
		if (failed)
			return -1;
		if (end)
			break;
		if (next_event(reader, &event) != 0)
			return -1;
		failed = read_value(reader, &event, depth + 1, &value);
		yaml_event_delete(&event);
		if (failed)
			return -1;
		if (json_object_set_new(object, key, value) != 0)
			return error_set(reader->err, HR_INVALID,
					 "%s: the key \"%s\" is not valid UTF-8", reader->what,
					 key);
	}
	*ret_value = json_incref(object);
	return 0;
}

static int read_value(struct reader *reader, const yaml_event_t *event, int depth,
		      json_t **ret_value)
{
	if (depth > DEPTH_MAX)
		return refuse(reader, event->start_mark, "nested more than 32 deep");
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		if (check_plain(reader, event, event->data.scalar.anchor, event->data.scalar.tag) !=
		    0)
			return -1;
		*ret_value = scalar_value(event);
		return *ret_value != NULL ? 0
					  : refuse(reader, event->start_mark, "not valid UTF-8");
	case YAML_SEQUENCE_START_EVENT:
		if (check_plain(reader, event, event->data.sequence_start.anchor,
				event->data.sequence_start.tag) != 0)
			return -1;
		return read_sequence(reader, depth, ret_value);
	case YAML_MAPPING_START_EVENT:
		if (check_plain(reader, event, event->data.mapping_start.anchor,
				event->data.mapping_start.tag) != 0)
			return -1;
		return read_mapping(reader, depth, ret_value);
	case YAML_ALIAS_EVENT: return refuse(reader, event->start_mark, "aliases are not accepted");
	default: return refuse(reader, event->start_mark, "a value is missing");
	}
}

/* Everything between stream start and stream end. */
static int read_stream(struct reader *reader, json_t *documents)
{
	for (;;) {
		yaml_event_t event;
		yaml_event_type_t type;
		json_t *value = NULL;
		int failed = 0;

		if (next_event(reader, &event) != 0)
			return -1;
		type = event.type;
		if (type == YAML_SCALAR_EVENT || type == YAML_SEQUENCE_START_EVENT ||
		    type == YAML_MAPPING_START_EVENT || type == YAML_ALIAS_EVENT)
			failed = read_value(reader, &event, 0, &value);
		yaml_event_delete(&event);
		if (failed)
			return -1;
		if (type == YAML_STREAM_END_EVENT)
			return 0;
		if (json_is_null(value))
			continue;
		if (value != NULL && json_array_append_new(documents, value) != 0)
			return error_no_memory(reader->err, "reading YAML");
	}
}

int yaml_parse(const char *text, size_t len, const char *what, json_t **ret_documents,
	       struct hr_error *err)
{
	struct reader reader = {.text = text, .what = what, .err = err};
	CLEANUP_JSON json_t *documents = json_array();
	int ret;

	if (documents == NULL || !yaml_parser_initialize(&reader.parser))
		return error_no_memory(err, "reading YAML");
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, len);
	ret = read_stream(&reader, documents);
	yaml_parser_delete(&reader.parser);
	if (ret == 0)
		*ret_documents = json_incref(documents);
	return ret;
}
