/* SPDX-License-Identifier: Apache-2.0 */
/* Provider modules, and the check of an account, which is the engine's work and takes a while. */
#include "api/providers.h"

#include <stdlib.h>
#include <string.h>

#include "api/answer.h"
#include "api/exchange.h"
#include "api/handlers.h"
#include "api/names.h"
#include "api/page.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "store/document_rows.h"

static json_t *view(const struct registry_module *module, const char *refusal)
{
	char abi[48] = "";

	/* Of a file that is no module nothing is known. */
	if (module->draft)
		text_format(abi, sizeof(abi), "%u.%u draft %u", module->abi_major,
			    module->abi_minor, module->draft);
	else if (module->abi_major > 0 || module->abi_minor > 0)
		text_format(abi, sizeof(abi), "%u.%u", module->abi_major, module->abi_minor);
	/* A file that is no module may have any name. */
	return json_pack("{so so so so so ss so so so}", "id", text_json(module->id), "title",
			 text_json(module->title), "version", text_json(module->version), "vendor",
			 text_json(module->vendor), "abi", text_json(abi), "state",
			 refusal[0] == '\0' ? "usable" : "refused", "reason", text_json(refusal),
			 "sandbox", text_json(registry_sandbox(module)), "path",
			 module->path ? text_json(module->path) : json_string(""));
}

int providers_list(struct exchange *exchange, struct hr_error *err)
{
	struct registry *registry = exchange->api->options.registry;
	bool all = exchange_query_true(exchange, "all");
	struct page page;
	int rc = 0;

	if (page_begin(exchange, &page, err) != 0)
		return -1;
	for (size_t i = 0; i < registry_count(registry) && rc == 0; i++) {
		const struct registry_module *module = registry_at(registry, i);
		char refusal[sizeof(err->message)];

		if (!registry_refusal(registry, module, refusal, sizeof(refusal)) || all)
			rc = page_add(&page, view(module, refusal), module->id, err);
	}
	return page_end(exchange, &page, rc, err);
}

/* What counts as the module of that id: the first file; the others are refused, and say why. */
static json_t *view_whole(struct registry *registry, const struct registry_module *module,
			  json_t *others)
{
	char refusal[sizeof(((struct hr_error *)NULL)->message)];
	json_t *whole;
	const char *by = module->by_manifest ? "manifest" : "process";

	registry_refusal(registry, module, refusal, sizeof(refusal));
	whole = view(module, refusal);
	/* Of what was never described nobody told. */
	if (whole &&
	    json_object_update_new(whole, json_pack("{ss* so sO}", "described_by",
						    module->title ? by : NULL, "manifest_note",
						    text_json(module->manifest_note), "others",
						    others)) != 0) {
		json_decref(whole);
		whole = NULL;
	}
	return whole;
}

int providers_show(struct exchange *exchange, struct hr_error *err)
{
	struct registry *registry = exchange->api->options.registry;
	const char *id = exchange->params[0];
	const struct registry_module *found = NULL;
	CLEANUP_JSON json_t *others = json_array();

	for (size_t i = 0; i < registry_count(registry); i++) {
		const struct registry_module *module = registry_at(registry, i);
		char refusal[sizeof(err->message)];

		if (strcmp(module->id, id) != 0)
			continue;
		if (!found) {
			found = module;
			continue;
		}
		registry_refusal(registry, module, refusal, sizeof(refusal));
		if (json_array_append_new(others, view(module, refusal)) != 0)
			return error_no_memory(err, "showing a provider module");
	}
	/* Nothing is of that id: the message names the folders and what may be meant. */
	if (!found && registry_find(registry, id, &found, err) != 0) {
		err->class = HR_NOT_FOUND;
		return -1;
	}
	return exchange_answer(exchange, view_whole(registry, found, others), err);
}

int providers_schema(struct exchange *exchange, struct hr_error *err)
{
	const struct registry_module *module;

	if (registry_find(exchange->api->options.registry, exchange->params[0], &module, err) !=
	    0) {
		if (err->class == HR_INVALID)
			err->class = HR_NOT_FOUND;
		return -1;
	}
	return exchange_answer(exchange, schema_describe(&module->schema), err);
}

