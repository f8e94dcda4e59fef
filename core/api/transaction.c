/* SPDX-License-Identifier: Apache-2.0 */
/* Hands transactions to the store while the connection is suspended. A handler never waits. */
#include <stdlib.h>
#include <string.h>

#include "api/exchange.h"
#include "base/clock.h"
#include "base/text.h"
#include "store/operation_rows.h"

/* Every run begins with the same seed and nothing from a run before. */
static int run_again(struct tx *tx, void *arg, struct hr_error *err)
{
	struct exchange *exchange = arg;

	json_decref(exchange->result);
	exchange->result = NULL;
	exchange->n_notices = 0;
	exchange->status = 0;
	exchange->etag[0] = '\0';
	exchange->location[0] = '\0';
	exchange->context.ids = exchange->seed;
	event_because_of_request(tx, exchange->request_id);
	return exchange->run(tx, exchange, err);
}

/* The engine moves all times with a clock that was set, and then wall time follows (engine/jumps.c): what has
 * the new time is handed over after that. What took the old time here, and is overtaken by both before it is
 * handed over some lines below, keeps it: as if it had been asked that much earlier (set forward) or later (set
 * back). It is left so, as it is a matter of microseconds and nothing is lost by it: a session that is past its
 * time at once is over, with an event that says why; a check-in counts as old until the next one, which
 * comes before a server is failed for it; a destroy that is due only later goes when it is ordered again. */
static void prepare(struct exchange *exchange, exchange_run run)
{
	exchange->run = run;
	exchange->context.now_ms = clock_now().wall_ms;
}

int exchange_read(struct exchange *exchange, exchange_run run, struct hr_error *err)
{
	prepare(exchange, run);
	return store_read(exchange->api->options.store, run_again, exchange, err);
}

static void tell_engine(struct exchange *exchange)
{
	struct engine *engine = exchange->api->options.engine;

	for (size_t i = 0; engine && i < exchange->n_notices; i++) {
		const struct notice *notice = &exchange->notices[i];

		if (notice->kind == NOTICE_POOL)
			engine_pool_changed(engine, notice->id);
		else if (notice->kind == NOTICE_DOCUMENT)
			engine_document_changed(engine, notice->document, notice->id);
		else
			engine_operations_due(engine);
	}
}

/* On the store's thread. The client may be gone by now; the engine is told all the same. */
static void committed(void *arg, const struct hr_error *err)
{
	struct exchange *exchange = arg;

	if (err)
		exchange->error = *err;
	else
		tell_engine(exchange);
	exchange_resume(exchange);
}

int exchange_write(struct exchange *exchange, exchange_run run, struct hr_error *err)
{
	prepare(exchange, run);
	/* Only what writes makes ids. */
	if (id_source_init(&exchange->seed, random_system, NULL) != 0)
		return error_set(err, HR_INTERNAL, "the system gives no random numbers");
	if (exchange_suspend(exchange, err) != 0)
		return -1;
	if (store_submit(exchange->api->options.store, run_again, exchange, committed) != 0) {
		error_set(
			&exchange->error, HR_TRANSIENT,
			"the daemon takes no changes now: it is stopping, or out of memory; try again");
		exchange_resume(exchange);
	}
	return EXCHANGE_HANDED_OVER;
}

/* Suspended first, handed over after that: the other thread may be quicker than we are, and a
 * connection that was resumed before it was suspended would sleep for ever. */
int exchange_suspend(struct exchange *exchange, struct hr_error *err)
{
	if (!api_wait_begin(exchange->api))
		return error_set(err, HR_TRANSIENT,
				 "the daemon is stopping; try again when it runs");
	exchange->stage = EXCHANGE_WAITING;
	if (exchange->peer)
		peers_stop_clock(exchange->listener->peers, exchange->peer);
	MHD_suspend_connection(exchange->connection);
	return 0;
}

void exchange_resume(struct exchange *exchange)
{
	struct api *api = exchange->api;

	exchange->stage = EXCHANGE_BACK;
	MHD_resume_connection(exchange->connection);
	/* From here on the exchange is the HTTP server's again. */
	api_wait_end(api);
}

int exchange_notice(struct exchange *exchange, enum notice_kind kind, enum document_kind document,
		    const char *id, struct hr_error *err)
{
	struct notice *grown =
		realloc(exchange->notices, (exchange->n_notices + 1) * sizeof(*exchange->notices));

	if (!grown)
		return error_no_memory(err, "noting what changed");
	exchange->notices = grown;
	grown += exchange->n_notices++;
	memset(grown, 0, sizeof(*grown));
	grown->kind = kind;
	grown->document = document;
	text_copy(grown->id, sizeof(grown->id), id);
	return 0;
}

int exchange_answer(struct exchange *exchange, json_t *json, struct hr_error *err)
{
	if (!json)
		return error_no_memory(err, "answering");
	json_decref(exchange->result);
	exchange->result = json;
	return 0;
}
