/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of an OPEN to what its services go by. */
#include "provider/account_services.h"

#include <string.h>

#include "base/text.h"
#include "provider/settings.h"
#include "schema/secret_text.h"

/* What a reference leads to has the form that the setting asks for; the reference itself need not. */
static int check_resolved(const struct hr_setting *row, const char *reference, const char *plain,
			  struct hr_error *err)
{
	json_t *value = NULL;

	if (schema_value_from_text(row, plain, &value, err) != 0)
		return error_prefix(err, "%.200s", reference);
	json_decref(value);
	return 0;
}

static int resolve_secrets(const struct account_services_options *options, json_t *settings,
			   struct hr_error *err)
{
	const struct schema *schema = &options->module->schema;

	for (size_t i = 0; i < schema->n_rows; i++) {
		const struct hr_setting *row = schema_row(schema, i);
		const char *value = json_string_value(json_object_get(settings, row->key));
		char *plain;
		int rc;

		if (row->type != HR_TYPE_SECRET || !value || !secret_text_is_reference(value))
			continue;
		rc = secret_resolve(&options->secrets, value, &plain, err);
		if (rc == 0 && (rc = check_resolved(row, value, plain, err)) != 0)
			secret_free(plain);
		if (rc != 0) {
			text_format(err->field, sizeof(err->field), "settings.%s", row->key);
			return -1;
		}
		rc = json_object_set_new(settings, row->key, json_string(plain));
		secret_free(plain);
		if (rc != 0)
			return error_set(err, HR_INVALID,
					 "the secret of the setting %s is no UTF-8 text", row->key);
	}
	return 0;
}

/* "region" of the module's table is "settings.region" of the provider config. */
static int name_setting(struct hr_error *err)
{
	char field[sizeof(err->field)];

	if (err->field[0] == '\0' || strncmp(err->field, "settings.", 9) == 0)
		return -1;
	text_format(field, sizeof(field), "settings.%.100s", err->field);
	text_copy(err->field, sizeof(err->field), field);
	return -1;
}

int account_services_open(const struct account_services_options *options, const json_t *settings,
			  struct account_services *ret_services, struct hr_error *err)
{
	const struct registry_module *module = options->module;
	struct http_account_options http = {
		.id = options->id,
		.schema = &module->schema,
		.hosts = module->hosts,
		.n_hosts = module->n_hosts,
		.capabilities = module->capabilities,
	};

	memset(ret_services, 0, sizeof(*ret_services));
	ret_services->module = module;
	if (schema_normalize(&module->schema, settings, 0, &ret_services->stored, err) != 0)
		return name_setting(err);
	ret_services->settings = json_deep_copy(ret_services->stored);
	if (!ret_services->settings)
		return error_no_memory(err, "opening an account");
	if (resolve_secrets(options, ret_services->settings, err) != 0)
		return -1;
	http.settings = ret_services->settings;
	if (!options->http)
		return 0;
	return http_account_new(options->http, &http, &ret_services->http, err);
}

void account_services_close(struct account_services *services)
{
	http_account_free(services->http);
	if (services->settings)
		provider_settings_free(services->settings);
	if (services->stored)
		provider_settings_free(services->stored);
	memset(services, 0, sizeof(*services));
}

int account_services_secret(const struct account_services *services,
			    const struct secret_rules *rules, const char *key, char **ret_value,
			    struct hr_error *err)
{
	const struct schema *schema = &services->module->schema;
	const char *value;

	*ret_value = NULL;
	for (size_t i = 0; i < schema->n_rows; i++) {
		const struct hr_setting *row = schema_row(schema, i);

		if (row->type != HR_TYPE_SECRET || strcmp(row->key, key) != 0)
			continue;
		value = json_string_value(json_object_get(services->stored, key));
		if (!value)
			return 0;
		if (secret_resolve(rules, value, ret_value, err) != 0)
			return -1;
		/* Cassettes must not show it either. */
		return services->http && http_account_add_secret(services->http, *ret_value) != 0
			       ? error_no_memory(err, "giving a secret")
			       : 0;
	}
	return error_set(err, HR_INVALID, "the module has no secret setting \"%s\"", key);
}
