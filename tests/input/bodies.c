/* SPDX-License-Identifier: Apache-2.0 */
/* bodies SOCKET: for each kind of document and each of its fields, bodies with a wrong type, a value
 * out of range, no choice, an unknown and a missing field, made from the tables; each must be refused
 * with its whole message and its field. Prints a table, fails where a row differs. What it names must
 * be there: pool "p", zone "z", provider config "c" of module "local". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "client.h"
#include "model/document.h"
#include "schema/schema.h"

static const char *socket_path;
static int connection = -1;
static unsigned n_rows, n_wrong;

/* Takes body over. Gives what was told. */
static char *post(enum document_kind kind, json_t *body)
{
	char *text = json_dumps(body, 0), *request = NULL, *answer, *told;
	int status;

	if (!text || asprintf(&request,
			      "POST /api/v1/%s HTTP/1.1\r\nHost: h\r\nContent-Type: "
			      "application/json\r\nContent-Length: %zu\r\n\r\n%s",
			      document_kind_plural(kind), strlen(text), text) < 0)
		abort();
	if (connection < 0)
		connection = client_connect(socket_path, NULL);
	client_send(connection, request, strlen(request));
	status = client_answer(connection, &answer);
	told = client_told(status, answer);
	free(answer);
	free(request);
	free(text);
	json_decref(body);
	return told;
}

static void row(enum document_kind kind, const char *key, const char *what, const char *expected,
		json_t *body)
{
	char *seen = post(kind, body);
	bool same = strcmp(seen, expected) == 0;

	printf("%s %s, %s | %s | %s%s\n", document_kind_name(kind), key, what, expected, seen,
	       same ? "" : "   <-- differs");
	n_rows++;
	n_wrong += !same;
	free(seen);
}

/* A body that would be accepted. */
static json_t *good_body(enum document_kind kind)
{
	json_t *body = json_pack("{ss}", "name", "x");

	if (kind == DOCUMENT_PROVIDER_CONFIG)
		json_object_set_new(body, "provider", json_string("local"));
	if (kind == DOCUMENT_AUTOSCALE_CONFIG) {
		json_object_set_new(body, "pool", json_string("p"));
		json_object_set_new(body, "zone", json_string("z"));
		json_object_set_new(body, "provider_config", json_string("c"));
	}
	return body;
}

static json_t *with(enum document_kind kind, const struct hr_setting *setting, json_t *value)
{
	json_t *body = good_body(kind);

	json_object_set_new(body, setting->key, value);
	return body;
}

/* "; for example 10", or the choices. */
static const char *advice(const struct hr_setting *setting, char *buf, size_t size)
{
	const char *example = setting->example ? setting->example : setting->default_value;

	buf[0] = '\0';
	if (setting->type == HR_TYPE_ENUM) {
		text_copy(buf, size, "; the choices are ");
		for (const char *const *choice = setting->choices; *choice; choice++)
			text_format(buf + strlen(buf), size - strlen(buf), "%s%s",
				    choice == setting->choices ? "" : ", ", *choice);
	} else if (example && example[0] && !strchr(example, '\n')) {
		text_format(buf, size, "; for example %s", example);
	}
	return buf;
}

static void refused(enum document_kind kind, const struct hr_setting *setting, const char *what,
		    const char *reason, bool advised, json_t *value)
{
	char expected[1200], more[600];

	text_format(expected, sizeof(expected), "422 %s: field \"%s\" in %s: %s%s", setting->key,
		    setting->key, document_kind_name(kind), reason,
		    advised ? advice(setting, more, sizeof(more)) : "");
	row(kind, setting->key, what, expected, with(kind, setting, value));
}

static void wrong_type(enum document_kind kind, const struct hr_setting *setting)
{
	refused(kind, setting, "null", "null is no value; leave the field out instead", true,
		json_null());
	switch (setting->type) {
	case HR_TYPE_INTEGER:
		refused(kind, setting, "1.5", "expected an integer, not 1.5", true, json_real(1.5));
		refused(kind, setting, "list", "expected an integer, not a list", true,
			json_array());
		refused(kind, setting, "text",
			"expected an integer, not the text \"7\"; write 7 "
			"without quotes",
			false, json_string("7"));
		break;
	case HR_TYPE_BOOLEAN:
		refused(kind, setting, "1", "expected true or false, not 1", false,
			json_integer(1));
		refused(kind, setting, "text",
			"expected true or false without quotes, not the text \"yes\"", false,
			json_string("yes"));
		break;
	case HR_TYPE_DURATION:
		refused(kind, setting, "text",
			"expected a duration (seconds, or a number with s, m, h or d such as "
			"\"90s\"), not the text \"soon\"",
			true, json_string("soon"));
		refused(kind, setting, "object",
			"expected a duration (seconds, or a number with s, m, h or d such as "
			"\"90s\"), not an object",
			true, json_object());
		break;
	case HR_TYPE_ENUM:
		refused(kind, setting, "5", "expected text, not 5", true, json_integer(5));
		break;
	case HR_TYPE_JSON:
		refused(kind, setting, "list", "expected an object (names and values), not a list",
			true, json_array());
		break;
	default:
		refused(kind, setting, "5", "expected text, not 5; put it in quotes: \"5\"", true,
			json_integer(5));
		refused(kind, setting, "true", "expected text, not true", true, json_true());
		break;
	}
}

