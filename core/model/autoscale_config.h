/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon reads out of an autoscale config's document: how one pool grows and shrinks in
 * one zone through one provider config. */
#ifndef HR_MODEL_AUTOSCALE_CONFIG_H
#define HR_MODEL_AUTOSCALE_CONFIG_H

#include <stdbool.h>

#include "model/document.h"
#include "model/server.h"

struct autoscale_config {
	char id[ID_SIZE];
	char name[NAME_SIZE];
	int64_t revision;
	char pool_id[ID_SIZE];
	char zone_id[ID_SIZE];
	char provider_config_id[ID_SIZE];
	bool enabled;
	int64_t priority;
	bool stand_in;
	bool aggressive_scaling;
	bool aggressive_pooling;
	int64_t minimum_available_sessions;
	int64_t downscale_backoff_ms;
	int64_t downscale_step; /* 0: all */
	int64_t provision_timeout_ms;
	int64_t create_timeout_ms; /* each phase at most this long; provision_timeout over all */
	int64_t boot_timeout_ms;
	int64_t checkin_timeout_ms;
	int64_t checkin_token_ms; /* life of the check-in token, never below provision_timeout */
	int64_t keep_failed;
	int64_t creates_per_hour; /* 0: not set, as the next; see brakes.h */
	int64_t destroys_per_hour;
	int64_t failure_budget;
	bool require_checkin;
	bool probe; /* without require_checkin: the connection port must speak first */
	struct server_settings server; /* what a new server is given as its own copy */
	const char *startup_script;    /* template; borrowed from the document's body */
	const char *guest_os;          /* "linux", "windows"; borrowed */
};

void autoscale_config_read(const struct document *document, struct autoscale_config *ret_config);

#endif
