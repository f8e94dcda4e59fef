/* SPDX-License-Identifier: Apache-2.0 */
/* A zone's fields: the one place for their names, defaults and limits. */
#include "base/json.h"
#include "base/text.h"
#include "model/kind.h"
#include "model/pool.h"

static const struct hr_setting rows[] = {
	{
		.key = "name",
		.type = HR_TYPE_STRING,
		.flags = HR_SETTING_REQUIRED,
		.minimum = 1,
		.maximum = NAME_SIZE - 1,
		.pattern = KIND_NAME_PATTERN,
		.title = "Name",
		.help = "What the zone is called. Autoscale configs name it.",
		.example = "default",
		.alias = "zone_name",
	},
	{
		.key = "upstream_auth_address",
		.type = HR_TYPE_STRING,
		.maximum = 255,
		.pattern = "(([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?)?",
		.title = "Address for servers",
		.help = "Host, or host and port, at which this zone's servers reach the daemon to "
			"check in. Empty: the daemon's own address.",
		.example = "headroom.example.net:8460",
	},
	{
		.key = "search_alternate_zones",
		.type = HR_TYPE_BOOLEAN,
		.default_value = "true",
		.title = "Use other zones",
		.help = "Whether a session asked for in this zone may be placed in another one of "
			"the pool when there is no room here.",
	},
};

const struct schema zone_schema = SCHEMA_OF("zone", rows);

void zone_read(const struct document *document, struct zone *ret_zone)
{
	const json_t *body = document->body;
	struct zone zone = {
		.search_alternate_zones =
			json_is_true(json_object_get(body, "search_alternate_zones")),
	};

	text_copy(zone.id, sizeof(zone.id), document->id);
	text_copy(zone.name, sizeof(zone.name), document->name);
	text_copy(zone.upstream_auth_address, sizeof(zone.upstream_auth_address),
		  json_string_or(body, "upstream_auth_address", ""));
	*ret_zone = zone;
}