static const char *number(const struct hr_setting *setting, int64_t value, char buf[QUANTITY_SIZE])
{
	if (setting->type == HR_TYPE_DURATION)
		return schema_duration_text(value, buf);
	text_format(buf, QUANTITY_SIZE, "%lld", (long long)value);
	return buf;
}

static void out_of_range(enum document_kind kind, const struct hr_setting *setting)
{
	char low[QUANTITY_SIZE], high[QUANTITY_SIZE], given[QUANTITY_SIZE], reason[300];

	if (setting->minimum == 0 && setting->maximum == 0)
		return;
	number(setting, setting->minimum, low);
	number(setting, setting->maximum, high);
	text_format(reason, sizeof(reason), "%s is too small; it must be from %s to %s",
		    number(setting, setting->minimum - 1, given), low, high);
	refused(kind, setting, "below", reason, true, json_integer(setting->minimum - 1));
	text_format(reason, sizeof(reason), "%s is too large; it must be from %s to %s",
		    number(setting, setting->maximum + 1, given), low, high);
	refused(kind, setting, "above", reason, true, json_integer(setting->maximum + 1));
	text_format(reason, sizeof(reason), "%s is too large; it must be from %s to %s",
		    number(setting, INT64_MAX, given), low, high);
	refused(kind, setting, "the largest", reason, true, json_integer(INT64_MAX));
}

static void bad_text(enum document_kind kind, const struct hr_setting *setting)
{
	size_t length = (size_t)setting->maximum + 1;
	char *longer = malloc(length + 1), reason[300];

	if (!longer)
		abort();
	memset(longer, 'a', length);
	longer[length] = '\0';
	text_format(reason, sizeof(reason), "the text has %zu bytes; at most %lld are possible",
		    length, (long long)setting->maximum);
	refused(kind, setting, "too long", reason, true, json_string(longer));
	free(longer);
	refused(kind, setting, "control character", "has the control character 0x01; remove it",
		true, json_string("a\x01z"));
	if (setting->type == HR_TYPE_STRING)
		refused(kind, setting, "two lines", "must be one line, without line breaks", true,
			json_string("a\nz"));
	if (setting->type == HR_TYPE_STRING && setting->minimum == 1)
		refused(kind, setting, "empty", "the text is empty", true, json_string(""));
	if (setting->pattern) {
		text_format(reason, sizeof(reason), "\"! !\" does not have the form %s",
			    setting->pattern);
		refused(kind, setting, "form", reason, true, json_string("! !"));
	}
}

static void no_choice(enum document_kind kind, const struct hr_setting *setting)
{
	char reason[300] = "\"%\" is none of ";

	for (const char *const *choice = setting->choices; *choice; choice++)
		text_format(reason + strlen(reason), sizeof(reason) - strlen(reason), "%s%s",
			    choice == setting->choices ? "" : ", ", *choice);
	refused(kind, setting, "no choice", reason, false, json_string("%"));
}

static void missing(enum document_kind kind, const struct hr_setting *setting)
{
	char expected[600], more[300];
	json_t *body = good_body(kind);

	json_object_del(body, setting->key);
	text_format(expected, sizeof(expected),
		    "422 %s: field \"%s\" in %s: is required and missing%s", setting->key,
		    setting->key, document_kind_name(kind), advice(setting, more, sizeof(more)));
	row(kind, setting->key, "missing", expected, body);
}

static void misspelt(enum document_kind kind, const struct hr_setting *setting)
{
	char key[80], expected[600];
	json_t *body = good_body(kind);

	text_format(key, sizeof(key), "%sx", setting->key);
	text_format(expected, sizeof(expected),
		    "422 %s: unknown field \"%s\" in %s; did you mean \"%s\"?", key, key,
		    document_kind_name(kind), setting->key);
	json_object_set_new(body, key, json_true());
	row(kind, setting->key, "misspelt", expected, body);
}

static void doubled(enum document_kind kind, const struct hr_setting *setting)
{
	char expected[600];
	json_t *body = good_body(kind);

	json_object_set_new(body, setting->key, json_string("x"));
	json_object_set_new(body, setting->alias, json_string("x"));
	text_format(expected, sizeof(expected),
		    "422 %s: fields \"%s\" and \"%s\" in %s mean the same; keep only one of them",
		    setting->key, setting->key, setting->alias, document_kind_name(kind));
	row(kind, setting->key, "twice, by its alias", expected, body);
}

static void try_setting(enum document_kind kind, const struct hr_setting *setting)
{
	wrong_type(kind, setting);
	switch (setting->type) {
	case HR_TYPE_INTEGER:
	case HR_TYPE_DURATION: out_of_range(kind, setting); break;
	case HR_TYPE_ENUM: no_choice(kind, setting); break;
	case HR_TYPE_STRING:
	case HR_TYPE_TEXT: bad_text(kind, setting); break;
	default: break;
	}
	if (setting->flags & HR_SETTING_REQUIRED)
		missing(kind, setting);
	if (setting->alias)
		doubled(kind, setting);
	misspelt(kind, setting);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: bodies SOCKET\n");
		return 2;
	}
	socket_path = argv[1];
	for (int kind = 0; kind < DOCUMENT_KINDS; kind++) {
		const struct schema *schema = document_schema((enum document_kind)kind);

		for (size_t i = 0; i < schema->n_rows; i++)
			try_setting((enum document_kind)kind, schema_row(schema, i));
	}
	printf("%u bodies made from the tables, %u differ\n", n_rows, n_wrong);
	return n_wrong > 0 || n_rows == 0;
}
