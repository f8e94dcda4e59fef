/* SPDX-License-Identifier: Apache-2.0 */
/* What an autoscale config's document means: the rules between its fields, and its reading. The
 * fields themselves are in autoscale_table.c. */
#include "model/autoscale_config.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "model/kind.h"

/* Life of a check-in token where none is set and provision_timeout is not longer. */
#define CHECKIN_TOKEN_S 14400

/* Two beats of every 60 s, the longest pause that a heartbeat may make. */
#define HEALING_S 120

static const char *const phases[] = {"create_timeout", "boot_timeout", "checkin_timeout"};

#define N_PHASES (sizeof(phases) / sizeof(phases[0]))

static int check_one_session(const json_t *body, const char *key, struct hr_error *err)
{
	const char *type = json_string_or(body, "connection_type", "");
	long long limit = json_integer_or(body, key, 1);

	if (limit == 1 || (strcmp(type, "VNC") != 0 && strcmp(type, "KasmVNC") != 0))
		return 0;
	return error_set_field(err, HR_INVALID, key, "1",
			       "field \"%s\" in autoscale-config is %lld, but a server of "
			       "connection_type %s serves one session; set it to 1, or "
			       "connection_type to RDP or SSH",
			       key, limit, type);
}

static int check_limits(const json_t *body, struct hr_error *err)
{
	static const char sessions_key[] = "max_simultaneous_sessions_per_server";
	static const char users_key[] = "max_simultaneous_users";
	long long sessions = json_integer_or(body, sessions_key, 1);
	long long users = json_integer_or(body, users_key, 1);
	char example[24];

	if (check_one_session(body, sessions_key, err) != 0 ||
	    check_one_session(body, users_key, err) != 0)
		return -1;
	if (users <= sessions)
		return 0;
	text_format(example, sizeof(example), "%lld", sessions);
	return error_set_field(err, HR_INVALID, users_key, example,
			       "field \"%s\" in autoscale-config is %lld, above %s of %lld; each "
			       "user needs a session, so lower the one or raise the other",
			       users_key, users, sessions_key, sessions);
}

static int check_phases(const json_t *body, struct hr_error *err)
{
	long long whole = json_integer_or(body, "provision_timeout", 0);
	char part_text[QUANTITY_SIZE], whole_text[QUANTITY_SIZE];

	schema_duration_text(whole, whole_text);
	for (size_t i = 0; i < N_PHASES; i++) {
		long long part = json_integer_or(body, phases[i], 0);

		if (part > whole)
			return error_set_field(err, HR_INVALID, phases[i], whole_text,
					       "field \"%s\" in autoscale-config is %s, above "
					       "provision_timeout of %s, which limits all phases "
					       "together; lower the one or raise the other",
					       phases[i], schema_duration_text(part, part_text),
					       whole_text);
	}
	return 0;
}

static int check_token_life(const json_t *body, struct hr_error *err)
{
	long long whole = json_integer_or(body, "provision_timeout", 0);
	long long life = json_integer_or(body, "checkin_token_life", whole);
	char life_text[QUANTITY_SIZE], whole_text[QUANTITY_SIZE];

	if (life >= whole)
		return 0;
	schema_duration_text(whole, whole_text);
	return error_set_field(
		err, HR_INVALID, "checkin_token_life", whole_text,
		"field \"checkin_token_life\" in autoscale-config is %s, below "
		"provision_timeout of %s: a slow server could not check in any more; "
		"raise the one or lower the other",
		schema_duration_text(life, life_text), whole_text);
}

static int check_silence(const json_t *body, struct hr_error *err)
{
	long long missing = json_integer_or(body, "missing_after", 600);
	long long dead = json_integer_or(body, "dead_after", 3600);
	char missing_text[QUANTITY_SIZE], dead_text[QUANTITY_SIZE], least_text[QUANTITY_SIZE];

	if (dead >= missing + HEALING_S)
		return 0;
	schema_duration_text(missing + HEALING_S, least_text);
	return error_set_field(
		err, HR_INVALID, "dead_after", least_text,
		"field \"dead_after\" in autoscale-config is %s, not %d s above "
		"missing_after of %s: a server that is missing must have the time to "
		"be heard again; raise the one or lower the other",
		schema_duration_text(dead, dead_text), HEALING_S,
		schema_duration_text(missing, missing_text));
}

