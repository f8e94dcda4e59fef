/* SPDX-License-Identifier: Apache-2.0 */
/* One seed for each message of the channel's table, with every member set: so that a new message or
 * member is fuzzed from the day it is there. "wire_seeds FOLDER" writes them (make fuzz-seeds);
 * "wire_seeds --check FOLDER" fails where one is missing or no longer what the table says. */
#include "provider/wire_member.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define SEED_MAX 65536
#define ITEMS 2

static void fill(void *value, const struct wire_field *fields, size_t n);

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "wire_seeds: %s\n", what);
	exit(1);
}

static void *room(size_t size)
{
	void *memory = calloc(1, size);

	must(memory != NULL, "no memory");
	return memory;
}

static char *copy(const char *text)
{
	char *is = strdup(text);

	must(is != NULL, "no memory");
	return is;
}

/* Texts, NULL behind them. */
static char **words(const char *text)
{
	char **list = room((ITEMS + 1) * sizeof(*list));

	for (size_t i = 0; i < ITEMS; i++)
		list[i] = copy(text);
	return list;
}

static void set_count(const struct wire_field *field, void *value, size_t count)
{
	if (field->count_offset != WIRE_NOT_COUNTED)
		member_set_count(field, value, count);
}

static void set_records(void *value, const struct wire_field *field)
{
	char *records = room(ITEMS * field->size);

	for (size_t i = 0; i < ITEMS; i++)
		fill(records + i * field->size, field->fields, field->n_fields);
	member_set_pointer(field, value, records);
	set_count(field, value, ITEMS);
}

/* Most texts say what they are. */
static void set_member(void *value, const struct wire_field *field, int64_t number)
{
	char *member = member_at(value, field->offset);

	switch (field->type) {
	case WIRE_TEXT: snprintf(member, field->size, "%s", field->name); break;
	case WIRE_STRING: member_set_pointer(field, value, copy(field->name)); break;
	case WIRE_BODY:
		member_set_pointer(field, value, copy(field->name));
		set_count(field, value, strlen(field->name));
		break;
	case WIRE_INTEGER:
		must(member_set_integer(field, value, number) == 0, "a number too large");
		break;
	case WIRE_FLAG: *(bool *)member = true; break;
	case WIRE_OBJECT:
		member_set_pointer(field, value, json_pack("{si}", field->name, 1));
		break;
	case WIRE_STRINGS:
		member_set_pointer(field, value, words(field->name));
		set_count(field, value, ITEMS);
		break;
	case WIRE_WORDS: member_set_pointer(field, value, words(field->name)); break;
	case WIRE_RECORD: fill(member, field->fields, field->n_fields); break;
	case WIRE_RECORDS: set_records(value, field); break;
	}
}

static void fill(void *value, const struct wire_field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		set_member(value, &fields[i], (int64_t)i + 1);
}

/* As wire_fuzz.c reads it. Gives its length. */
static size_t seed_of(enum wire_kind kind, char seed[SEED_MAX])
{
	const struct wire_message *message = &wire_messages[kind];
	void *value = message->size > 0 ? room(message->size) : NULL;
	struct hr_error err = {0};
	struct frame frame;
	size_t len;

	fill(value, message->fields, message->n_fields);
	must(wire_encode(kind, (uint64_t)kind + 1, value, &frame, &err) == 0, err.message);
	len = 2 + frame.head_len + frame.body_len;
	must(len <= SEED_MAX, "a seed is too large");
	seed[0] = message->from == WIRE_DAEMON ? 'd' : 'h';
	memcpy(seed + 1, frame.head, frame.head_len);
	seed[1 + frame.head_len] = '\n';
	if (frame.body_len > 0)
		memcpy(seed + 2 + frame.head_len, frame.body, frame.body_len);
	frame_clear(&frame);
	wire_free(kind, value);
	return len;
}

static bool is_there(const char *path, const char *seed, size_t len)
{
	static char there[SEED_MAX + 1];
	FILE *file = fopen(path, "rb");
	size_t n = file ? fread(there, 1, sizeof(there), file) : 0;

	if (file)
		fclose(file);
	return n == len && memcmp(there, seed, len) == 0;
}

static bool write_seed(const char *path, const char *seed, size_t len)
{
	FILE *file = fopen(path, "wb");
	bool written;

	if (!file)
		return false;
	written = fwrite(seed, 1, len, file) == len;
	return fclose(file) == 0 && written;
}

int main(int argc, char **argv)
{
	bool checks = argc == 3 && strcmp(argv[1], "--check") == 0;
	static char seed[SEED_MAX];
	int n_wrong = 0;

	if (argc != 2 && !checks) {
		fprintf(stderr, "usage: %s [--check] FOLDER\n", argv[0]);
		return 2;
	}
	for (int kind = 0; kind < WIRE_KINDS; kind++) {
		size_t len = seed_of((enum wire_kind)kind, seed);
		char path[4096];

		snprintf(path, sizeof(path), "%s/message-%s", argv[argc - 1],
			 wire_messages[kind].name);
		if (checks ? is_there(path, seed, len) : write_seed(path, seed, len))
			continue;
		fprintf(stderr, "%s: %s\n", path,
			checks ? "missing, or not what the table says; run make fuzz-seeds"
			       : "cannot be written");
		n_wrong++;
	}
	printf("%d messages, %d seeds wrong\n", (int)WIRE_KINDS, n_wrong);
	return n_wrong > 0;
}
