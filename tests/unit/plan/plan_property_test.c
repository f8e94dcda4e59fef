/* SPDX-License-Identifier: Apache-2.0 */
/* The planner's invariants, on generated pools whose life is random: each seed makes a pool, then
 * sessions come and go, servers get ready or fail, configs pause, are disabled and edited, time
 * passes; after each event the pool is planned and every invariant is checked.
 *
 * SEEDS=n runs n seeds (default 1000); SEED=n runs that one only. */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "invariants.h"

#define STEPS 24
#define MINUTE (60 * MS_PER_S)

/* xorshift64*: small, and the same everywhere. */
struct dice {
	uint64_t state;
};

static uint64_t roll(struct dice *dice, uint64_t sides)
{
	dice->state ^= dice->state >> 12;
	dice->state ^= dice->state << 25;
	dice->state ^= dice->state >> 27;
	return (dice->state * UINT64_C(2685821657736338717) >> 33) % sides;
}

static bool chance(struct dice *dice, unsigned percent)
{
	return roll(dice, 100) < percent;
}

static uint64_t seed_now;

/* Rare cases that were met once: always run. */
static const uint64_t known[] = {2630, 3161, 31379, 37583};

static const char *const users[] = {"ana", "bob", "cleo", "dan", "eva", "fay", "gus", "hal"};

static void generate_config(struct model *model, struct dice *dice, bool zones, bool mixed)
{
	char name[16];
	struct plan_config *config;
	size_t account = roll(dice, model->n_accounts);

	text_format(name, sizeof(name), "c%zu", model->n_configs);
	config = model_add_config(model, name, zones && chance(dice, 50) ? "z2" : "z1", account);
	config->priority = (int64_t)roll(dice, 3);
	config->stand_in = chance(dice, 70);
	config->aggressive_scaling = chance(dice, 70);
	config->aggressive_pooling = chance(dice, 70);
	config->minimum_available = (int64_t)roll(dice, 7);
	config->connection_type = mixed && chance(dice, 50) ? CONNECTION_RDP : CONNECTION_SSH;
	config->max_sessions = 1 + (int64_t)roll(dice, 4);
	config->max_users = 1 + (int64_t)roll(dice, 4);
	config->reusable = chance(dice, 60);
	config->downscale_backoff_ms = chance(dice, 30) ? 0 : (int64_t)roll(dice, 30) * MINUTE;
	config->downscale_step = (int64_t)roll(dice, 4);
}

/* A third of the pools has one zone and one kind, a third two zones, a third all. */
static void generate(struct model *model, struct dice *dice)
{
	size_t n_accounts = 1 + roll(dice, 2), n_configs = 1 + roll(dice, 4);
	bool zones = seed_now % 3 != 0, mixed = seed_now % 3 == 2;

	model->strategy = chance(dice, 50) ? STRATEGY_SPREAD : STRATEGY_PACK;
	model->on_no_room = chance(dice, 15) ? NO_ROOM_REFUSE : NO_ROOM_QUEUE;
	for (size_t i = 0; i < n_accounts; i++) {
		char name[16];

		text_format(name, sizeof(name), "account%zu", i);
		model_add_account(model, name, chance(dice, 30) ? -1 : (int64_t)roll(dice, 14));
	}
	for (size_t i = 0; i < n_configs; i++)
		generate_config(model, dice, zones, mixed);
}

/* ---- What happens to the pool ---- */

static void someone_asks(struct model *model, struct dice *dice)
{
	static const char *const zones[] = {"", "z1", "z2"};
	struct plan_waiting *waiting;
	const char *zone = seed_now % 3 == 0 ? zones[roll(dice, 2)] : zones[roll(dice, 3)];

	waiting = model_add_waiting(model, users[roll(dice, 8)], SESSION_DESKTOP, zone);
	waiting->search_alternate = chance(dice, 60);
	if (seed_now % 3 == 2 && chance(dice, 40))
		waiting->kind = SESSION_REMOTEAPP;
}