static int check_script(const json_t *body, struct hr_error *err)
{
	const char *script = json_string_or(body, "startup_script", "");

	if (!json_is_true(json_object_get(body, "require_checkin")) ||
	    script[strspn(script, " \t\r\n")] != '\0')
		return 0;
	return error_set_field(
		err, HR_INVALID, "startup_script", NULL,
		"field \"startup_script\" in autoscale-config is empty, but "
		"require_checkin is true: nothing would ever check in; give a script "
		"that calls set_server_status, or set require_checkin to false");
}

int autoscale_config_check_rules(const json_t *body, struct hr_error *err)
{
	if (check_limits(body, err) != 0 || check_phases(body, err) != 0 ||
	    check_token_life(body, err) != 0 || check_silence(body, err) != 0 ||
	    check_script(body, err) != 0)
		return -1;
	return 0;
}

static bool is_set(const json_t *body, const char *key)
{
	return json_is_true(json_object_get(body, key));
}

static int64_t milliseconds(const json_t *body, const char *key, int64_t fallback_s)
{
	return json_integer_or(body, key, fallback_s) * MS_PER_S;
}

static void read_server(const json_t *body, struct server_settings *ret_settings)
{
	int type = connection_type_find(json_string_or(body, "connection_type", ""));
	struct server_settings settings = {
		.connection_type = type < 0 ? CONNECTION_KASMVNC : (enum connection_type)type,
		.connection_port = json_integer_or(body, "connection_port", 0),
		.max_sessions = json_integer_or(body, "max_simultaneous_sessions_per_server", 1),
		.max_users = json_integer_or(body, "max_simultaneous_users", 1),
		.reusable = is_set(body, "reusable"),
		.heartbeat = strcmp(json_string_or(body, "heartbeat", "off"), "expected") == 0,
		.missing_after_ms = milliseconds(body, "missing_after", 600),
		.dead_after_ms = milliseconds(body, "dead_after", 3600),
	};

	text_copy(settings.connection_username, sizeof(settings.connection_username),
		  json_string_or(body, "connection_username", ""));
	*ret_settings = settings;
}

void autoscale_config_read(const struct document *document, struct autoscale_config *ret_config)
{
	const json_t *body = document->body;
	int64_t whole_s = json_integer_or(body, "provision_timeout", 0);
	int64_t token_s = whole_s > CHECKIN_TOKEN_S ? whole_s : CHECKIN_TOKEN_S;
	struct autoscale_config config = {
		.revision = document->revision,
		.enabled = is_set(body, "enabled"),
		.priority = json_integer_or(body, "priority", 0),
		.stand_in = is_set(body, "stand_in"),
		.aggressive_scaling = is_set(body, "aggressive_scaling"),
		.aggressive_pooling = is_set(body, "aggressive_pooling"),
		.minimum_available_sessions =
			json_integer_or(body, "minimum_available_sessions", 0),
		.downscale_backoff_ms = milliseconds(body, "downscale_backoff", 0),
		.downscale_step = json_integer_or(body, "downscale_step", 0),
		.provision_timeout_ms = whole_s * MS_PER_S,
		.create_timeout_ms = milliseconds(body, "create_timeout", whole_s),
		.boot_timeout_ms = milliseconds(body, "boot_timeout", whole_s),
		.checkin_timeout_ms = milliseconds(body, "checkin_timeout", whole_s),
		.checkin_token_ms = milliseconds(body, "checkin_token_life", token_s),
		.keep_failed = json_integer_or(body, "keep_failed", 0),
		.creates_per_hour = json_integer_or(body, "creates_per_hour", 0),
		.destroys_per_hour = json_integer_or(body, "destroys_per_hour", 0),
		.failure_budget = json_integer_or(body, "failure_budget", 5),
		.require_checkin = is_set(body, "require_checkin"),
		.probe = is_set(body, "probe"),
		.startup_script = json_string_or(body, "startup_script", ""),
		.guest_os = json_string_or(body, "guest_os", "linux"),
	};

	text_copy(config.id, sizeof(config.id), document->id);
	text_copy(config.name, sizeof(config.name), document->name);
	text_copy(config.pool_id, sizeof(config.pool_id), json_string_or(body, "pool", ""));
	text_copy(config.zone_id, sizeof(config.zone_id), json_string_or(body, "zone", ""));
	text_copy(config.provider_config_id, sizeof(config.provider_config_id),
		  json_string_or(body, "provider_config", ""));
	read_server(body, &config.server);
	*ret_config = config;
}
