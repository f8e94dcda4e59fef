/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a settings table is sound. Modules' tables come from strangers: nothing in them is
 * believed before this has passed. */
#include <ctype.h>
#include <regex.h>
#include <stdalign.h>
#include <stdarg.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "schema/secret_text.h"
#include "schema/value.h"

#define ROWS_MAX 512
#define KEY_MAX_LEN 63
#define CHAIN_MAX 8
#define KNOWN_FLAGS                                                         \
	(HR_SETTING_REQUIRED | HR_SETTING_ADVANCED | HR_SETTING_IMMUTABLE | \
	 HR_SETTING_DEPRECATED | HR_SETTING_DISCOVERABLE | HR_SETTING_ACCOUNT_KEY)

/* HR_INVALID `settings table of X, row 3 ("key"): reason`. */
static int __attribute__((format(printf, 4, 5)))
refuse(const struct schema *schema, size_t i, struct hr_error *err, const char *format, ...)
{
	const struct hr_setting *row = schema_row(schema, i);
	char reason[300];
	va_list args;

	va_start(args, format);
	text_formatv(reason, sizeof(reason), format, args);
	va_end(args);
	return error_set_field(err, HR_INVALID, row->key, NULL,
			       "table \"%s\", row %zu (\"%.63s\"): %s", schema->subject, i + 1,
			       row->key ? row->key : "", reason);
}

