/* SPDX-License-Identifier: Apache-2.0 */
/* Each decision's reason in words, with the numbers that led to it. Nothing is decided here. */
#include "plan/pass.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

#define DURATION_SIZE 32

static const char *duration(int64_t ms, char buf[DURATION_SIZE])
{
	int64_t s = (ms + 999) / 1000;

	if (s < 120)
		text_format(buf, DURATION_SIZE, "%" PRId64 " s", s);
	else if (s < 7200)
		text_format(buf, DURATION_SIZE, "%" PRId64 " min", (s + 59) / 60);
	else
		text_format(buf, DURATION_SIZE, "%" PRId64 " h", (s + 3599) / 3600);
	return buf;
}

static const char *plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

static const char *config_name(const struct pass *pass, size_t config)
{
	return config == PLAN_NO_CONFIG ? "(deleted)" : pass->snapshot->configs[config].name;
}

static const struct plan_account *account_of(const struct pass *pass, size_t config)
{
	return &pass->snapshot->accounts[pass->snapshot->configs[config].account];
}

static void append(char *buf, size_t size, const char *text)
{
	size_t used = strlen(buf);

	text_copy(buf + used, size - used, text);
}

/* "3 of its 10 instances used", with what this plan adds. */
static const char *limit_text(const struct pass *pass, size_t config, char *buf, size_t size)
{
	const struct plan_account *account = account_of(pass, config);
	int64_t used = pass->instances[pass->snapshot->configs[config].account];

	if (account->max_instances < 0)
		text_format(buf, size, "%s has no limit", account->name);
	else
		text_format(buf, size, "%s then has %" PRId64 " of at most %" PRId64, account->name,
			    used, account->max_instances);
	return buf;
}

void reason_seat(const struct pass *pass, size_t session, struct plan_decision *decision)
{
	const struct plan_waiting *waiting = &pass->snapshot->queue[session];
	size_t slot = pass->seat_of[session];
	const struct plan_server *server = &pass->servers[slot];
	char waited[DURATION_SIZE];

	text_format(decision->reason, sizeof(decision->reason),
		    "%s waited %s and gets %s, now with %zu of %" PRId64 " session%s%s",
		    waiting->user, duration(pass->snapshot->now_ms - waiting->queued_ms, waited),
		    server->name, server->n_seats, server->max_sessions,
		    plural(server->max_sessions),
		    pass->slots[slot].tier == TIER_RUNNING_LEAVING
			    ? "; it is leaving, but nothing else is free"
			    : "");
}

static void paused_text(const struct pass *pass, const char *who, int64_t until_ms, const char *why,
			char *buf, size_t size)
{
	char left[DURATION_SIZE];

	if (until_ms == MS_NEVER)
		text_format(buf, size, "%s is paused until it is edited or checked well%s%s", who,
			    why[0] ? ": " : "", why);
	else
		text_format(buf, size, "%s is paused for %s%s%s", who,
			    duration(until_ms - pass->snapshot->now_ms, left),
			    why[0] ? " after " : "", why);
}

static void brake_text(const struct pass *pass, const struct plan_config *config, int64_t until_ms,
		       char *buf, size_t size)
{
	char left[DURATION_SIZE] = "";

	if (until_ms != MS_NEVER)
		duration(until_ms - pass->snapshot->now_ms, left);
	text_format(buf, size, "%s is held back%s%s: %s", config->name, left[0] ? " for " : "",
		    left, config->brake_reason);
}

/* Why the config makes nothing now; "" when nothing keeps it. */
static void blocked_text(const struct pass *pass, size_t config, char *buf, size_t size)
{
	const struct plan_snapshot *snapshot = pass->snapshot;
	const struct plan_config *own = &snapshot->configs[config];
	const struct plan_account *account = &snapshot->accounts[own->account];
	int64_t until_ms;

	buf[0] = '\0';
	switch (pass_held(snapshot, config, &until_ms)) {
	case HOLD_CONFIG_PAUSE:
		paused_text(pass, own->name, until_ms, own->pause_reason, buf, size);
		break;
	case HOLD_ACCOUNT_PAUSE:
		paused_text(pass, account->name, until_ms, account->pause_reason, buf, size);
		break;
	case HOLD_BRAKE: brake_text(pass, own, until_ms, buf, size); break;
	case HOLD_NONE:
		if (account->max_instances >= 0 &&
		    pass->instances[own->account] >= account->max_instances)
			text_format(buf, size, "%s is at its limit of %" PRId64, account->name,
				    account->max_instances);
		break;
	}
}

