/* SPDX-License-Identifier: Apache-2.0 */
/* A provider config's fields: the one place for their names, defaults and limits. What stands
 * under "settings" is the module's table's, checked where modules are known. */
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "model/kind.h"
#include "model/pool.h"

#define DAY_S INT64_C(86400)

static const struct hr_setting rows[] = {
	{
		.key = "name",
		.type = HR_TYPE_STRING,
		.flags = HR_SETTING_REQUIRED,
		.minimum = 1,
		.maximum = NAME_SIZE - 1,
		.pattern = KIND_NAME_PATTERN,
		.title = "Name",
		.help = "What the provider config is called. Autoscale configs name it.",
		.example = "this-machine",
		.alias = "vm_provider_config_name",
	},
	{
		.key = "provider",
		.type = HR_TYPE_STRING,
		.flags = HR_SETTING_REQUIRED | HR_SETTING_IMMUTABLE,
		.minimum = 2,
		.maximum = 32,
		.pattern = KIND_MODULE_PATTERN,
		.title = "Provider",
		.help = "The module that makes the servers, by its id.",
		.example = "local",
		.alias = "vm_provider_name",
	},
	{
		.key = "max_instances",
		.type = HR_TYPE_INTEGER,
		.minimum = 0,
		.maximum = 1000000,
		.unit = "servers",
		.title = "Most servers",
		.help = "Never more servers than this, over all autoscale configs that share the "
			"provider config; a server counts until it is proven gone. Unset: no "
			"limit.",
		.example = "10",
	},
	{
		.key = "list_interval",
		.type = HR_TYPE_DURATION,
		.flags = HR_SETTING_ADVANCED,
		.default_value = "60s",
		.minimum = 1,
		.maximum = DAY_S,
		.unit = "s",
		.title = "Time between lists",
		.help = "How often the provider is asked for all instances of this installation.",
		.example = "60s",
	},
	{
		.key = "reaper_grace",
		.type = HR_TYPE_DURATION,
		.flags = HR_SETTING_ADVANCED,
		.default_value = "30m",
		.minimum = 1,
		.maximum = 7 * DAY_S,
		.unit = "s",
		.title = "Life of strays",
		.help = "An instance of this installation that belongs to no server is destroyed "
			"once it is this old.",
		.example = "30m",
	},
	{
		.key = "settings",
		.type = HR_TYPE_JSON,
		.default_value = "{}",
		.title = "Settings",
		.help = "The provider's own settings, by the table of its module.",
	},
};

const struct schema provider_config_schema = SCHEMA_OF("provider-config", rows);

void provider_config_read(const struct document *document, struct provider_config *ret_config)
{
	const json_t *body = document->body;
	struct provider_config config = {
		.revision = document->revision,
		.max_instances = json_integer_or(body, "max_instances", -1),
		.list_interval_ms = json_integer_or(body, "list_interval", 0) * MS_PER_S,
		.reaper_grace_ms = json_integer_or(body, "reaper_grace", 0) * MS_PER_S,
		.settings = json_object_get(body, "settings"),
	};

	text_copy(config.id, sizeof(config.id), document->id);
	text_copy(config.name, sizeof(config.name), document->name);
	text_copy(config.provider, sizeof(config.provider), json_string_or(body, "provider", ""));
	*ret_config = config;
}
