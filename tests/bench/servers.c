/* SPDX-License-Identifier: Apache-2.0 */
/* The store of a daemon that is not running, by the store's own functions:
 *   bench-servers fill STATE-DIR MASTER-KEY CONFIG NUMBER  until the autoscale config has so many running
 * servers, each idle
 *   bench-servers plan STATE-DIR MASTER-KEY CONFIG RUNS    how long the plan of its pool takes, from the
 * store to the decisions: the median, in ms */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "engine/snapshot.h"
#include "measure.h"
#include "store/document_rows.h"
#include "store/server_rows.h"

#define AT_ONCE 2000
#define RUNS_MAX 10000

struct work {
	struct document document;
	struct autoscale_config config; /* borrows from document */
	int64_t provider_revision;
	int64_t present;
	long wanted;
	double plan_ms;
};

static void do_write(struct store *store, store_fn fn, struct work *work)
{
	struct hr_error err = {0};

	if (store_write(store, fn, work, &err) != 0)
		measure_fail("%s", err.message);
}

static int count_present(struct tx *tx, struct work *work, struct hr_error *err)
{
	struct cohort *cohorts;
	size_t n;

	if (cohort_list(tx, work->config.pool_id, &cohorts, &n, err) != 0)
		return -1;
	work->present = 0;
	for (size_t i = 0; i < n; i++)
		work->present += cohorts[i].count;
	free(cohorts);
	return 0;
}

static int load(struct tx *tx, struct work *work, const char *name, struct hr_error *err)
{
	struct document provider = {0};

	if (document_get_by_name(tx, DOCUMENT_AUTOSCALE_CONFIG, name, &work->document, err) != 0)
		return -1;
	autoscale_config_read(&work->document, &work->config);
	if (document_get(tx, DOCUMENT_PROVIDER_CONFIG, work->config.provider_config_id, &provider,
			 err) != 0)
		return -1;
	work->provider_revision = provider.revision;
	document_clear(&provider);
	return count_present(tx, work, err);
}

static const char *config_name;

static int run_load(struct tx *tx, void *arg, struct hr_error *err)
{
	return load(tx, arg, config_name, err);
}

static void new_server(const struct work *work, int64_t number, int64_t now_ms, struct server *ret)
{
	*ret = (struct server){.config_revision = work->config.revision,
			       .provider_revision = work->provider_revision,
			       .state = SERVER_RUNNING,
			       .state_since_ms = now_ms,
			       .created_ms = now_ms - 60 * MS_PER_S,
			       .ready_ms = now_ms,
			       .idle_since_ms = now_ms,
			       .deadline_ms = MS_NEVER,
			       .provision_deadline_ms = MS_NEVER,
			       .listen_ms = MS_NEVER,
			       .enabled = true,
			       .ever_created = true,
			       .settings = work->config.server,
			       .percent = -1};
	text_format(ret->id, sizeof(ret->id), "00000000-0000-4000-8000-%012lld", (long long)number);
	text_copy(ret->idempotency_token, sizeof(ret->idempotency_token), ret->id);
	text_format(ret->name, sizeof(ret->name), "%s-%lld", work->config.name, (long long)number);
	text_format(ret->instance_id, sizeof(ret->instance_id), "i-%lld", (long long)number);
	text_format(ret->address, sizeof(ret->address), "10.%d.%d.%d", (int)(number >> 16 & 255),
		    (int)(number >> 8 & 255), (int)(number & 255));
	text_copy(ret->pool_id, sizeof(ret->pool_id), work->config.pool_id);
	text_copy(ret->zone_id, sizeof(ret->zone_id), work->config.zone_id);
	text_copy(ret->config_id, sizeof(ret->config_id), work->config.id);
	text_copy(ret->provider_config_id, sizeof(ret->provider_config_id),
		  work->config.provider_config_id);
}

static int run_fill(struct tx *tx, void *arg, struct hr_error *err)
{
	struct work *work = arg;
	int64_t now_ms = clock_now().wall_ms;

	if (count_present(tx, work, err) != 0)
		return -1;
	for (long i = 0; i < AT_ONCE && work->present < work->wanted; i++) {
		struct server server;

		new_server(work, ++work->present, now_ms, &server);
		if (server_insert(tx, &server, -1, err) != 0)
			return -1;
	}
	return 0;
}

/* As the engine does it, in a transaction; nothing is decided that is written. */
static int run_plan(struct tx *tx, void *arg, struct hr_error *err)
{
	struct work *work = arg;
	struct snapshot snapshot = {0};
	struct plan made = {0};
	int64_t begun_ns = measure_now_ns();
	int rc = snapshot_load(tx, work->config.pool_id, clock_now().wall_ms, &snapshot, err);

	if (rc == 0)
		rc = plan(&snapshot.plan, &made, err);
	plan_clear(&made);
	snapshot_clear(&snapshot);
	work->plan_ms = (double)(measure_now_ns() - begun_ns) / 1e6;
	return rc;
}

static void tell_plan(struct store *store, struct work *work)
{
	static double times[RUNS_MAX];
	size_t n = (size_t)work->wanted < RUNS_MAX ? (size_t)work->wanted : RUNS_MAX;

	for (size_t i = 0; i < n; i++) {
		do_write(store, run_plan, work);
		times[i] = work->plan_ms;
	}
	measure_tell("plan_ms", measure_percentile(times, n, 0.5));
}

int main(int argc, char **argv)
{
	struct work work = {0};
	struct store_options options = {.no_sync = true};
	struct hr_error err = {0};
	struct store *store;

	if (argc != 6)
		measure_fail("bench-servers fill|plan STATE-DIR MASTER-KEY CONFIG NUMBER");
	options.directory = argv[2];
	options.master_key = argv[3];
	config_name = argv[4];
	work.wanted = measure_count(argv[5]);
	if (store_open(&options, &store, &err) != 0)
		measure_fail("%s", err.message);
	do_write(store, run_load, &work);
	if (strcmp(argv[1], "plan") == 0)
		tell_plan(store, &work);
	else
		while (work.present < work.wanted)
			do_write(store, run_fill, &work);
	document_clear(&work.document);
	store_close(store);
	return 0;
}
