/* SPDX-License-Identifier: Apache-2.0 */
/* Module ids, operations, outcomes and account ids need no escaping. Of accounts only the provider
 * config's id is shown: an account key may hold part of a credential. */
#include "api/metrics_modules.h"

#include "base/clock.h"

static void write_hosts(const struct module_figures *figures, FILE *out)
{
	metrics_head(out, "hosts_started_total", "counter",
		     "Processes started for modules, by module.");
	for (size_t i = 0; i < figures->n_modules; i++)
		fprintf(out, "headroom_hosts_started_total{module=\"%s\"} %llu\n",
			figures->modules[i].module, (unsigned long long)figures->modules[i].starts);
	metrics_head(out, "hosts_ended_total", "counter",
		     "Ends of these processes, by module and reason.");
	for (size_t i = 0; i < figures->n_modules; i++)
		for (int end = 0; end < HOST_ENDS; end++)
			fprintf(out,
				"headroom_hosts_ended_total{module=\"%s\",reason=\"%s\"} %llu\n",
				figures->modules[i].module, host_end_name((enum host_end)end),
				(unsigned long long)figures->modules[i].ends[end]);
	metrics_head(out, "hosts_running", "gauge", "Processes of modules that run, by module.");
	for (size_t i = 0; i < figures->n_modules; i++)
		fprintf(out, "headroom_hosts_running{module=\"%s\"} %llu\n",
			figures->modules[i].module,
			(unsigned long long)figures->modules[i].running);
}

static double seconds(int64_t ms)
{
	return (double)ms / (double)MS_PER_S;
}

static void write_duration(const char *operation, const struct call_metric *call, FILE *out)
{
	static const char name[] = "headroom_module_call_duration_seconds";

	for (size_t i = 0; i < MODULE_METRICS_BUCKETS; i++)
		fprintf(out, "%s_bucket{operation=\"%s\",le=\"%g\"} %llu\n", name, operation,
			seconds(module_metrics_bounds_ms[i]), (unsigned long long)call->buckets[i]);
	fprintf(out, "%s_bucket{operation=\"%s\",le=\"+Inf\"} %llu\n", name, operation,
		(unsigned long long)call->calls);
	fprintf(out, "%s_sum{operation=\"%s\"} %.3f\n", name, operation,
		seconds(call->duration_ms));
	fprintf(out, "%s_count{operation=\"%s\"} %llu\n", name, operation,
		(unsigned long long)call->calls);
}

static void write_calls(const struct module_figures *figures, FILE *out)
{
	metrics_head(
		out, "module_calls_total", "counter",
		"Calls of modules that have ended, by operation and outcome: done, again, or the "
		"class of the error.");
	for (int kind = DISPATCH_OPEN; kind < MODULE_METRICS_KINDS; kind++)
		for (size_t i = 0; i < MODULE_METRICS_OUTCOMES; i++)
			if (figures->calls[kind].outcomes[i] > 0)
				fprintf(out,
					"headroom_module_calls_total{operation=\"%s\",outcome="
					"\"%s\"} %llu\n",
					dispatch_kind_name((enum dispatch_kind)kind),
					module_metrics_outcome_name(i),
					(unsigned long long)figures->calls[kind].outcomes[i]);
	metrics_head(out, "module_call_duration_seconds", "histogram",
		     "How long calls of modules took, by operation.");
	for (int kind = DISPATCH_OPEN; kind < MODULE_METRICS_KINDS; kind++)
		if (figures->calls[kind].calls > 0)
			write_duration(dispatch_kind_name((enum dispatch_kind)kind),
				       &figures->calls[kind], out);
}

static void write_accounts(const struct module_figures *figures, FILE *out)
{
	static const char *const urgencies[MODULE_METRICS_URGENCIES] = {"user", "removal",
									"standby", "look"};
	static const char *const states[] = {"closed", "open", "half_open"};

	metrics_head(out, "account_waiting_calls", "gauge",
		     "Calls that wait for their turn in the account's rate budget, by urgency.");
	for (size_t i = 0; i < figures->n_accounts; i++)
		for (size_t u = 0; u < MODULE_METRICS_URGENCIES; u++)
			fprintf(out,
				"headroom_account_waiting_calls{account=\"%s\",urgency=\"%s\"} %u\n",
				figures->accounts[i].account, urgencies[u],
				figures->accounts[i].waiting[u]);
	metrics_head(out, "account_budget_requests_per_second", "gauge",
		     "How many requests the account's rate budget permits now; accounts with one "
		     "account key share it.");
	for (size_t i = 0; i < figures->n_accounts; i++)
		fprintf(out, "headroom_account_budget_requests_per_second{account=\"%s\"} %.6g\n",
			figures->accounts[i].account,
			(double)figures->accounts[i].rate_milli / 60000.0);
	metrics_head(out, "account_breaker_state", "gauge",
		     "1 for the state that the account's breaker is in: closed, open, half_open.");
	for (size_t i = 0; i < figures->n_accounts; i++)
		for (size_t s = 0; s < sizeof(states) / sizeof(states[0]); s++)
			fprintf(out,
				"headroom_account_breaker_state{account=\"%s\",state=\"%s\"} %d\n",
				figures->accounts[i].account, states[s],
				figures->accounts[i].breaker == (enum breaker_state)s);
}

void metrics_write_modules(struct module_metrics *metrics, FILE *out)
{
	struct module_figures figures;

	if (!metrics || module_metrics_copy(metrics, &figures, NULL) != 0)
		return;
	write_hosts(&figures, out);
	write_calls(&figures, out);
	write_accounts(&figures, out);
	module_figures_clear(&figures);
}
