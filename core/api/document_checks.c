/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that need other documents, or the provider module. Rules within one document are the
 * model's. */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "api/documents.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "engine/script.h"
#include "model/autoscale_config.h"
#include "model/pool.h"
#include "provider/settings.h"
#include "store/document_rows.h"

int check_references(struct tx *tx, const struct document *document, struct hr_error *err)
{
	const struct schema *schema = document_schema(document->kind);

	for (size_t i = 0; i < schema->n_rows; i++) {
		const struct hr_setting *row = schema_row(schema, i);
		int kind = document_reference_kind(row);
		const char *key = json_string_or(document->body, row->key, "");
		struct document found = {0};

		if (kind < 0 || key[0] == '\0')
			continue;
		if (document_find(tx, (enum document_kind)kind, key, &found, err) != 0) {
			if (err && err->class == HR_NOT_FOUND)
				error_set_field(
					err, HR_INVALID, row->key, NULL,
					"field \"%s\" in %s: there is no %s \"%s\"; create it first, or "
					"see \"headroom %s list\"",
					row->key, document_kind_name(document->kind),
					document_kind_name((enum document_kind)kind), key,
					document_kind_name((enum document_kind)kind));
			return -1;
		}
		kind = json_object_set_new(document->body, row->key, json_string(found.id));
		document_clear(&found);
		if (kind != 0)
			return error_no_memory(err, "checking a document");
	}
	return 0;
}

static bool must_stay(const struct document *document, const struct hr_setting *row)
{
	/* Its servers would be another pool's from one moment to the next. */
	if (document->kind == DOCUMENT_AUTOSCALE_CONFIG && strcmp(row->key, "pool") == 0)
		return true;
	return (row->flags & HR_SETTING_IMMUTABLE) != 0;
}

static bool same(const json_t *a, const json_t *b)
{
	return a == b || (a && b && json_equal(a, b));
}

int check_immutable(const struct edit *edit, struct hr_error *err)
{
	const struct schema *schema = document_schema(edit->next.kind);

	for (size_t i = 0; edit->present.revision > 0 && i < schema->n_rows; i++) {
		const struct hr_setting *row = schema_row(schema, i);

		if (must_stay(&edit->next, row) &&
		    !same(json_object_get(edit->present.body, row->key),
			  json_object_get(edit->next.body, row->key)))
			return error_set_field(
				err, HR_INVALID, row->key, NULL,
				"field \"%s\" of %s \"%s\" cannot be changed; make a new %s "
				"instead",
				row->key, document_kind_name(edit->next.kind), edit->present.name,
				document_kind_name(edit->next.kind));
	}
	return 0;
}

/* ---- Provider configs ---------------------------------------------------------------------- */

static bool leads_elsewhere(const struct hr_setting *row)
{
	return row->role >= HR_ROLE_ENDPOINT && row->role <= HR_ROLE_PROXY;
}

static bool differs(const struct edit *edit, const struct hr_setting *row)
{
	return !same(json_object_get(json_object_get(edit->present.body, "settings"), row->key),
		     json_object_get(json_object_get(edit->next.body, "settings"), row->key));
}

static int check_settings_immutable(const struct registry_module *module, const struct edit *edit,
				    struct hr_error *err)
{
	for (size_t i = 0; i < module->schema.n_rows; i++) {
		const struct hr_setting *row = schema_row(&module->schema, i);
		char field[80];

		text_format(field, sizeof(field), "settings.%s", row->key);
		if ((row->flags & HR_SETTING_IMMUTABLE) && differs(edit, row))
			return error_set_field(err, HR_INVALID, field, NULL,
					       "setting \"%s\" of provider config \"%s\" cannot be "
					       "changed; make a new provider config instead",
					       row->key, edit->present.name);
	}
	return 0;
}

/* Secrets that are stored go to no new place: who may edit an account but does not know its
 * password could else have it sent to a server of his own. */
static int check_kept_secrets(const struct registry_module *module, const struct edit *edit,
			      struct hr_error *err)
{
	const json_t *settings = json_object_get(edit->next.body, "settings");
	const struct hr_setting *moved = NULL;

