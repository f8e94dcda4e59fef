/* SPDX-License-Identifier: Apache-2.0 */
/* Counters behind one lock. Their labels are bounded: modules are those that are installed, operations
 * and outcomes are ours, accounts are those that are open. */
#include "provider/module_metrics.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct module_metrics {
	pthread_mutex_t mutex; /* over the figures */
	struct module_figures figures;
};

const int64_t module_metrics_bounds_ms[MODULE_METRICS_BUCKETS] = {5,    25,   100,   500,   1000,
								  2500, 5000, 10000, 30000, 60000};

const char *module_metrics_outcome_name(size_t outcome)
{
	if (outcome < 2)
		return outcome == 0 ? "done" : "again";
	return error_class_name(HR_AUTH + (int32_t)outcome - 2);
}

static size_t outcome_of(int32_t result)
{
	if (result == HR_OK || result == HR_AGAIN)
		return result == HR_OK ? 0 : 1;
	if (result < HR_AUTH || result > HR_INTERNAL)
		result = HR_INTERNAL;
	return (size_t)(2 + result - HR_AUTH);
}

int module_metrics_new(struct module_metrics **ret_metrics, struct hr_error *err)
{
	struct module_metrics *metrics = calloc(1, sizeof(*metrics));

	if (!metrics || pthread_mutex_init(&metrics->mutex, NULL) != 0) {
		free(metrics);
		return error_no_memory(err, "preparing calls of modules");
	}
	*ret_metrics = metrics;
	return 0;
}

void module_metrics_free(struct module_metrics *metrics)
{
	if (!metrics)
		return;
	module_figures_clear(&metrics->figures);
	pthread_mutex_destroy(&metrics->mutex);
	free(metrics);
}

void module_figures_clear(struct module_figures *figures)
{
	free(figures->modules);
	free(figures->accounts);
	memset(figures, 0, sizeof(*figures));
}

/* Made when it is new; NULL: no memory. */
static struct module_metric *module_row(struct module_figures *figures, const char *module)
{
	struct module_metric *grown;

	for (size_t i = 0; i < figures->n_modules; i++)
		if (strcmp(figures->modules[i].module, module) == 0)
			return &figures->modules[i];
	grown = reallocarray(figures->modules, figures->n_modules + 1, sizeof(*grown));
	if (!grown)
		return NULL;
	figures->modules = grown;
	grown += figures->n_modules++;
	memset(grown, 0, sizeof(*grown));
	text_copy(grown->module, sizeof(grown->module), module);
	return grown;
}

void module_metrics_started(struct module_metrics *metrics, const char *module)
{
	struct module_metric *row;

	if (!metrics)
		return;
	pthread_mutex_lock(&metrics->mutex);
	row = module_row(&metrics->figures, module);
	if (row) {
		row->starts++;
		row->running++;
	}
	pthread_mutex_unlock(&metrics->mutex);
}

void module_metrics_ended(struct module_metrics *metrics, const char *module, enum host_end end)
{
	struct module_metric *row;

	if (!metrics)
		return;
	pthread_mutex_lock(&metrics->mutex);
	row = module_row(&metrics->figures, module);
	if (row && row->running > 0) {
		row->ends[end]++;
		row->running--;
	}
	pthread_mutex_unlock(&metrics->mutex);
}

void module_metrics_called(struct module_metrics *metrics, enum dispatch_kind kind, int32_t result,
			   int64_t duration_ms)
{
	struct call_metric *call;

	if (!metrics || kind < DISPATCH_OPEN || kind > DISPATCH_PROBE)
		return;
	pthread_mutex_lock(&metrics->mutex);
	call = &metrics->figures.calls[kind];
	call->outcomes[outcome_of(result)]++;
	call->calls++;
	call->duration_ms += duration_ms;
	for (size_t i = 0; i < MODULE_METRICS_BUCKETS; i++)
		if (duration_ms <= module_metrics_bounds_ms[i])
			call->buckets[i]++;
	pthread_mutex_unlock(&metrics->mutex);
}

void module_metrics_accounts(struct module_metrics *metrics, const struct account_metric *accounts,
			     size_t n)
{
	struct account_metric *copies;

	if (!metrics)
		return;
	pthread_mutex_lock(&metrics->mutex);
	copies = reallocarray(metrics->figures.accounts, n + 1, sizeof(*copies));
	if (copies) {
		if (n > 0)
			memcpy(copies, accounts, n * sizeof(*copies));
		metrics->figures.accounts = copies;
		metrics->figures.n_accounts = n;
	}
	pthread_mutex_unlock(&metrics->mutex);
}

int module_metrics_copy(struct module_metrics *metrics, struct module_figures *ret_figures,
			struct hr_error *err)
{
	const struct module_figures *from = &metrics->figures;
	int rc = 0;

	pthread_mutex_lock(&metrics->mutex);
	*ret_figures = *from;
	ret_figures->modules = calloc(from->n_modules + 1, sizeof(*from->modules));
	ret_figures->accounts = calloc(from->n_accounts + 1, sizeof(*from->accounts));
	if (!ret_figures->modules || !ret_figures->accounts)
		rc = error_no_memory(err, "copying counters");
	if (rc == 0 && from->n_modules > 0)
		memcpy(ret_figures->modules, from->modules,
		       from->n_modules * sizeof(*from->modules));
	if (rc == 0 && from->n_accounts > 0)
		memcpy(ret_figures->accounts, from->accounts,
		       from->n_accounts * sizeof(*from->accounts));
	pthread_mutex_unlock(&metrics->mutex);
	if (rc != 0)
		module_figures_clear(ret_figures);
	return rc;
}