void reason_cancel(const struct pass *pass, size_t slot, struct plan_decision *decision)
{
	const struct plan_server *server = &pass->servers[slot];
	const struct pass_zone *zone = &pass->zones[pass->slots[slot].zone];
	char why[384] = "";

	if (pass->slots[slot].tier == TIER_STUCK) {
		if (pass_leaving(pass->snapshot, server->config))
			text_format(why, sizeof(why), "config %s is %s",
				    config_name(pass, server->config),
				    server->config == PLAN_NO_CONFIG ? "gone" : "disabled");
		else
			blocked_text(pass, server->config, why, sizeof(why));
		text_format(decision->reason, sizeof(decision->reason),
			    "%s is only planned, and %s; without it no session loses its seat and "
			    "no target its standby",
			    server->name, why);
		return;
	}
	if (pass_leaving(pass->snapshot, server->config) || !pass->slots[slot].counted) {
		text_format(decision->reason, sizeof(decision->reason),
			    "%s is only planned, and no session needs it any more", server->name);
		return;
	}
	text_format(decision->reason, sizeof(decision->reason),
		    "%s is only planned, and not needed: without it %" PRId64
		    " available, running and on the way, for a target of %" PRId64,
		    server->name, zone->spare, zone->target);
}

void reason_create_for_session(const struct pass *pass, size_t session,
			       struct plan_decision *decision)
{
	const struct plan_waiting *waiting = &pass->snapshot->queue[session];
	const char *config = config_name(pass, decision->config);
	const char *zone = pass->snapshot->configs[decision->config].zone_id;
	bool elsewhere = waiting->zone_id[0] && strcmp(waiting->zone_id, zone) != 0;
	char limit[160];

	text_format(
		decision->reason, sizeof(decision->reason),
		"no server running or on the way has a seat for the %s of %s, so %s makes one%s; "
		"%s",
		session_kind_name(waiting->kind), waiting->user, config,
		elsewhere ? " in another zone than asked for" : "",
		limit_text(pass, decision->config, limit, sizeof(limit)));
}

/* Those whose minimum is not filled by themselves, and why. */
static void stand_in_text(const struct pass *pass, size_t config, int64_t before, char *buf,
			  size_t size)
{
	buf[0] = '\0';
	for (size_t i = 0; i < pass->snapshot->n_configs; i++) {
		const struct plan_config *other = &pass->snapshot->configs[i];
		char why[384];

		if (i == config || !other->enabled || other->minimum_available <= before ||
		    pass->configs[i].zone != pass->configs[config].zone)
			continue;
		blocked_text(pass, i, why, sizeof(why));
		append(buf, size, buf[0] ? ", " : " for ");
		append(buf, size, other->name);
		if (why[0]) {
			append(buf, size, " (");
			append(buf, size, why);
			append(buf, size, ")");
		}
	}
}

void reason_create_standby(const struct pass *pass, int64_t before, struct plan_decision *decision)
{
	const struct plan_config *config = &pass->snapshot->configs[decision->config];
	int64_t target = pass->zones[pass->configs[decision->config].zone].target;
	char limit[160], others[256];

	limit_text(pass, decision->config, limit, sizeof(limit));
	if (before < config->minimum_available) {
		text_format(decision->reason, sizeof(decision->reason),
			    "%" PRId64 " available for a target of %" PRId64
			    ": %s makes one up to its own minimum of %" PRId64 "; %s",
			    before, target, config->name, config->minimum_available, limit);
		return;
	}
	stand_in_text(pass, decision->config, before, others, sizeof(others));
	text_format(decision->reason, sizeof(decision->reason),
		    "%" PRId64 " available for a target of %" PRId64
		    ": %s makes one beyond its own minimum of %" PRId64 ", standing in%s; %s",
		    before, target, config->name, config->minimum_available, others, limit);
}

