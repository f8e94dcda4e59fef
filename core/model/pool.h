/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon reads out of a pool's, zone's and provider config's document. */
#ifndef HR_MODEL_POOL_H
#define HR_MODEL_POOL_H

#include <stdbool.h>

#include "model/document.h"

enum pool_strategy { STRATEGY_SPREAD, STRATEGY_PACK };
enum pool_no_room { NO_ROOM_QUEUE, NO_ROOM_REFUSE };

struct pool {
	char id[ID_SIZE];
	char name[NAME_SIZE];
	enum pool_strategy strategy;
	enum pool_no_room on_no_room;
	int64_t queue_timeout_ms;
	int64_t keepalive_expiration_ms; /* 0: off */
	bool dry_run;                    /* plans are only told */
};

struct zone {
	char id[ID_SIZE];
	char name[NAME_SIZE];
	char upstream_auth_address[256]; /* host or host:port; "": the daemon's own address */
	bool search_alternate_zones;
};

struct provider_config {
	char id[ID_SIZE];
	char name[NAME_SIZE];
	int64_t revision;
	char provider[33];     /* module id */
	int64_t max_instances; /* -1: no limit */
	int64_t list_interval_ms;
	int64_t reaper_grace_ms;
	json_t *settings; /* the module's; borrowed from the document's body */
};

/* From a stored document's normalised body. */
void pool_read(const struct document *document, struct pool *ret_pool);
void zone_read(const struct document *document, struct zone *ret_zone);
void provider_config_read(const struct document *document, struct provider_config *ret_config);

#endif