static void server_event(struct model *model, struct dice *dice)
{
	struct model_server *server = &model->servers[roll(dice, model->n_servers)];

	if (server->row.state == SERVER_DRAINING) {
		model_remove_server(model, server);
	} else if (server_on_the_way(server->row.state)) {
		if (chance(dice, 10)) {
			model_remove_server(model, server);
		} else if (chance(dice, 30)) {
			server->row.state += 10;
			if (server->row.state == SERVER_RUNNING)
				model_make_ready(model, server);
		} else {
			model_make_ready(model, server);
		}
	} else if (server->n_sessions > 0 && chance(dice, 70)) {
		model_end_session(model, server);
	} else if (chance(dice, 10)) {
		model_remove_server(model, server);
	} else if (chance(dice, 10)) {
		server->row.enabled = !server->row.enabled;
	} else if (chance(dice, 10)) {
		server->row.outdated = true;
	}
}

static void config_event(struct model *model, struct dice *dice)
{
	struct plan_config *config = &model->configs[roll(dice, model->n_configs)];
	struct plan_account *account = &model->accounts[config->account];

	switch (roll(dice, 6)) {
	case 0:
		config->paused_until_ms = model->now_ms + (int64_t)roll(dice, 20) * MINUTE;
		text_copy(config->pause_reason, sizeof(config->pause_reason), "a broken image");
		break;
	case 1:
		account->paused_until_ms = model->now_ms + (int64_t)roll(dice, 20) * MINUTE;
		text_copy(account->pause_reason, sizeof(account->pause_reason), "no quota");
		break;
	case 2: config->enabled = !config->enabled; break;
	case 3: config->minimum_available = (int64_t)roll(dice, 9); break;
	case 4: account->max_instances = (int64_t)roll(dice, 14); break;
	default: config->paused_until_ms = account->paused_until_ms = 0; break;
	}
}

/* The config is deleted: its servers stay without one. */
static void orphan(struct model *model, struct dice *dice)
{
	struct model_server *server = &model->servers[roll(dice, model->n_servers)];

	if (server->row.config == PLAN_NO_CONFIG)
		return;
	model->accounts[model->configs[server->row.config].account].instances--;
	model->configs[server->row.config].servers--;
	server->row.config = PLAN_NO_CONFIG;
}

static void event(struct model *model, struct dice *dice)
{
	uint64_t kind = roll(dice, 100);

	if (kind < 35)
		for (uint64_t n = 1 + roll(dice, 4); n > 0; n--)
			someone_asks(model, dice);
	else if (kind < 75 && model->n_servers > 0)
		for (uint64_t n = 1 + roll(dice, 4); n > 0 && model->n_servers > 0; n--)
			server_event(model, dice);
	else if (kind < 83)
		config_event(model, dice);
	else if (kind < 85 && model->n_servers > 0)
		orphan(model, dice);
	else if (kind < 88 && model->n_queue > 0)
		model_remove_waiting(model, roll(dice, model->n_queue));
	model->now_ms += (int64_t)roll(dice, chance(dice, 30) ? 30 : 2) * MINUTE + 1;
}

static void run_seed(uint64_t seed)
{
	struct dice dice = {.state = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15)};
	struct model model;

	seed_now = seed;
	model_open(&model, 300);
	generate(&model, &dice);
	for (unsigned step = 0; step < STEPS; step++) {
		invariants_at(seed, step);
		plan_and_check(&model);
		event(&model, &dice);
	}
	invariants_at(seed, STEPS);
	check_rest(&model);
	model_close(&model);
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	int64_t value;

	if (!text || !text[0])
		return otherwise;
	ck_assert_msg(text_to_int64(text, 0, INT64_MAX, &value) == 0, "%s is no number: %s", name,
		      text);
	return (uint64_t)value;
}

START_TEST(invariants_hold)
{
	uint64_t only = number_of("SEED", UINT64_MAX), n = number_of("SEEDS", 1000);

	if (only != UINT64_MAX)
		run_seed(only);
	for (size_t i = 0; only == UINT64_MAX && i < sizeof(known) / sizeof(known[0]); i++)
		run_seed(known[i]);
	for (uint64_t seed = 0; only == UINT64_MAX && seed < n; seed++)
		run_seed(seed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("plan, generated");
	TCase *cases = tcase_create("invariants");
	SRunner *runner;
	int failed;

	tcase_set_timeout(cases, 600);
	tcase_add_test(cases, invariants_hold);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
