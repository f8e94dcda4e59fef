/* SPDX-License-Identifier: Apache-2.0 */
/* Durations and amounts of bytes as text: a whole number and at most one unit. */
#include <string.h>

#include "base/text.h"
#include "schema/schema.h"

struct unit {
	const char *name;
	int64_t factor;
};

/* Smallest first: the text form takes the last one that divides. */
static const struct unit time_units[] = {
	{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {NULL, 0},
};

static const struct unit byte_units[] = {
	{"B", 1},
	{"KiB", INT64_C(1) << 10},
	{"MiB", INT64_C(1) << 20},
	{"GiB", INT64_C(1) << 30},
	{"TiB", INT64_C(1) << 40},
	{NULL, 0},
};

static const struct unit decimal_units[] = {
	{"KB", 1000}, {"MB", 1000000}, {"GB", 1000000000}, {"TB", INT64_C(1000000000000)},
	{NULL, 0},
};

static int64_t unit_factor(const struct unit *units, const char *name)
{
	for (; units->name; units++)
		if (strcmp(units->name, name) == 0)
			return units->factor;
	return 0;
}

/* Digits, then a unit of one of the lists, or nothing. */
static int parse_quantity(const char *text, const struct unit *units, const struct unit *more,
			  int64_t *ret_value)
{
	size_t n = strspn(text, "0123456789");
	char number[20];
	int64_t value, factor = 1;

	if (n == 0 || n >= sizeof(number))
		return -1;
	text_format(number, sizeof(number), "%.*s", (int)n, text);
	if (text_to_int64(number, 0, INT64_MAX, &value) != 0)
		return -1;
	if (text[n] != '\0')
		factor = unit_factor(units, text + n);
	if (factor == 0 && more)
		factor = unit_factor(more, text + n);
	if (factor == 0 || __builtin_mul_overflow(value, factor, &value))
		return -1;
	*ret_value = value;
	return 0;
}

int schema_parse_duration(const char *text, int64_t *ret_seconds)
{
	return parse_quantity(text, time_units, NULL, ret_seconds);
}

int schema_parse_bytes(const char *text, int64_t *ret_bytes)
{
	return parse_quantity(text, byte_units, decimal_units, ret_bytes);
}

static const char *quantity_text(int64_t value, const struct unit *units, char buf[QUANTITY_SIZE])
{
	const struct unit *best = units;

	for (const struct unit *unit = units; unit->name && value != 0; unit++)
		if (value % unit->factor == 0)
			best = unit;
	text_format(buf, QUANTITY_SIZE, "%lld%s", (long long)(value / best->factor), best->name);
	return buf;
}

const char *schema_duration_text(int64_t seconds, char buf[QUANTITY_SIZE])
{
	return quantity_text(seconds, time_units, buf);
}

const char *schema_bytes_text(int64_t bytes, char buf[QUANTITY_SIZE])
{
	return quantity_text(bytes, byte_units, buf);
}
