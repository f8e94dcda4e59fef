/* SPDX-License-Identifier: Apache-2.0 */
/* Figures in Prometheus' text format. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/metrics_modules.h"
#include "api/pool_status.h"
#include "api/server.h"
#include "api/streams.h"
#include "base/clock.h"
#include "store/document_rows.h"
#include "store/server_rows.h"
#include "store/session_rows.h"

#define PAGE 100

void metrics_label(FILE *out, const char *value)
{
	for (const char *c = value; *c != '\0'; c++) {
		if (*c == '\n')
			fputs("\\n", out);
		else if (*c == '"' || *c == '\\')
			fprintf(out, "\\%c", *c);
		else
			fputc(*c, out);
	}
}

void metrics_head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP headroom_%s %s\n# TYPE headroom_%s %s\n", name, help, name, type);
}

static void one(FILE *out, const char *name, const char *type, const char *help, uint64_t value)
{
	metrics_head(out, name, type, help);
	fprintf(out, "headroom_%s %llu\n", name, (unsigned long long)value);
}

/* "headroom_<name>{<label>="<value>", and what follows is the caller's. */
static void begin_sample(FILE *out, const char *name, const char *label, const char *value)
{
	fprintf(out, "headroom_%s{%s=\"", name, label);
	metrics_label(out, value);
	fputc('"', out);
}

static int pool_servers(struct tx *tx, const struct document *pool, FILE *out, struct hr_error *err)
{
	int64_t counts[16] = {0};
	struct cohort *cohorts = NULL;
	size_t n = 0;

	if (cohort_list(tx, pool->id, &cohorts, &n, err) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		counts[(cohorts[i].state / 10) % 16] += cohorts[i].count;
	for (int state = SERVER_PLANNED; state < SERVER_GONE; state += 10) {
		begin_sample(out, "servers", "pool", pool->name);
		fprintf(out, ",state=\"%s\"} %lld\n", server_state_name((enum server_state)state),
			(long long)counts[state / 10]);
	}
	free(cohorts);
	return 0;
}

static int pool_sessions(struct tx *tx, const struct document *pool, FILE *out,
			 struct hr_error *err)
{
	static const enum session_state states[] = {SESSION_QUEUED, SESSION_ACTIVE};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		int64_t n;

		if (pool_count_sessions(tx, pool->id, SESSION_STATE_BIT(states[i]), &n, err) != 0)
			return -1;
		begin_sample(out, "sessions", "pool", pool->name);
		fprintf(out, ",state=\"%s\"} %lld\n", session_state_name(states[i]), (long long)n);
	}
	return 0;
}

static int pool_wait(struct tx *tx, const struct document *pool, FILE *out, struct hr_error *err)
{
	const struct session_query query = {
		.pool_id = pool->id, .states = SESSION_STATE_BIT(SESSION_QUEUED), .limit = 1};
	struct session *first = NULL;
	int64_t wait_ms = 0;
	size_t n = 0;

	if (session_list(tx, &query, &first, &n, err) != 0)
		return -1;
	if (n > 0 && first->queued_ms < clock_now().wall_ms)
		wait_ms = clock_now().wall_ms - first->queued_ms;
	free(first);
	begin_sample(out, "session_longest_wait_seconds", "pool", pool->name);
	fprintf(out, "} %.3f\n", (double)wait_ms / MS_PER_S);
	return 0;
}

static int each_pool(struct tx *tx, FILE *out,
		     int (*write)(struct tx *tx, const struct document *pool, FILE *out,
				  struct hr_error *err),
		     struct hr_error *err)
{
	char after[NAME_SIZE] = "";
	struct document *pools;
	size_t n;
	int rc = 0;

	do {
		pools = NULL;
		n = 0;
		if (document_list(tx, DOCUMENT_POOL, after, PAGE, &pools, &n, err) != 0)
			return -1;
		for (size_t i = 0; i < n && rc == 0; i++)
			rc = write(tx, &pools[i], out, err);
		if (n > 0)
			memcpy(after, pools[n - 1].name, sizeof(after));
		document_list_free(pools, n);
	} while (rc == 0 && n == PAGE);
	return rc;
}

