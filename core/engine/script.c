/* SPDX-License-Identifier: Apache-2.0 */
/* Renders startup scripts. One scanner serves the check and the rendering, so that what was
 * accepted when the config was saved can be rendered later. Not here: which values there are, and
 * the module's limit on the size. */
#include "engine/script.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/text.h"

#define SCRIPT_MAX ((size_t)1 << 20)
#define TAG_MAX 63
#define NO_VALUE ((size_t)-1)

/* Every tag there is, with the member that fills it. Tags without one belong to what this
 * installation does not do (directory joins, managers): they render empty. */
static const struct {
	const char *name;
	size_t member;
} tags[] = {
	{"server_id", offsetof(struct script_values, server_id)},
	{"server_hostname", offsetof(struct script_values, server_hostname)},
	{"upstream_auth_address", offsetof(struct script_values, upstream_auth_address)},
	{"checkin_jwt", offsetof(struct script_values, checkin_jwt)},
	{"registration_token", offsetof(struct script_values, checkin_jwt)},
	{"checkin_url", offsetof(struct script_values, checkin_url)},
	{"provider_name", offsetof(struct script_values, provider_name)},
	{"zone_name", offsetof(struct script_values, zone_name)},
	{"pool_name", offsetof(struct script_values, pool_name)},
	{"connection_username", offsetof(struct script_values, connection_username)},
	{"connection_port", offsetof(struct script_values, connection_port)},
	{"ssh_key", offsetof(struct script_values, ssh_key)},
	{"ad_join_credential", NO_VALUE},
	{"ad_ou_dn", NO_VALUE},
	{"checkin_pin", NO_VALUE},
	{"connection_password", NO_VALUE},
	{"dns_servers", NO_VALUE},
	{"domain", NO_VALUE},
	{"manager_token", NO_VALUE},
	{"nginx_cert_in", NO_VALUE},
	{"nginx_key_in", NO_VALUE},
	{"server_external_fqdn", NO_VALUE},
};

#define N_TAGS (sizeof(tags) / sizeof(tags[0]))

struct output {
	char *text; /* NULL: only checking */
	size_t len;
	size_t size;
};

static int emit(struct output *output, const char *text, size_t len, struct hr_error *err)
{
	size_t size = output->size;
	char *grown;

	if (output->size == 0)
		return 0;
	if (len > SCRIPT_MAX - output->len)
		return error_set_field(
			err, HR_INVALID, "startup_script", NULL,
			"the startup script is longer than 1 MiB once its tags are replaced; "
			"make it shorter, or let it fetch the rest");
	while (size - output->len <= len)
		size *= 2;
	if (size != output->size) {
		grown = malloc(size);
		if (!grown)
			return error_no_memory(err, "rendering a startup script");
		memcpy(grown, output->text, output->len);
		OPENSSL_clear_free(output->text, output->size);
		output->text = grown;
		output->size = size;
	}
	memcpy(output->text + output->len, text, len);
	output->len += len;
	output->text[output->len] = '\0';
	return 0;
}

/* Columns count characters, from 1, as editors do. */
static void where(const char *text, const char *at, int *ret_line, int *ret_column)
{
	*ret_line = 1;
	*ret_column = 1;
	for (; text < at; text++) {
		if (*text == '\n') {
			++*ret_line;
			*ret_column = 1;
		} else if (((unsigned char)*text & 0xc0) != 0x80) {
			++*ret_column;
		}
	}
}

