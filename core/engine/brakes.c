/* SPDX-License-Identifier: Apache-2.0 */
/* Brakes: counted from operation rows, so that no restart forgets them. */
#include "engine/brakes.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "model/pool.h"
#include "store/document_rows.h"
#include "store/operation_rows.h"
#include "store/server_rows.h"

#define PER_HOUR_UNLIMITED 600
#define PER_HOUR_LEAST 60
#define PER_HOUR_FACTOR 10

static int64_t per_hour(int64_t own, int64_t max_instances)
{
	int64_t most;

	if (own > 0)
		return own;
	if (max_instances < 0)
		return PER_HOUR_UNLIMITED;
	if (__builtin_mul_overflow(max_instances, PER_HOUR_FACTOR, &most))
		return INT64_MAX;
	return most < PER_HOUR_LEAST ? PER_HOUR_LEAST : most;
}

void brake_limits_of(const struct autoscale_config *config, int64_t max_instances,
		     struct brake_limits *ret_limits)
{
	text_copy(ret_limits->config_id, sizeof(ret_limits->config_id), config->id);
	ret_limits->creates_per_hour = per_hour(config->creates_per_hour, max_instances);
	ret_limits->destroys_per_hour = per_hour(config->destroys_per_hour, max_instances);
	ret_limits->failure_budget = config->failure_budget;
}

int brake_limits_load(struct tx *tx, const char *config_id, struct brake_limits *ret_limits,
		      bool *ret_found, struct hr_error *err)
{
	struct document document = {0}, account = {0};
	struct autoscale_config config;
	struct provider_config provider;
	struct hr_error why = {0};

	*ret_found = document_get(tx, DOCUMENT_AUTOSCALE_CONFIG, config_id, &document, &why) == 0;
	if (!*ret_found) {
		if (why.class == HR_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	autoscale_config_read(&document, &config);
	if (document_get(tx, DOCUMENT_PROVIDER_CONFIG, config.provider_config_id, &account, err) <
	    0) {
		document_clear(&document);
		return -1;
	}
	provider_config_read(&account, &provider);
	brake_limits_of(&config, provider.max_instances, ret_limits);
	document_clear(&account);
	document_clear(&document);
	return 0;
}

static int look_hourly(struct tx *tx, int64_t now_ms, const struct brake_limits *limits,
		       enum operation_kind kind, struct brake *ret, struct hr_error *err)
{
	bool creates = kind == OPERATION_CREATE;
	int64_t most = creates ? limits->creates_per_hour : limits->destroys_per_hour;
	int64_t oldest_ms;

	/* What a clock that was wrong has left in the future does not count. */
	if (operation_nth_started(tx, limits->config_id, kind, now_ms - BRAKES_COUNTED_MS, now_ms,
				  most, &oldest_ms, err) < 0)
		return -1;
	if (oldest_ms == 0)
		return 0;
	ret->until_ms = oldest_ms + BRAKES_COUNTED_MS;
	text_format(ret->reason, sizeof(ret->reason), "its %s of %" PRId64 " is used up",
		    creates ? "creates_per_hour" : "destroys_per_hour", most);
	return 0;
}

/* Sent to the provider, and not ready yet. */
static int find_probe(struct tx *tx, const char *config_id, struct server *ret_server,
		      bool *ret_found, struct hr_error *err)
{
	struct server_query query = {
		.config_id = config_id,
		.states = SERVER_STATE_BIT(SERVER_CREATING) | SERVER_STATE_BIT(SERVER_BOOTING) |
			  SERVER_STATE_BIT(SERVER_INJECTING) | SERVER_STATE_BIT(SERVER_CHECKING_IN),
		.limit = 1};
	struct server *servers;
	size_t n;

	if (server_list(tx, &query, &servers, &n, err) < 0)
		return -1;
	*ret_found = n > 0;
	if (n > 0)
		*ret_server = servers[0];
	free(servers);
	return 0;
}

static int look_failures(struct tx *tx, const struct brake_limits *limits, struct brake *ret,
			 struct hr_error *err)
{
	struct config_state state;
	struct server probe;
	bool found;

	if (config_state_get(tx, limits->config_id, &state, err) < 0)
		return -1;
	if (state.failures < limits->failure_budget)
		return 0;
	if (find_probe(tx, limits->config_id, &probe, &found, err) < 0)
		return -1;
	if (!found)
		return 0;
	ret->until_ms = MS_NEVER;
	text_format(ret->reason, sizeof(ret->reason),
		    "%" PRId64
		    " of its servers in a row did not become ready (failure_budget %" PRId64
		    "), so one at a time is tried, now %s",
		    state.failures, limits->failure_budget, probe.name);
	return 0;
}

int brake_look(struct tx *tx, int64_t now_ms, const struct brake_limits *limits,
	       enum operation_kind kind, struct brake *ret_brake, struct hr_error *err)
{
	*ret_brake = (struct brake){0};
	if (look_hourly(tx, now_ms, limits, kind, ret_brake, err) < 0)
		return -1;
	if (kind != OPERATION_CREATE || ret_brake->until_ms != 0)
		return 0;
	return look_failures(tx, limits, ret_brake, err);
}

void brake_of_stops(unsigned stops, const struct engine_options *options, enum operation_kind kind,
		    bool first, struct brake *ret_brake)
{
	const char *what = NULL, *file = NULL;

	*ret_brake = (struct brake){0};
	if (stops & ENGINE_STOP_CHANGES) {
		what = "all changes at providers are stopped";
		file = options->stop_changes_file;
	} else if ((stops & ENGINE_STOP_CREATES) && kind == OPERATION_CREATE && first) {
		what = "new servers are stopped";
		file = options->stop_creates_file;
	}
	if (!what)
		return;
	ret_brake->until_ms = MS_NEVER;
	text_format(ret_brake->reason, sizeof(ret_brake->reason), "%s%s%.140s%s", what,
		    file ? " while there is a file " : "", file ? file : "",
		    file ? ", or while it cannot be looked for" : "");
}