static void write_ended(FILE *out, const char *operation, uint64_t done, uint64_t failed)
{
	fprintf(out,
		"headroom_operations_total{operation=\"%s\",outcome=\"done\"} %llu\n"
		"headroom_operations_total{operation=\"%s\",outcome=\"failed\"} %llu\n",
		operation, (unsigned long long)done, operation, (unsigned long long)failed);
}

static void write_engine(struct engine *engine, FILE *out)
{
	struct engine_figures figures = {0};

	if (engine)
		engine_figures(engine, &figures);
	one(out, "plans_total", "counter", "Plans made.", figures.plans);
	one(out, "creates_total", "counter", "Create steps sent to providers.",
	    figures.creates_sent);
	one(out, "destroys_total", "counter", "Destroy steps sent to providers.",
	    figures.destroys_sent);
	one(out, "operation_failures_total", "counter", "Steps that ended in an error.",
	    figures.operation_failures);
	metrics_head(out, "operations_total", "counter",
		     "Operations that have ended by an answer of the module, by outcome.");
	write_ended(out, "create", figures.creates_done, figures.creates_failed);
	write_ended(out, "destroy", figures.destroys_done, figures.destroys_failed);
	one(out, "operations_in_flight", "gauge",
	    "Requests to providers that are not answered yet.", figures.in_flight);
}

static void write_api(struct api *api, FILE *out)
{
	metrics_head(out, "http_requests_total", "counter", "Requests answered, by HTTP status.");
	for (int status = 100; status < HTTP_STATUS_MAX; status++) {
		uint64_t n = atomic_load(&api->answers[status]);

		if (n > 0)
			fprintf(out, "headroom_http_requests_total{code=\"%d\"} %llu\n", status,
				(unsigned long long)n);
	}
	one(out, "http_connections", "gauge", "Connections open.",
	    peers_count(api->on_tcp.peers) + peers_count(api->on_local.peers));
	one(out, "checkins_total", "counter", "Check-ins accepted.", atomic_load(&api->checkins));
	one(out, "checkins_refused_total", "counter",
	    "Check-ins with a token that is not accepted.", atomic_load(&api->checkins_refused));
}

static void write_commits(const struct store_figures *figures, FILE *out)
{
	static const char name[] = "headroom_store_commit_duration_seconds";

	metrics_head(out, "store_commit_duration_seconds", "histogram",
		     "How long commits took until they were durable.");
	for (size_t i = 0; i < STORE_COMMIT_BUCKETS; i++)
		fprintf(out, "%s_bucket{le=\"%g\"} %llu\n", name,
			(double)store_commit_bounds_us[i] / 1e6,
			(unsigned long long)figures->buckets[i]);
	fprintf(out, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.6f\n%s_count %llu\n", name,
		(unsigned long long)figures->commits, name, (double)figures->commit_us / 1e6, name,
		(unsigned long long)figures->commits);
}

static void write_store(struct store *store, FILE *out)
{
	struct store_figures figures;

	store_figures(store, &figures);
	one(out, "store_transactions_total", "counter", "Transactions run.", figures.transactions);
	one(out, "store_commits_total", "counter", "Commits made; one may hold many transactions.",
	    figures.commits);
	one(out, "store_waiting_transactions", "gauge",
	    "Transactions that wait for their commit to begin.", figures.waiting);
	write_commits(&figures, out);
}

static void write_streams(struct streams *streams, FILE *out)
{
	struct streams_figures figures;

	streams_figures(streams, &figures);
	one(out, "event_stream_readers", "gauge", "Readers of the event stream.", figures.readers);
	one(out, "event_stream_events_total", "counter",
	    "Events given to readers, counted for each.", figures.told);
	metrics_head(out, "event_stream_lost_total", "counter",
		     "Readers told that they have lost events, by reason.");
	for (int why = 0; why <= SSE_LOSS_AHEAD; why++)
		fprintf(out, "headroom_event_stream_lost_total{reason=\"%s\"} %llu\n",
			sse_loss_name((enum sse_loss)why), (unsigned long long)figures.lost[why]);
	one(out, "event_stream_refused_total", "counter",
	    "Readers refused, as there were too many.", figures.refused);
}

/* The beginning of a line of a family that each kind of request has. */
static void request_line(FILE *out, const char *name, const struct http_metric *row)
{
	fprintf(out, "headroom_%s{account=\"%s\",method=\"%s\",code=\"%dxx\"} ", name, row->account,
		row->method, row->status_class);
}

