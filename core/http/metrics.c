/* SPDX-License-Identifier: Apache-2.0 */
/* Counters in two small tables. Not here: how Prometheus writes them. */
#include "http/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

#define ROWS_MAX 8192 /* accounts times methods times classes of status */

/* Modules choose methods; a label must not be a stranger's text. */
static const char *const known_methods[] = {"GET",   "HEAD",   "POST",   "PUT",
					    "PATCH", "DELETE", "OPTIONS"};

int metrics_init(struct metrics *metrics, struct hr_error *err)
{
	memset(metrics, 0, sizeof(*metrics));
	if (pthread_mutex_init(&metrics->mutex, NULL) != 0)
		return error_no_memory(err, "starting the HTTP service");
	return 0;
}

void metrics_clear(struct metrics *metrics)
{
	http_metrics_clear(&metrics->table);
	pthread_mutex_destroy(&metrics->mutex);
}

void http_metrics_clear(struct http_metrics *metrics)
{
	free(metrics->requests);
	free(metrics->accounts);
	memset(metrics, 0, sizeof(*metrics));
}

static const char *method_label(const char *method)
{
	for (size_t i = 0; i < sizeof(known_methods) / sizeof(known_methods[0]); i++)
		if (strcmp(known_methods[i], method) == 0)
			return known_methods[i];
	return "OTHER";
}

static struct http_metric *request_row(struct http_metrics *table, const char *account,
				       const char *method, int status_class)
{
	struct http_metric *grown;

	for (size_t i = 0; i < table->n_requests; i++) {
		struct http_metric *row = &table->requests[i];

		if (row->status_class == status_class && strcmp(row->method, method) == 0 &&
		    strcmp(row->account, account) == 0)
			return row;
	}
	grown = table->n_requests < ROWS_MAX
			? reallocarray(table->requests, table->n_requests + 1, sizeof(*grown))
			: NULL;
	if (!grown)
		return NULL;
	table->requests = grown;
	grown += table->n_requests++;
	memset(grown, 0, sizeof(*grown));
	text_copy(grown->account, sizeof(grown->account), account);
	text_copy(grown->method, sizeof(grown->method), method);
	grown->status_class = status_class;
	return grown;
}

static struct http_account_metric *account_row(struct http_metrics *table, const char *account)
{
	struct http_account_metric *grown;

	for (size_t i = 0; i < table->n_accounts; i++)
		if (strcmp(table->accounts[i].account, account) == 0)
			return &table->accounts[i];
	grown = table->n_accounts < ROWS_MAX
			? reallocarray(table->accounts, table->n_accounts + 1, sizeof(*grown))
			: NULL;
	if (!grown)
		return NULL;
	table->accounts = grown;
	grown += table->n_accounts++;
	memset(grown, 0, sizeof(*grown));
	text_copy(grown->account, sizeof(grown->account), account);
	return grown;
}

void metrics_count(struct metrics *metrics, const struct metrics_request *request)
{
	struct http_account_metric *account;
	struct http_metric *row;

	pthread_mutex_lock(&metrics->mutex);
	row = request_row(&metrics->table, request->account, method_label(request->method),
			  request->status / 100);
	if (row) {
		row->requests++;
		row->bytes_sent += request->bytes_sent;
		row->bytes_received += request->bytes_received;
		row->seconds += (double)request->duration_ms / (double)MS_PER_S;
	}
	account = account_row(&metrics->table, request->account);
	if (account)
		account->connects += request->connects;
	pthread_mutex_unlock(&metrics->mutex);
}

void metrics_count_refused(struct metrics *metrics, const char *account)
{
	struct http_account_metric *row;

	pthread_mutex_lock(&metrics->mutex);
	row = account_row(&metrics->table, account);
	if (row)
		row->refused++;
	pthread_mutex_unlock(&metrics->mutex);
}

int metrics_copy(struct metrics *metrics, struct http_metrics *ret_copy, struct hr_error *err)
{
	const struct http_metrics *from = &metrics->table;
	int rc = 0;

	memset(ret_copy, 0, sizeof(*ret_copy));
	pthread_mutex_lock(&metrics->mutex);
	ret_copy->requests = calloc(from->n_requests + 1, sizeof(*ret_copy->requests));
	ret_copy->accounts = calloc(from->n_accounts + 1, sizeof(*ret_copy->accounts));
	if (!ret_copy->requests || !ret_copy->accounts) {
		rc = error_no_memory(err, "copying counters");
	} else {
		ret_copy->n_requests = from->n_requests;
		ret_copy->n_accounts = from->n_accounts;
		if (from->n_requests > 0)
			memcpy(ret_copy->requests, from->requests,
			       from->n_requests * sizeof(*from->requests));
		if (from->n_accounts > 0)
			memcpy(ret_copy->accounts, from->accounts,
			       from->n_accounts * sizeof(*from->accounts));
	}
	pthread_mutex_unlock(&metrics->mutex);
	if (rc != 0)
		http_metrics_clear(ret_copy);
	return rc;
}