/* What the configs that could serve the session are unable or not allowed to do. */
void reason_refuse(const struct pass *pass, size_t session, struct plan_decision *decision)
{
	const struct plan_waiting *waiting = &pass->snapshot->queue[session];
	char configs[320] = "";
	int64_t target = 0;

	if (pass->snapshot->on_no_room == NO_ROOM_REFUSE) {
		text_format(decision->reason, sizeof(decision->reason),
			    "no running server has a seat for the %s of %s, and pool %s refuses "
			    "instead of queueing (on_no_room: refuse)",
			    session_kind_name(waiting->kind), waiting->user,
			    pass->snapshot->pool_name);
		return;
	}
	for (size_t i = 0; i < pass->snapshot->n_configs; i++) {
		if (!scale_up_reaches(pass, i, session))
			continue;
		append(configs, sizeof(configs), configs[0] ? ", " : "");
		append(configs, sizeof(configs), pass->snapshot->configs[i].name);
		if (pass->zones[pass->configs[i].zone].target > target)
			target = pass->zones[pass->configs[i].zone].target;
	}
	if (configs[0])
		text_format(decision->reason, sizeof(decision->reason),
			    "no server has a seat for the %s of %s, and none will be made for it: "
			    "aggressive_scaling is off in %s, and the standby of %" PRId64
			    " is there",
			    session_kind_name(waiting->kind), waiting->user, configs, target);
	else
		text_format(
			decision->reason, sizeof(decision->reason),
			"no server has a seat for the %s of %s, and no enabled config of pool %s "
			"can make one: none serves this kind in the zone asked for",
			session_kind_name(waiting->kind), waiting->user, pass->snapshot->pool_name);
}

void reason_short(const struct pass *pass, const struct plan *plan, int64_t needed, int64_t spare,
		  struct plan_decision *decision)
{
	char *reason = decision->reason;
	size_t size = sizeof(decision->reason);
	const char *separator = "; ";

	text_format(reason, size,
		    "needs %" PRId64 " server%s more: %" PRId64
		    " session%s without a seat, %" PRId64 " available for a target of %" PRId64,
		    needed, plural(needed), plan->unseated, plural(plan->unseated), spare,
		    plan->target);
	for (size_t i = 0; i < pass->snapshot->n_configs; i++) {
		char why[384];

		if (!pass->snapshot->configs[i].enabled)
			continue;
		blocked_text(pass, i, why, sizeof(why));
		/* Configs of one account share its limit. */
		if (!why[0] || strstr(reason, why))
			continue;
		append(reason, size, separator);
		append(reason, size, why);
		separator = ", ";
	}
}

void reason_remove(const struct pass *pass, const struct surplus *surplus,
		   const struct plan_server *server, struct plan_decision *decision)
{
	const struct pass_zone *zone = &pass->zones[surplus->zone];
	char since[DURATION_SIZE], idle[DURATION_SIZE];
	int64_t now = pass->snapshot->now_ms;

	text_format(decision->reason, sizeof(decision->reason),
		    "%s is idle for %s%s; %" PRId64 " available on running servers for a target of "
		    "%" PRId64 ": %s has had at least %" PRId64
		    " server%s too many for %s, of which "
		    "%" PRId64 " go%s now",
		    server->name, duration(now - server->idle_since_ms, idle),
		    server->outdated ? " and outdated" : "", zone->running_spare, zone->target,
		    config_name(pass, server->config), surplus->floor, plural(surplus->floor),
		    duration(now - surplus->since_ms, since), surplus->going,
		    surplus->going == 1 ? "es" : "");
}

void reason_leave(const struct pass *pass, size_t zone, const struct plan_server *server,
		  struct plan_decision *decision)
{
	bool known = zone < pass->n_zones;

	text_format(decision->reason, sizeof(decision->reason),
		    "%s is idle, and its config %s is %s; without it %" PRId64
		    " available on running servers for a target of %" PRId64,
		    server->name, config_name(pass, server->config),
		    server->config == PLAN_NO_CONFIG ? "gone" : "disabled",
		    known ? pass->zones[zone].running_spare : 0,
		    known ? pass->zones[zone].target : 0);
}

void reason_surplus(const struct pass *pass, const struct surplus *surplus,
		    struct plan_decision *decision)
{
	const struct plan_config *config = &pass->snapshot->configs[decision->config];
	char left[DURATION_SIZE];

	if (surplus->since_ms == 0) {
		text_format(decision->reason, sizeof(decision->reason),
			    "%s has no server too many: its clock stops", config->name);
		return;
	}
	text_format(
		decision->reason, sizeof(decision->reason),
		"%s has %" PRId64 " idle server%s too many, at least %" PRId64
		" since its clock started; they go in %s",
		config->name, surplus->victims, plural(surplus->victims), surplus->floor,
		duration(surplus->since_ms + config->downscale_backoff_ms - pass->snapshot->now_ms,
			 left));
}