static void write_request_kinds(const struct http_metrics *metrics, FILE *out)
{
	static const struct {
		const char *name, *help;
		size_t offset;
	} counts[] = {
		{"provider_requests_total",
		 "Requests to providers, by account, method and class of the answer; 0: none came.",
		 offsetof(struct http_metric, requests)},
		{"provider_sent_bytes_total", "Bytes of these requests, heads and bodies.",
		 offsetof(struct http_metric, bytes_sent)},
		{"provider_received_bytes_total",
		 "Bytes of the answers, heads and bodies, compressed where they came so.",
		 offsetof(struct http_metric, bytes_received)},
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		metrics_head(out, counts[i].name, "counter", counts[i].help);
		for (size_t j = 0; j < metrics->n_requests; j++) {
			uint64_t count;

			memcpy(&count, (const char *)&metrics->requests[j] + counts[i].offset,
			       sizeof(count));
			request_line(out, counts[i].name, &metrics->requests[j]);
			fprintf(out, "%llu\n", (unsigned long long)count);
		}
	}
	metrics_head(out, "provider_request_seconds_total", "counter",
		     "Time that these requests took.");
	for (size_t j = 0; j < metrics->n_requests; j++) {
		request_line(out, "provider_request_seconds_total", &metrics->requests[j]);
		fprintf(out, "%.3f\n", metrics->requests[j].seconds);
	}
}

/* What the modules' requests to providers were. Account ids, methods and classes need no escaping. */
static void write_requests(struct http_service *http, FILE *out)
{
	struct http_metrics metrics = {0};

	if (!http || http_metrics(http, &metrics, NULL) != 0)
		return;
	write_request_kinds(&metrics, out);
	metrics_head(out, "provider_connections_total", "counter",
		     "Connections made for these requests.");
	for (size_t i = 0; i < metrics.n_accounts; i++)
		fprintf(out, "headroom_provider_connections_total{account=\"%s\"} %llu\n",
			metrics.accounts[i].account,
			(unsigned long long)metrics.accounts[i].connects);
	metrics_head(out, "provider_requests_refused_total", "counter",
		     "Requests that were not made, since settings do not allow their host.");
	for (size_t i = 0; i < metrics.n_accounts; i++)
		fprintf(out, "headroom_provider_requests_refused_total{account=\"%s\"} %llu\n",
			metrics.accounts[i].account,
			(unsigned long long)metrics.accounts[i].refused);
	http_metrics_clear(&metrics);
}

static int run_metrics(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	struct api *api = exchange->api;
	char *text = NULL;
	size_t len = 0;
	FILE *out;
	int rc;

	free(exchange->text);
	exchange->text = NULL;
	out = open_memstream(&text, &len);
	if (!out)
		return error_no_memory(err, "writing metrics");
	metrics_head(out, "servers", "gauge", "Servers that are not gone, by pool and state.");
	rc = each_pool(tx, out, pool_servers, err);
	metrics_head(out, "sessions", "gauge", "Sessions waiting and active, by pool.");
	if (rc == 0)
		rc = each_pool(tx, out, pool_sessions, err);
	metrics_head(out, "session_longest_wait_seconds", "gauge",
		     "How long the first in the pool's queue has waited; 0: nobody waits.");
	if (rc == 0)
		rc = each_pool(tx, out, pool_wait, err);
	write_engine(api->options.engine, out);
	write_store(api->options.store, out);
	write_streams(api->streams, out);
	write_requests(api->options.http, out);
	metrics_write_modules(api->options.metrics, out);
	write_api(api, out);
	one(out, "uptime_seconds", "gauge", "Since the API started.",
	    (uint64_t)((clock_now().mono_ms - api->started_mono_ms) / MS_PER_S));
	if (fclose(out) != 0 && rc == 0)
		rc = error_no_memory(err, "writing metrics");
	if (rc != 0) {
		free(text);
		return -1;
	}
	exchange->text = text;
	exchange->content_type = "text/plain; version=0.0.4; charset=utf-8";
	return 0;
}

int metrics_get(struct exchange *exchange, struct hr_error *err)
{
	return exchange_read(exchange, run_metrics, err);
}