	for (size_t i = 0; i < module->schema.n_rows; i++) {
		const struct hr_setting *row = schema_row(&module->schema, i);

		if (leads_elsewhere(row) && differs(edit, row))
			moved = row;
	}
	for (size_t i = 0; moved && i < module->schema.n_rows; i++) {
		const struct hr_setting *row = schema_row(&module->schema, i);
		char path[80];

		text_format(path, sizeof(path), "settings.%s", row->key);
		if (row->type == HR_TYPE_SECRET &&
		    strcmp(json_string_or(settings, row->key, ""), SCHEMA_MASK) == 0 &&
		    !json_object_get(edit->secrets, path))
			return error_set_field(
				err, HR_INVALID, path, NULL,
				"setting \"%s\" changes where the account's secrets are "
				"sent, so the stored \"%s\" is not kept; give it again in "
				"the same request",
				moved->key, row->key);
	}
	return 0;
}

static int keep_secrets(struct tx *tx, const struct registry_module *module, struct edit *edit,
			struct hr_error *err)
{
	const json_t *settings = json_object_get(edit->next.body, "settings");
	json_t *stored = NULL;
	int rc;

	if (check_settings_immutable(module, edit, err) != 0 ||
	    check_kept_secrets(module, edit, err) != 0 ||
	    document_secrets(tx, edit->next.kind, edit->present.id, &stored, err) != 0)
		return -1;
	rc = provider_settings_keep(module, settings, edit->secrets, stored, err);
	provider_settings_free(stored);
	return rc;
}

int check_provider_config(struct tx *tx, struct api *api, struct edit *edit, struct hr_error *err)
{
	const char *provider = json_string_or(edit->next.body, "provider", "");
	const struct registry_module *module;
	unsigned flags = edit->present.revision > 0 ? SCHEMA_ALLOW_MASKED : 0;
	json_t *settings = NULL;

	if (registry_find(api->options.registry, provider, &module, err) != 0 ||
	    provider_settings_normalize(module, json_object_get(edit->next.body, "settings"), flags,
					&settings, &edit->secrets, err) != 0)
		return -1;
	if (json_object_set_new(edit->next.body, "settings", settings) != 0)
		return error_no_memory(err, "checking a provider config");
	return edit->present.revision > 0 ? keep_secrets(tx, module, edit, err) : 0;
}

/* ---- Autoscale configs --------------------------------------------------------------------- */

#define REALISTIC_TOKEN                                                                          \
	"eyJhbGciOiJIUzI1NiIsImtpZCI6IkFBQUFBQUFBIiwidHlwIjoiSldUIn0."                           \
	"eyJhdWQiOiJjaGVja2luIiwiZXhwIjoxNzAwMDE0NDAwLCJpYXQiOjE3MDAwMDAwMDAsImlzcyI6IjAwMDAwMD" \
	"AwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMCIsInN1YiI6IjAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAw" \
	"MDAwMDAwMDAwMCJ9.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define REALISTIC_ADDRESS "headroom.department.example.net:8460"

/* As long as real values are: tokens and keys have one length, addresses and names may be long. */
static const struct script_values realistic = {
	.server_id = "00000000-0000-4000-8000-000000000000",
	.server_hostname = "a-config-with-a-name-of-usual-length-00000000",
	.upstream_auth_address = REALISTIC_ADDRESS,
	.checkin_jwt = REALISTIC_TOKEN,
	.checkin_url = "https://" REALISTIC_ADDRESS "/api/set_server_status?token=" REALISTIC_TOKEN,
	.provider_name = "a-provider-config-name",
	.zone_name = "a-zone-name",
	.pool_name = "a-pool-name",
	.connection_username = "a-user-name",
	.connection_port = "65535",
	.ssh_key =
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA "
		"a-config-with-a-name-of-usual-length-00000000",
};

static int check_script(const struct registry_module *module, const struct autoscale_config *config,
			struct edit *edit, struct hr_error *err)
{
	bool windows = strcmp(config->guest_os, "windows") == 0;
	const char *script = config->startup_script;
	const char *unfilled;
	char *text = NULL;
	size_t len = 0;