static bool name_begins(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool name_goes_on(char c)
{
	return name_begins(c) || (c >= '0' && c <= '9');
}

static int refuse_unknown(const char *text, const char *brace, const char *name, size_t len,
			  struct hr_error *err)
{
	const char *candidates[N_TAGS + 1] = {NULL};
	char copy[TAG_MAX + 1];
	const char *nearest;
	int line, column;

	where(text, brace, &line, &column);
	text_format(copy, sizeof(copy), "%.*s", (int)(len < TAG_MAX ? len : TAG_MAX), name);
	for (size_t i = 0; i < N_TAGS; i++)
		candidates[i] = tags[i].name;
	nearest = text_nearest(copy, candidates);
	if (nearest)
		return error_set_field(
			err, HR_INVALID, "startup_script", nearest,
			"startup script, line %d, column %d: {%s} is no tag; did you mean {%s}? "
			"If braces are meant, double them: {{%s}}",
			line, column, copy, nearest, copy);
	return error_set_field(
		err, HR_INVALID, "startup_script", "server_id",
		"startup script, line %d, column %d: {%s} is no tag; if braces are meant, "
		"double them: {{%s}}",
		line, column, copy, copy);
}

static int refuse_brace(const char *text, const char *brace, struct hr_error *err)
{
	int line, column;

	where(text, brace, &line, &column);
	return error_set_field(
		err, HR_INVALID, "startup_script", *brace == '{' ? "{{" : "}}",
		"startup script, line %d, column %d: a single \"%c\" that belongs to no tag; "
		"write \"%c%c\" where the script needs a brace",
		line, column, *brace, *brace, *brace);
}

static int refuse_open(const char *text, const char *brace, const char *name, size_t len,
		       struct hr_error *err)
{
	int line, column;

	where(text, brace, &line, &column);
	return error_set_field(
		err, HR_INVALID, "startup_script", "{server_id}",
		"startup script, line %d, column %d: the tag {%.*s is not closed; end it with "
		"\"}\", or write \"{{\" where the script needs a brace",
		line, column, (int)(len < TAG_MAX ? len : TAG_MAX), name);
}

static const char *tag_value(size_t i, const struct script_values *values)
{
	const char *value;

	if (!values || tags[i].member == NO_VALUE)
		return "";
	memcpy(&value, (const char *)values + tags[i].member, sizeof(value));
	return value ? value : "";
}

/* At a "{" that is not doubled: replaces the tag and gives where the text goes on. */
static int replace_tag(const char *text, const char *brace, const struct script_values *values,
		       struct output *output, const char **ret_next, struct hr_error *err)
{
	const char *name = brace + 1;
	size_t len = 0;

	if (!name_begins(*name))
		return refuse_brace(text, brace, err);
	while (name_goes_on(name[len]))
		len++;
	if (name[len] == '\n' || name[len] == '\r' || name[len] == '\0')
		return refuse_open(text, brace, name, len, err);
	if (name[len] != '}')
		return refuse_brace(text, brace, err);
	for (size_t i = 0; i < N_TAGS; i++) {
		const char *value;

		if (strlen(tags[i].name) != len || memcmp(tags[i].name, name, len) != 0)
			continue;
		value = tag_value(i, values);
		*ret_next = name + len + 1;
		return emit(output, value, strlen(value), err);
	}
	return refuse_unknown(text, brace, name, len, err);
}

static int scan(const char *text, const struct script_values *values, struct output *output,
		struct hr_error *err)
{
	const char *at = text;

	if (strlen(text) > SCRIPT_MAX)
		return error_set_field(
			err, HR_INVALID, "startup_script", NULL,
			"the startup script is longer than 1 MiB; make it shorter, or let it "
			"fetch the rest");
	while (*at != '\0') {
		size_t plain = strcspn(at, "{}");

		if (emit(output, at, plain, err) != 0)
			return -1;
		at += plain;
		if (*at == '\0')
			break;
		if (at[1] == at[0]) {
			if (emit(output, at, 1, err) != 0)
				return -1;
			at += 2;
		} else if (*at == '}') {
			return refuse_brace(text, at, err);
		} else if (replace_tag(text, at, values, output, &at, err) != 0) {
			return -1;
		}
	}
	return 0;
}

int script_check(const char *template_text, struct hr_error *err)
{
	struct output nowhere = {0};

	return scan(template_text, NULL, &nowhere, err);
}

const char *script_unfilled_tag(const char *template_text)
{
	for (const char *at = template_text; (at = strchr(at, '{')) != NULL;) {
		size_t len = strcspn(at + 1, "{}");

		if (at[1] == '{') {
			at += 2;
			continue;
		}
		for (size_t i = 0; i < N_TAGS; i++)
			if (tags[i].member == NO_VALUE && strlen(tags[i].name) == len &&
			    memcmp(tags[i].name, at + 1, len) == 0)
				return tags[i].name;
		at += len + 1;
	}
	return NULL;
}

int script_render(const char *template_text, const struct script_values *values, char **ret_text,
		  size_t *ret_len, struct hr_error *err)
{
	struct output output = {.size = 4096};

	output.text = malloc(output.size);
	if (!output.text)
		return error_no_memory(err, "rendering a startup script");
	output.text[0] = '\0';
	if (scan(template_text, values, &output, err) != 0) {
		OPENSSL_clear_free(output.text, output.size);
		return -1;
	}
	*ret_text = output.text;
	*ret_len = output.len;
	return 0;
}
