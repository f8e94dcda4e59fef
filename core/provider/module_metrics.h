/* SPDX-License-Identifier: Apache-2.0 */
/* What modules, their processes and the accounts' budgets do, counted for /metrics. The dispatchers write
 * on the engine's thread, the API reads on its own. Not here: how Prometheus writes it
 * (core/api/metrics_modules.c), and the counters of HTTP requests (core/http/metrics.h). */
#ifndef HR_PROVIDER_MODULE_METRICS_H
#define HR_PROVIDER_MODULE_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provider/breaker.h"
#include "provider/dispatch.h"
#include "provider/host_end.h"

#define MODULE_METRICS_KINDS (DISPATCH_PROBE + 1) /* by enum dispatch_kind */
/* "done", "again", then the classes of errors from HR_AUTH on. */
#define MODULE_METRICS_OUTCOMES (2 + HR_INTERNAL - HR_AUTH + 1)
#define MODULE_METRICS_BUCKETS 10
#define MODULE_METRICS_URGENCIES (DISPATCH_LOOK + 1)

/* Upper bounds of the buckets, in ms; what took longer is in none of them. */
extern const int64_t module_metrics_bounds_ms[MODULE_METRICS_BUCKETS];

/* "done", "again", "auth", ... */
const char *module_metrics_outcome_name(size_t outcome);

struct module_metric {
	char module[33];
	uint64_t starts;
	uint64_t ends[HOST_ENDS];
	uint64_t running;
};

struct call_metric {
	uint64_t outcomes[MODULE_METRICS_OUTCOMES];
	uint64_t buckets[MODULE_METRICS_BUCKETS]; /* each with those below it */
	uint64_t calls;
	int64_t duration_ms; /* of all together */
};

/* An open account. Rate and breaker are those of its account key. */
struct account_metric {
	char account[ID_SIZE]; /* provider config id */
	unsigned waiting[MODULE_METRICS_URGENCIES];
	int64_t rate_milli; /* thousandths of a request a minute */
	enum breaker_state breaker;
};

struct module_figures {
	struct call_metric calls[MODULE_METRICS_KINDS];
	struct module_metric *modules;
	size_t n_modules;
	struct account_metric *accounts;
	size_t n_accounts;
};

struct module_metrics;

int module_metrics_new(struct module_metrics **ret_metrics, struct hr_error *err);
void module_metrics_free(struct module_metrics *metrics);

/* Each of these does nothing for metrics NULL. Without memory for a new row nothing is counted. Any
 * thread. */
void module_metrics_started(struct module_metrics *metrics, const char *module);
void module_metrics_ended(struct module_metrics *metrics, const char *module, enum host_end end);
void module_metrics_called(struct module_metrics *metrics, enum dispatch_kind kind, int32_t result,
			   int64_t duration_ms);

/* These are the open accounts now; copied. */
void module_metrics_accounts(struct module_metrics *metrics, const struct account_metric *accounts,
			     size_t n);

/* A copy of all; module_figures_clear frees it. Any thread. */
int module_metrics_copy(struct module_metrics *metrics, struct module_figures *ret_figures,
			struct hr_error *err);
void module_figures_clear(struct module_figures *figures);

#endif
