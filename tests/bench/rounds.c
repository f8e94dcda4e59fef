/* SPDX-License-Identifier: Apache-2.0 */
/* bench-rounds DIRECTORY SERVERS SLOW QUIET: the engine probes so many running servers in rounds, in virtual
 * time. A probe takes 20 ms; SLOW in 1,000 servers do not answer, which is known after 5 s; QUIET in 1,000 are
 * not asked, since they have a heartbeat. Of the third round: how long it takes, in ms of virtual time, and in
 * ms of this processor; and how many transactions. The state is made in DIRECTORY, which must not be there. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mailbox.h"
#include "base/text.h"
#include "engine/engine.h"
#include "measure.h"
#include "model/autoscale_config.h"
#include "store/document_rows.h"
#include "store/server_rows.h"

#define BEGUN_MS INT64_C(1800000000000)
#define ANSWER_MS 20
#define MUTE_MS 5000
#define IN_FLIGHT_MAX 64
#define AT_ONCE 1000
#define ROUNDS 3

struct asked {
	int64_t due_ms;
	struct dispatch_answer *answer;
};

static struct store *store;
static struct mailbox *answers;
static bool woken;
static int64_t mono_ms, last_ms; /* last_ms: when a probe was answered last */
static int64_t first_ms = -1;
static struct asked asked[IN_FLIGHT_MAX];
static size_t n_asked;
static long slow, quiet, n_probes;

/* ---- A dispatcher ---- */

static void wake(void *context)
{
	(void)context;
	woken = true;
}

static int draw(void *context, void *buf, size_t len)
{
	static uint64_t drawn;

	(void)context;
	for (size_t i = 0; i < len; i++)
		((unsigned char *)buf)[i] =
			(unsigned char)((++drawn * UINT64_C(0x9e3779b97f4a7c15)) >> 40);
	return 0;
}

/* By the number at the end of its id. */
static bool is_slow(const char *server_id)
{
	return strtol(server_id + ID_SIZE - 9, NULL, 10) * 7919 % 1000 < slow;
}

static int submit(struct dispatcher *self, const struct dispatch_request *request,
		  struct hr_error *err)
{
	struct dispatch_answer *answer;

	(void)self;
	(void)err;
	/* Never answered: what becomes of it is no part of a round. */
	if (request->kind == DISPATCH_LIST)
		return 0;
	answer = calloc(1, sizeof(*answer));
	if (!answer || n_asked == IN_FLIGHT_MAX)
		measure_fail("too many questions");
	answer->kind = request->kind;
	answer->ticket = request->ticket;
	text_copy(answer->account, sizeof(answer->account), request->account);
	text_copy(answer->server_id, sizeof(answer->server_id), request->step.server_id);
	if (request->kind != DISPATCH_PROBE) {
		mailbox_push(answers, &answer->mail);
		return 0;
	}
	if (first_ms < 0)
		first_ms = mono_ms;
	n_probes++;
	if (is_slow(request->step.server_id))
		answer->result = HR_NOT_FOUND;
	asked[n_asked].due_ms = mono_ms + (answer->result == HR_OK ? ANSWER_MS : MUTE_MS);
	asked[n_asked++].answer = answer;
	return 0;
}

static int64_t next_answer(void)
{
	int64_t due_ms = MS_NEVER;

	for (size_t i = 0; i < n_asked; i++)
		if (asked[i].due_ms < due_ms)
			due_ms = asked[i].due_ms;
	return due_ms;
}

static void answer_due(void)
{
	for (size_t i = 0; i < n_asked;) {
		if (asked[i].due_ms > mono_ms) {
			i++;
			continue;
		}
		last_ms = mono_ms;
		mailbox_push(answers, &asked[i].answer->mail);
		asked[i] = asked[--n_asked];
	}
}

/* ---- Rows ---- */

static struct document put(struct tx *tx, enum document_kind kind, int number, const char *name,
			   json_t *body)
{
	struct document document = {.kind = kind, .created_ms = BEGUN_MS, .changed_ms = BEGUN_MS};
	struct hr_error err = {0};

	text_format(document.id, sizeof(document.id), "00000000-0000-4000-9000-%012d", number);
	text_copy(document.name, sizeof(document.name), name);
	if (!body || json_object_set_new(body, "name", json_string(name)) < 0 ||
	    document_normalize(kind, body, 0, &document.body, &err) < 0 ||
	    document_put(tx, &document, NULL, &err) < 0)
		measure_fail("%s: %s", name, err.message);
	json_decref(body);
	return document;
}

struct filling {
	struct autoscale_config config; /* borrows from document */
	struct document document;
	long first, wanted;
};

static int put_documents(struct tx *tx, void *arg, struct hr_error *err)
{
	struct filling *filling = arg;
	struct document zone = put(tx, DOCUMENT_ZONE, 1, "here", json_object());
	struct document account =
		put(tx, DOCUMENT_PROVIDER_CONFIG, 2, "acct", json_pack("{ss}", "provider", "sim"));
	struct document pool = put(tx, DOCUMENT_POOL, 3, "demo", json_object());

	(void)err;
	filling->document =
		put(tx, DOCUMENT_AUTOSCALE_CONFIG, 4, "demo-a",
		    json_pack("{ss ss ss ss si si}", "pool", pool.id, "zone", zone.id,
			      "provider_config", account.id, "connection_type", "SSH",
			      "minimum_available_sessions", 0, "downscale_backoff", 86400));
	autoscale_config_read(&filling->document, &filling->config);
	document_clear(&zone);
	document_clear(&account);
	document_clear(&pool);
	return 0;
}