static bool key_ok(const char *key)
{
	size_t len = key ? strlen(key) : 0;

	if (len == 0 || len > KEY_MAX_LEN || key[0] < 'a' || key[0] > 'z')
		return false;
	return strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static bool is_text_type(uint32_t type)
{
	return type == HR_TYPE_STRING || type == HR_TYPE_SECRET || type == HR_TYPE_TEXT ||
	       type == HR_TYPE_LIST || type == HR_TYPE_MAP;
}

static int check_names(const struct schema *schema, size_t i, struct hr_error *err)
{
	const struct hr_setting *row = schema_row(schema, i);

	if (!key_ok(row->key))
		return refuse(schema, i, err, "the key must be [a-z][a-z0-9_]{0,62}");
	if (row->alias && !key_ok(row->alias))
		return refuse(schema, i, err, "the alias must be [a-z][a-z0-9_]{0,62}");
	if (row->alias && strcmp(row->alias, row->key) == 0)
		return refuse(schema, i, err, "the alias equals the key");
	for (size_t j = 0; j < i; j++) {
		const struct hr_setting *other = schema_row(schema, j);
		const char *names[] = {row->key, row->alias};

		for (size_t k = 0; k < 2; k++)
			if (names[k] && (strcmp(names[k], other->key) == 0 ||
					 (other->alias && strcmp(names[k], other->alias) == 0)))
				return refuse(schema, i, err, "\"%s\" is taken by row %zu",
					      names[k], j + 1);
	}
	return 0;
}

static int check_shape(const struct schema *schema, size_t i, struct hr_error *err)
{
	const struct hr_setting *row = schema_row(schema, i);

	if (row->type < HR_TYPE_STRING || row->type > HR_TYPE_JSON)
		return refuse(schema, i, err, "type %u is unknown", row->type);
	if (row->flags & ~(uint32_t)KNOWN_FLAGS)
		return refuse(schema, i, err, "flags 0x%x are unknown",
			      row->flags & ~(uint32_t)KNOWN_FLAGS);
	if (row->role > HR_ROLE_REFERENCE)
		return refuse(schema, i, err, "role %u is unknown", row->role);
	if (!row->title || row->title[0] == '\0')
		return refuse(schema, i, err, "the title is missing");
	if (!row->help || row->help[0] == '\0')
		return refuse(schema, i, err, "the help is missing");
	if (row->type == HR_TYPE_ENUM && !(row->choices && row->choices[0]))
		return refuse(schema, i, err, "an enum needs choices");
	if (row->type != HR_TYPE_ENUM && row->choices)
		return refuse(schema, i, err, "only an enum has choices");
	return 0;
}

/* What is shown to people and written as JSON must be text. */
static int check_texts(const struct schema *schema, size_t i, struct hr_error *err)
{
	const struct hr_setting *row = schema_row(schema, i);
	const char *const texts[] = {row->title,      row->help,         row->unit,
				     row->group,      row->example,      row->pattern,
				     row->shown_when, row->default_value};

	for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
		if (texts[k] && !text_valid_utf8(texts[k], strlen(texts[k])))
			return refuse(schema, i, err, "one of its texts is not UTF-8");
	for (const char *const *choice = row->choices; choice && *choice; choice++)
		if (!text_valid_utf8(*choice, strlen(*choice)))
			return refuse(schema, i, err, "one of its choices is not UTF-8");
	return 0;
}

static int check_limits(const struct schema *schema, size_t i, struct hr_error *err)
{
	const struct hr_setting *row = schema_row(schema, i);
	bool limited = row->minimum != 0 || row->maximum != 0;

	if (row->minimum > row->maximum)
		return refuse(schema, i, err, "the minimum %lld is above the maximum %lld",
			      (long long)row->minimum, (long long)row->maximum);
	if (limited && (row->type == HR_TYPE_BOOLEAN || row->type == HR_TYPE_ENUM))
		return refuse(schema, i, err, "this type has no minimum and maximum");
	if (limited && row->minimum < 0 && row->type != HR_TYPE_INTEGER)
		return refuse(schema, i, err, "the minimum is negative");
	return 0;
}

/* Whether one repetition follows another, as in "a**": it says nothing more, and compiling many of them
 * takes for ever. Brackets and escapes are not looked into: "[**]" is written otherwise. */
static bool repeats_repetition(const char *pattern)
{
	for (const char *at = pattern; *at != '\0'; at++)
		if (strchr("*+?", at[0]) && at[1] != '\0' && strchr("*+?", at[1]) &&
		    (at == pattern || at[-1] != '\\'))
			return true;
	return false;
}

static int check_pattern(const struct schema *schema, size_t i, struct hr_error *err)
{
	const struct hr_setting *row = schema_row(schema, i);
	char anchored[1024];
	regex_t regex;

	if (!row->pattern)
		return 0;
	if (!is_text_type(row->type))
		return refuse(schema, i, err, "this type has no pattern");
	if (!text_format(anchored, sizeof(anchored), "^(%s)$", row->pattern))
		return refuse(schema, i, err, "the pattern is too long");
	if (repeats_repetition(row->pattern))
		return refuse(schema, i, err, "the pattern repeats a repetition: %s", row->pattern);
	if (regcomp(&regex, anchored, REG_EXTENDED | REG_NOSUB) != 0)
		return refuse(schema, i, err, "the pattern is no extended regular expression: %s",
			      row->pattern);
	regfree(&regex);
	return 0;
}

/* A credential source of the environment. No file and no credential: those are the administrator's to
 * name, for one config. */
static int check_secret_default(const struct schema *schema, size_t i, struct hr_error *err)
{
	const struct hr_setting *row = schema_row(schema, i);
	const char *name = secret_text_after(row->default_value, SECRET_TEXT_ENV);

	if (!name || name[0] == '\0')
		return refuse(schema, i, err, "a secret has no default but env:NAME");
	if (!row->shown_when)
		return refuse(schema, i, err,
			      "the default %.64s needs a shown_when: it is for the source that a "
			      "person chooses",
			      row->default_value);
	return 0;
}

static int check_given_values(const struct schema *schema, size_t i, struct hr_error *err)
{
	const struct hr_setting *row = schema_row(schema, i);
	CLEANUP_JSON json_t *fallback = NULL;
	CLEANUP_JSON json_t *example = NULL;
	struct hr_setting plain = *row;
	struct hr_error reason;

	/* What is refused is no example of how to do it. */
	plain.default_value = NULL;
	plain.example = NULL;
	if (row->default_value && (row->flags & HR_SETTING_REQUIRED))
		return refuse(schema, i, err, "what is required has no default");
	if (row->default_value && row->type == HR_TYPE_SECRET &&
	    check_secret_default(schema, i, err) != 0)
		return -1;
	if (row->default_value &&
	    schema_value_from_text(&plain, row->default_value, &fallback, &reason) != 0)
		return refuse(schema, i, err, "the default \"%.64s\" is refused: %s",
			      row->default_value, reason.message);
	if (row->example && schema_value_from_text(&plain, row->example, &example, &reason) != 0)
		return refuse(schema, i, err, "the example \"%.64s\" is refused: %s", row->example,
			      reason.message);
	return 0;
}

/* The row that row i's shown_when names; NULL where the text is not "key=value" of a known key. */
static const struct hr_setting *named_row(const struct schema *schema, const struct hr_setting *row,
					  const char **ret_value)
{
	const char *equals = strchr(row->shown_when, '=');
	char key[KEY_MAX_LEN + 1];

	if (!equals || !text_format(key, sizeof(key), "%.*s", (int)(equals - row->shown_when),
				    row->shown_when))
		return NULL;
	*ret_value = equals + 1;
	return schema_find(schema, key);
}

static int check_condition(const struct schema *schema, size_t i, struct hr_error *err)
{
	const struct hr_setting *row = schema_row(schema, i);

	for (int steps = 0; row->shown_when; steps++) {
		CLEANUP_JSON json_t *value = NULL;
		const char *text = NULL;
		const struct hr_setting *on = named_row(schema, row, &text);
		struct hr_error reason;

		if (steps == CHAIN_MAX)
			return refuse(schema, i, err,
				      "shown_when goes in a circle, or over more "
				      "than %d rows",
				      CHAIN_MAX);
		if (!on)
			return refuse(schema, i, err,
				      "shown_when \"%.64s\" is not \"key=value\" with a key of "
				      "this table",
				      row->shown_when);
		if (on->type == HR_TYPE_SECRET || on->type >= HR_TYPE_LIST ||
		    schema_value_from_text(on, text, &value, &reason) != 0)
			return refuse(schema, i, err, "shown_when \"%.64s\" can never be true",
				      row->shown_when);
		row = on;
	}
	return 0;
}

int schema_check(const struct schema *schema, struct hr_error *err)
{
	if (schema->n_rows > ROWS_MAX)
		return error_set(err, HR_INVALID,
				 "table \"%s\" has %zu rows; at most %d are possible",
				 schema->subject, schema->n_rows, ROWS_MAX);
	if (schema->n_rows > 0 && (!schema->rows || schema->stride < sizeof(struct hr_setting) ||
				   schema->stride % alignof(struct hr_setting) != 0))
		return error_set(err, HR_INVALID,
				 "table \"%s\": rows of %zu bytes cannot be read; they have at "
				 "least %zu",
				 schema->subject, schema->stride, sizeof(struct hr_setting));
	/* Names first: whatever looks a row up by name may then rely on them. */
	for (size_t i = 0; i < schema->n_rows; i++)
		if (check_names(schema, i, err) != 0 || check_shape(schema, i, err) != 0 ||
		    check_texts(schema, i, err) != 0)
			return -1;
	for (size_t i = 0; i < schema->n_rows; i++)
		if (check_limits(schema, i, err) != 0 || check_pattern(schema, i, err) != 0 ||
		    check_given_values(schema, i, err) != 0 || check_condition(schema, i, err) != 0)
			return -1;
	return 0;
}