	if (!script || script[0] == '\0')
		return 0;
	if (script_check(script, err) != 0)
		return -1;
	unfilled = script_unfilled_tag(script);
	if (unfilled &&
	    edit_warn(edit, "startup_script", err,
		      "the tag {%s} has no value in this version and is replaced by nothing",
		      unfilled) != 0)
		return -1;
	if (!module)
		return 0;
	if ((windows ? module->windows_scripts : module->linux_scripts) == 0)
		return error_set_field(
			err, HR_INVALID, "startup_script", NULL,
			"provider %s cannot hand a startup script to a %s guest; leave "
			"startup_script empty, or change guest_os",
			module->id, config->guest_os);
	if (script_render(script, &realistic, &text, &len, err) != 0)
		return -1;
	OPENSSL_clear_free(text, len + 1);
	if (module->script_max > 0 && len > module->script_max)
		return error_set_field(
			err, HR_INVALID, "startup_script", NULL,
			"the startup script is about %zu bytes once its tags are replaced; "
			"provider %s takes at most %llu; make it shorter, or let it fetch the rest",
			len, module->id, (unsigned long long)module->script_max);
	return 0;
}

/* The module, or NULL with a warning where the config is disabled and so does no harm. */
static int find_module(struct api *api, const struct provider_config *account, bool enabled,
		       struct edit *edit, const struct registry_module **ret, struct hr_error *err)
{
	struct hr_error why = {0};

	*ret = NULL;
	if (registry_find(api->options.registry, account->provider, ret, &why) == 0)
		return 0;
	*ret = NULL;
	if (!enabled)
		return edit_warn(edit, "provider_config", err, "%s", why.message);
	return error_set_field(err, HR_INVALID, "provider_config", NULL,
			       "provider config \"%s\": %s", account->name, why.message);
}

static int warn_minimum(const struct provider_config *account,
			const struct autoscale_config *config, struct edit *edit,
			struct hr_error *err)
{
	int64_t each = config->server.max_sessions < config->server.max_users
			       ? config->server.max_sessions
			       : config->server.max_users;
	int64_t most;

	if (account->max_instances < 0 ||
	    __builtin_mul_overflow(account->max_instances, each, &most) ||
	    config->minimum_available_sessions <= most)
		return 0;
	return edit_warn(
		edit, "minimum_available_sessions", err,
		"%lld sessions cannot be kept available: provider config \"%s\" has max_instances "
		"%lld, which is room for %lld; raise that or lower minimum_available_sessions",
		(long long)config->minimum_available_sessions, account->name,
		(long long)account->max_instances, (long long)most);
}

static int warn_queue(const struct pool *pool, const struct autoscale_config *config,
		      const char *field, struct edit *edit, struct hr_error *err)
{
	if (pool->queue_timeout_ms >= config->provision_timeout_ms)
		return 0;
	return edit_warn(
		edit, field, err,
		"pool \"%s\" lets a session wait %lld s (queue_timeout), less than the %lld s that "
		"a server of \"%s\" may take (provision_timeout)",
		pool->name, (long long)(pool->queue_timeout_ms / MS_PER_S),
		(long long)(config->provision_timeout_ms / MS_PER_S), config->name);
}

int check_autoscale_config(struct tx *tx, struct api *api, struct edit *edit, struct hr_error *err)
{
	const struct registry_module *module;
	struct autoscale_config config;
	struct provider_config account;
	struct document document = {0};
	struct pool pool;
	int rc;

	autoscale_config_read(&edit->next, &config);
	if (document_get(tx, DOCUMENT_PROVIDER_CONFIG, config.provider_config_id, &document, err) !=
	    0)
		return -1;
	provider_config_read(&document, &account);
	rc = find_module(api, &account, config.enabled, edit, &module, err);
	document_clear(&document);
	if (rc != 0 || check_script(module, &config, edit, err) != 0 ||
	    warn_minimum(&account, &config, edit, err) != 0 ||
	    document_get(tx, DOCUMENT_POOL, config.pool_id, &document, err) != 0)
		return -1;
	pool_read(&document, &pool);
	document_clear(&document);
	return warn_queue(&pool, &config, "provision_timeout", edit, err);
}

/* ---- Pools --------------------------------------------------------------------------------- */

int check_pool(struct tx *tx, struct edit *edit, struct hr_error *err)
{
	struct document *documents = NULL;
	struct pool pool;
	size_t n = 0;
	int rc = 0;

	if (edit->present.revision == 0)
		return 0;
	pool_read(&edit->next, &pool);
	if (document_list(tx, DOCUMENT_AUTOSCALE_CONFIG, "", 1000, &documents, &n, err) != 0)
		return -1;
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct autoscale_config config;

		autoscale_config_read(&documents[i], &config);
		if (strcmp(config.pool_id, pool.id) == 0)
			rc = warn_queue(&pool, &config, "queue_timeout", edit, err);
	}
	document_list_free(documents, n);
	return rc;
}