static int put_servers(struct tx *tx, void *arg, struct hr_error *err)
{
	struct filling *filling = arg;
	const struct autoscale_config *config = &filling->config;

	for (long i = 0; i < AT_ONCE && filling->first < filling->wanted; i++) {
		long number = ++filling->first;
		struct server server = {.config_revision = config->revision,
					.provider_revision = 1,
					.state = SERVER_RUNNING,
					.state_since_ms = BEGUN_MS,
					.created_ms = BEGUN_MS,
					.ready_ms = BEGUN_MS,
					.idle_since_ms = BEGUN_MS,
					.deadline_ms = MS_NEVER,
					.provision_deadline_ms = MS_NEVER,
					.listen_ms = MS_NEVER,
					.enabled = true,
					.ever_created = true,
					.settings = config->server,
					.percent = -1};

		server.settings.heartbeat = number * 104729 % 1000 < quiet;
		text_format(server.id, sizeof(server.id), "00000000-0000-4000-8000-%012ld", number);
		text_copy(server.idempotency_token, sizeof(server.idempotency_token), server.id);
		text_format(server.name, sizeof(server.name), "demo-a-%ld", number);
		text_format(server.instance_id, sizeof(server.instance_id), "i-%ld", number);
		text_copy(server.address, sizeof(server.address), "10.0.0.1");
		text_copy(server.pool_id, sizeof(server.pool_id), config->pool_id);
		text_copy(server.zone_id, sizeof(server.zone_id), config->zone_id);
		text_copy(server.config_id, sizeof(server.config_id), config->id);
		text_copy(server.provider_config_id, sizeof(server.provider_config_id),
			  config->provider_config_id);
		if (server_insert(tx, &server, -1, err) < 0)
			return -1;
	}
	return 0;
}

static void fill(const char *directory, long wanted)
{
	char key[512];
	struct store_options options = {.directory = directory, .master_key = key, .no_sync = true};
	struct filling filling = {.wanted = wanted};
	struct hr_error err = {0};

	text_format(key, sizeof(key), "%s.key", directory);
	if (store_open(&options, &store, &err) < 0 ||
	    store_write(store, put_documents, &filling, &err) < 0)
		measure_fail("%s", err.message);
	while (filling.first < filling.wanted)
		if (store_write(store, put_servers, &filling, &err) < 0)
			measure_fail("%s", err.message);
	document_clear(&filling.document);
}

/* ---- Rounds ---- */

static double cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Until so many were asked and answered. */
static void run_until(struct engine *engine, long probes)
{
	while (n_probes < probes || n_asked > 0) {
		int64_t due_ms, next_ms = MS_NEVER;

		woken = true;
		while (woken || store_run(store) > 0) {
			woken = false;
			next_ms = engine_step(engine, (struct moment){.wall_ms = BEGUN_MS + mono_ms,
								      .mono_ms = mono_ms});
		}
		due_ms = next_answer();
		if (next_ms < due_ms)
			due_ms = next_ms;
		if (due_ms == MS_NEVER)
			measure_fail("nothing is due");
		if (due_ms > mono_ms)
			mono_ms = due_ms;
		answer_due();
	}
}

int main(int argc, char **argv)
{
	static const struct dispatcher_operations operations = {.submit = submit};
	struct dispatcher dispatcher = {.operations = &operations};
	struct engine_options options = {.dispatcher = &dispatcher,
					 .prober = &dispatcher,
					 .wake = wake,
					 .random = draw,
					 .own_address = "127.0.0.1:8080",
					 .own_scheme = "http",
					 .safety_pass_ms = 36000000,
					 .dry_run = true};
	struct store_figures before, after;
	struct hr_error err = {0};
	struct engine *engine;
	long servers, probed = 0;
	double began;

	if (argc != 5)
		measure_fail("bench-rounds DIRECTORY SERVERS SLOW QUIET");
	servers = measure_count(argv[2]);
	slow = strtol(argv[3], NULL, 10);
	quiet = strtol(argv[4], NULL, 10);
	for (long number = 1; number <= servers; number++)
		probed += number * 104729 % 1000 >= quiet;
	fill(argv[1], servers);
	answers = mailbox_new(wake, NULL);
	options.store = store;
	options.answers = answers;
	if (!answers || engine_new(&options, &engine, &err) < 0)
		measure_fail("no engine: %s", err.message);
	run_until(engine, (ROUNDS - 1) * probed);
	first_ms = -1;
	store_figures(store, &before);
	began = cpu_ms();
	run_until(engine, ROUNDS * probed);
	store_figures(store, &after);
	measure_tell("round_ms", (double)(last_ms - first_ms));
	measure_tell("round_cpu_ms", cpu_ms() - began);
	measure_tell("round_transactions", (double)(after.transactions - before.transactions));
	store_close(store);
	engine_free(engine);
	mailbox_free(answers);
	return 0;
}
