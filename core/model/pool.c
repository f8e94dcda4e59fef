/* SPDX-License-Identifier: Apache-2.0 */
/* A pool's fields: the one place for their names, defaults and limits. */
#include "model/pool.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "model/kind.h"

#define DAY_S INT64_C(86400)

static const char *const types[] = {"server", "docker_agent", NULL};
static const char *const strategies[] = {"spread", "pack", NULL};
static const char *const no_room_choices[] = {"queue", "refuse", NULL};

static const struct hr_setting rows[] = {
	{
		.key = "name",
		.type = HR_TYPE_STRING,
		.flags = HR_SETTING_REQUIRED,
		.minimum = 1,
		.maximum = NAME_SIZE - 1,
		.pattern = KIND_NAME_PATTERN,
		.title = "Name",
		.help = "What the pool is called. Users ask for a session by this name.",
		.example = "demo",
		.alias = "server_pool_name",
	},
	{
		.key = "type",
		.type = HR_TYPE_ENUM,
		.flags = HR_SETTING_IMMUTABLE,
		.default_value = "server",
		.choices = types,
		.title = "Type",
		.help = "What the pool is made of: servers that users log in to.",
		.alias = "server_pool_type",
	},
	{
		.key = "strategy",
		.type = HR_TYPE_ENUM,
		.default_value = "spread",
		.choices = strategies,
		.title = "Placement",
		.help = "Where a new session goes: \"spread\" takes the server with the fewest "
			"sessions, \"pack\" the one with the most, so that others fall idle.",
	},
	{
		.key = "on_no_room",
		.type = HR_TYPE_ENUM,
		.default_value = "queue",
		.choices = no_room_choices,
		.title = "When there is no room",
		.help = "Whether a session for which there is no room waits in the queue or is "
			"refused at once.",
	},
	{
		.key = "queue_timeout",
		.type = HR_TYPE_DURATION,
		.default_value = "1h",
		.minimum = 10,
		.maximum = DAY_S,
		.unit = "s",
		.title = "Longest wait",
		.help = "How long a session waits in the queue before it is refused.",
		.example = "30m",
	},
	{
		.key = "keepalive_expiration",
		.type = HR_TYPE_DURATION,
		.default_value = "1h",
		.minimum = 0,
		.maximum = 7 * DAY_S,
		.unit = "s",
		.title = "Session life without keepalive",
		.help = "A session that is not kept alive for this long ends. 0: it never ends by "
			"itself.",
		.example = "1h",
	},
	{
		.key = "dry_run",
		.type = HR_TYPE_BOOLEAN,
		.flags = HR_SETTING_ADVANCED,
		.default_value = "false",
		.title = "Dry run",
		.help = "Whether it is only told (event pool.dry_run) which servers would be made "
			"and removed. Sessions go on, and what a person orders is done.",
	},
};

const struct schema pool_schema = SCHEMA_OF("pool", rows);

int pool_check_rules(const json_t *body, struct hr_error *err)
{
	if (strcmp(json_string_or(body, "type", "server"), "server") == 0)
		return 0;
	return error_set_field(err, HR_INVALID, "type", "server",
			       "pool type \"docker_agent\" is not in this version yet; use "
			       "\"server\"");
}

void pool_read(const struct document *document, struct pool *ret_pool)
{
	const json_t *body = document->body;
	const char *strategy = json_string_or(body, "strategy", "spread");
	const char *no_room = json_string_or(body, "on_no_room", "queue");
	struct pool pool = {
		.strategy = strcmp(strategy, "pack") == 0 ? STRATEGY_PACK : STRATEGY_SPREAD,
		.on_no_room = strcmp(no_room, "refuse") == 0 ? NO_ROOM_REFUSE : NO_ROOM_QUEUE,
		.queue_timeout_ms = json_integer_or(body, "queue_timeout", 0) * MS_PER_S,
		.keepalive_expiration_ms =
			json_integer_or(body, "keepalive_expiration", 0) * MS_PER_S,
		.dry_run = json_is_true(json_object_get(body, "dry_run")),
	};

	text_copy(pool.id, sizeof(pool.id), document->id);
	text_copy(pool.name, sizeof(pool.name), document->name);
	*ret_pool = pool;
}
