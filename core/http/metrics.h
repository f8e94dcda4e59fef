/* SPDX-License-Identifier: Apache-2.0 */
/* The service's counters. Any thread. */
#ifndef HR_HTTP_METRICS_H
#define HR_HTTP_METRICS_H

#include <pthread.h>

#include "http/http.h"

struct metrics {
	pthread_mutex_t mutex; /* over the table */
	struct http_metrics table;
};

/* One request that has ended. */
struct metrics_request {
	const char *account;
	const char *method;
	int status; /* 0: no answer */
	uint64_t bytes_sent;
	uint64_t bytes_received;
	uint64_t connects;
	int64_t duration_ms;
};

int metrics_init(struct metrics *metrics, struct hr_error *err);
void metrics_clear(struct metrics *metrics);

/* Where there is no memory or no room for a new row, nothing is counted. */
void metrics_count(struct metrics *metrics, const struct metrics_request *request);
void metrics_count_refused(struct metrics *metrics, const char *account);

int metrics_copy(struct metrics *metrics, struct http_metrics *ret_copy, struct hr_error *err);

#endif