/* ---- Checks -------------------------------------------------------------------------------- */

/* Between a request and the engine. Whoever comes first takes the exchange out of it: the engine's
 * answer, or the API's stop. The engine's answer frees it. */
struct check_wait {
	struct check_wait *next;
	struct check_wait **link;
	struct exchange *exchange; /* NULL: taken */
};

/* The API may be gone when the engine answers a dropped one: this is never freed. */
static pthread_mutex_t checks_mutex = PTHREAD_MUTEX_INITIALIZER;

static struct exchange *take_exchange(struct check_wait *wait)
{
	struct exchange *exchange = wait->exchange;

	wait->exchange = NULL;
	if (exchange) {
		*wait->link = wait->next;
		if (wait->next)
			wait->next->link = wait->link;
	}
	return exchange;
}

static json_t *problems_view(const struct dispatch_answer *answer)
{
	json_t *problems = json_array();

	for (size_t i = 0; problems && i < answer->n_problems; i++)
		json_array_append_new(problems, answer_problem_short(&answer->problems[i].error));
	return problems;
}

/* On the engine's thread. */
static void checked(void *context, const struct dispatch_answer *answer, const struct hr_error *err)
{
	struct check_wait *wait = context;
	struct exchange *exchange;

	pthread_mutex_lock(&checks_mutex);
	exchange = take_exchange(wait);
	pthread_mutex_unlock(&checks_mutex);
	free(wait);
	if (!exchange)
		return;
	if (err) {
		exchange->error = *err;
		/* The provider's own status is no status of ours. */
		exchange->error.http_status = 0;
		if (err->class == HR_AUTH)
			exchange->error.http_status = MHD_HTTP_UNPROCESSABLE_CONTENT;
	} else {
		exchange_answer(exchange,
				json_pack("{sb so}", "ok", answer->n_problems == 0, "problems",
					  problems_view(answer)),
				&exchange->error);
	}
	exchange_resume(exchange);
}

void providers_drop_checks(struct api *api)
{
	struct exchange *exchange;

	for (;;) {
		pthread_mutex_lock(&checks_mutex);
		exchange = api->checks ? take_exchange(api->checks) : NULL;
		pthread_mutex_unlock(&checks_mutex);
		if (!exchange)
			return;
		error_set(&exchange->error, HR_CANCELLED,
			  "the daemon is stopping; check again later");
		exchange_resume(exchange);
	}
}

static int find_config(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	struct document document = {0};

	if (document_find(tx, DOCUMENT_PROVIDER_CONFIG, exchange->params[0], &document, err) != 0)
		return -1;
	text_copy(exchange->params[1], sizeof(exchange->params[1]), document.id);
	document_clear(&document);
	return 0;
}

int provider_configs_check(struct exchange *exchange, struct hr_error *err)
{
	struct api *api = exchange->api;
	char id[ID_SIZE];
	struct check_wait *wait;

	if (!api->options.engine)
		return error_set(err, HR_UNSUPPORTED,
				 "no engine runs here that could check an account");
	if (exchange_read(exchange, find_config, err) != 0)
		return -1;
	text_copy(id, sizeof(id), exchange->params[1]);
	wait = calloc(1, sizeof(*wait));
	if (!wait)
		return error_no_memory(err, "checking an account");
	wait->exchange = exchange;
	pthread_mutex_lock(&checks_mutex);
	/* Under the lock, so that a stop either sees it in the list or refuses it here. */
	if (exchange_suspend(exchange, err) != 0) {
		pthread_mutex_unlock(&checks_mutex);
		free(wait);
		return -1;
	}
	wait->next = api->checks;
	wait->link = &api->checks;
	if (wait->next)
		wait->next->link = &wait->next;
	api->checks = wait;
	pthread_mutex_unlock(&checks_mutex);
	engine_check_account(api->options.engine, id, checked, wait);
	return EXCHANGE_HANDED_OVER;
}
