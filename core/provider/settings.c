/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of provider configs: normalising, taking secrets out, putting them back. */
#include "provider/settings.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/json.h"
#include "base/text.h"

#define PATH_PREFIX "settings."
#define PATH_SIZE 80

static const char *secret_path(const struct hr_setting *row, char buf[PATH_SIZE])
{
	text_format(buf, PATH_SIZE, PATH_PREFIX "%s", row->key);
	return buf;
}

static bool is_mask(const json_t *value)
{
	const char *text = json_string_value(value);

	return text && strcmp(text, SCHEMA_MASK) == 0;
}

/* Moves one secret from settings into secrets. */
static int take_out(const struct hr_setting *row, json_t *settings, json_t *secrets)
{
	json_t *value = json_object_get(settings, row->key);
	char path[PATH_SIZE];

	if (row->type != HR_TYPE_SECRET || !json_is_string(value) || is_mask(value))
		return 0;
	if (json_object_set_new(secrets, secret_path(row, path),
				json_string(json_string_value(value))) != 0)
		return -1;
	return json_object_set_new(settings, row->key, json_string(SCHEMA_MASK));
}

/* The error's field, as seen from the config. */
static int prefix_field(struct hr_error *err)
{
	char field[sizeof(err->field)];

	if (!err || err->field[0] == '\0')
		return -1;
	text_format(field, sizeof(field), PATH_PREFIX "%.100s", err->field);
	memcpy(err->field, field, sizeof(field));
	return -1;
}

int provider_settings_normalize(const struct registry_module *module, const json_t *input,
				unsigned flags, json_t **ret_settings, json_t **ret_secrets,
				struct hr_error *err)
{
	json_t *empty = input ? NULL : json_object();
	json_t *settings = NULL, *secrets = NULL;
	int rc;

	rc = schema_normalize(&module->schema, input ? input : empty, flags, &settings, err);
	json_decref(empty);
	if (rc != 0)
		return prefix_field(err);
	secrets = json_object();
	for (size_t i = 0; secrets && i < module->schema.n_rows; i++)
		if (take_out(schema_row(&module->schema, i), settings, secrets) != 0)
			rc = -1;
	if (!secrets || rc != 0) {
		provider_settings_free(settings);
		provider_settings_free(secrets);
		return error_no_memory(err, "reading the settings of a provider config");
	}
	*ret_settings = settings;
	*ret_secrets = secrets;
	return 0;
}

static int no_secret(const struct registry_module *module, const struct hr_setting *row,
		     struct hr_error *err)
{
	char path[PATH_SIZE];

	return error_set_field(err, HR_INVALID, secret_path(row, path), NULL,
			       "field \"%s\" in %s: \"%s\" stands for a secret that is kept, and "
			       "there is none yet; give the secret itself",
			       row->key, module->schema.subject, SCHEMA_MASK);
}

int provider_settings_keep(const struct registry_module *module, const json_t *settings,
			   json_t *secrets, const json_t *stored, struct hr_error *err)
{
	for (size_t i = 0; i < module->schema.n_rows; i++) {
		const struct hr_setting *row = schema_row(&module->schema, i);
		char path[PATH_SIZE];
		json_t *kept;

		if (row->type != HR_TYPE_SECRET || !is_mask(json_object_get(settings, row->key)) ||
		    json_object_get(secrets, secret_path(row, path)))
			continue;
		kept = json_object_get(stored, path);
		if (!json_is_string(kept))
			return no_secret(module, row, err);
		if (json_object_set(secrets, path, kept) != 0)
			return error_no_memory(err, "keeping the secrets of a provider config");
	}
	return 0;
}

int provider_settings_merge(const struct registry_module *module, const json_t *settings,
			    const json_t *secrets, json_t **ret_plain, struct hr_error *err)
{
	json_t *plain = json_deep_copy(settings);
	int rc = plain ? 0 : error_no_memory(err, "opening a provider config");

	for (size_t i = 0; rc == 0 && i < module->schema.n_rows; i++) {
		const struct hr_setting *row = schema_row(&module->schema, i);
		char path[PATH_SIZE];
		const char *text;

		if (row->type != HR_TYPE_SECRET || !is_mask(json_object_get(plain, row->key)))
			continue;
		text = json_string_value(json_object_get(secrets, secret_path(row, path)));
		if (!text)
			rc = no_secret(module, row, err);
		else if (json_object_set_new(plain, row->key, json_string(text)) != 0)
			rc = error_no_memory(err, "opening a provider config");
	}
	if (rc != 0) {
		provider_settings_free(plain);
		return -1;
	}
	*ret_plain = plain;
	return 0;
}

void provider_settings_free(json_t *settings)
{
	const char *key;
	json_t *value;

	if (settings && settings->refcount == 1)
		json_object_foreach (settings, key, value)
			if (json_is_string(value) && value->refcount == 1)
				OPENSSL_cleanse((void *)(uintptr_t)json_string_value(value),
						json_string_length(value));
	json_decref(settings);
}
