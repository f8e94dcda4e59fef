/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts: read from the provider configs, opened, opened again after an edit, closed after a
 * deletion. */
#include "engine/accounts.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/pauses.h"
#include "model/pool.h"
#include "provider/settings.h"
#include "store/document_rows.h"

#define PAGE 100
#define OPEN_TIMEOUT_MS (30 * MS_PER_S)
#define REOPEN_FIRST_MS (5 * MS_PER_S)
#define REOPEN_LONGEST_MS (300 * MS_PER_S)

/* A provider config as read. */
struct found {
	char id[ID_SIZE];
	char name[64];
	char provider[33];
	int64_t revision;
	int64_t list_interval_ms;
	int64_t reaper_grace_ms;
	bool paused_by_auth;
	json_t *settings; /* secrets included */
};

struct load {
	struct task task; /* first */
	struct found *found;
	size_t n;
};

static void clear_found(struct load *load)
{
	for (size_t i = 0; i < load->n; i++)
		provider_settings_free(load->found[i].settings);
	free(load->found);
	load->found = NULL;
	load->n = 0;
}

static void load_clear(struct task *task)
{
	clear_found((struct load *)task);
}

/* The stored settings with their secrets ("settings.<key>") in the places of their masks. */
static int load_settings(struct tx *tx, const struct provider_config *config, json_t **ret_settings,
			 struct hr_error *err)
{
	const char *path;
	json_t *secrets = NULL, *secret;
	int result = 0;

	if (document_secrets(tx, DOCUMENT_PROVIDER_CONFIG, config->id, &secrets, err) < 0)
		return -1;
	*ret_settings = config->settings ? json_deep_copy(config->settings) : json_object();
	if (!*ret_settings)
		result = error_no_memory(err, "reading a provider config's settings");
	json_object_foreach (secrets, path, secret) {
		if (result == 0 && strncmp(path, "settings.", 9) == 0 &&
		    json_object_set_new(*ret_settings, path + 9,
					json_string(json_string_value(secret))) < 0)
			result = error_no_memory(err, "reading a provider config's settings");
	}
	provider_settings_free(secrets);
	return result;
}

static int read_one(struct tx *tx, const struct document *document, struct found *found,
		    struct hr_error *err)
{
	struct provider_config config;
	struct account_state state;

	provider_config_read(document, &config);
	if (account_state_get(tx, document->id, &state, err) < 0)
		return -1;
	text_copy(found->id, sizeof(found->id), config.id);
	text_copy(found->name, sizeof(found->name), config.name);
	text_copy(found->provider, sizeof(found->provider), config.provider);
	found->revision = config.revision;
	found->list_interval_ms = config.list_interval_ms;
	found->reaper_grace_ms = config.reaper_grace_ms;
	found->paused_by_auth = state.paused_until_ms == MS_NEVER;
	return load_settings(tx, &config, &found->settings, err);
}

static int load_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct load *load = (struct load *)task;
	char after[NAME_SIZE] = "";
	size_t n = PAGE;
	int result = 0;

	clear_found(load);
	while (result == 0 && n == PAGE) {
		struct document *documents;
		struct found *grown;

		if (document_list(tx, DOCUMENT_PROVIDER_CONFIG, after, PAGE, &documents, &n, err) <
		    0)
			return -1;
		grown = realloc(load->found, (load->n + n + 1) * sizeof(*grown));
		if (!grown)
			result = error_no_memory(err, "reading provider configs");
		else
			load->found = grown;
		for (size_t i = 0; result == 0 && i < n; i++) {
			load->found[load->n] = (struct found){0};
			result = read_one(tx, &documents[i], &load->found[load->n], err);
			load->n++;
		}
		if (n > 0)
			text_copy(after, sizeof(after), documents[n - 1].name);
		document_list_free(documents, n);
	}
	return result;
}

static void close_account(struct engine *engine, struct engine_account *account)
{
	struct dispatch_request request = {.kind = DISPATCH_CLOSE,
					   .timeout_ms = OPEN_TIMEOUT_MS,
					   .urgency = DISPATCH_FOR_USERS};

	account->state = ACCOUNT_CLOSING;
	text_copy(request.account, sizeof(request.account), account->id);
	if (!engine_send(engine, &request)) {
		/* The next reload meets it again. */
		account->state = ACCOUNT_FAILED;
		account->open_mono_ms = engine->now.mono_ms + REOPEN_FIRST_MS;
		error_no_memory(&account->open_error, "closing a provider config");
	}
}

static void open_account(struct engine *engine, struct engine_account *account,
			 const struct found *found)
{
	struct dispatch_request request = {.kind = DISPATCH_OPEN,
					   .timeout_ms = OPEN_TIMEOUT_MS,
					   .urgency = DISPATCH_FOR_USERS};

	text_copy(request.account, sizeof(request.account), account->id);
	request.provider = found->provider;
	request.settings = found->settings;
	if (!engine->options.account_key ||
	    engine->options.account_key(engine->options.account_key_context, &request,
					account->key) < 0)
		text_copy(account->key, sizeof(account->key), account->id);
	account->state = ACCOUNT_OPENING;
	account->stale = false;
	account->revision = found->revision;
	if (!engine_send(engine, &request)) {
		account->state = ACCOUNT_FAILED;
		account->open_mono_ms = engine->now.mono_ms + REOPEN_FIRST_MS;
		error_no_memory(&account->open_error, "opening a provider config");
	}
}

static struct engine_account *add_account(struct engine *engine, const struct found *found)
{
	struct engine_account *account = calloc(1, sizeof(*account));

	if (!account)
		return NULL;
	text_copy(account->id, sizeof(account->id), found->id);
	account->state = ACCOUNT_FAILED;
	account->list_mono_ms = engine->now.mono_ms;
	account->poll_mono_ms = engine->now.mono_ms;
	account->check_mono_ms = engine->now.mono_ms;
	account->next = engine->accounts;
	engine->accounts = account;
	return account;
}

static void take_found(struct engine *engine, const struct found *found)
{
	struct engine_account *account = engine_account_find(engine, found->id);

	if (!account)
		account = add_account(engine, found);
	if (!account) {
		/* Nothing else would bring it up again. */
		engine->reload_mono_ms = engine->now.mono_ms + REOPEN_FIRST_MS;
		return;
	}
	account->known = true;
	text_copy(account->name, sizeof(account->name), found->name);
	account->list_interval_ms = found->list_interval_ms;
	account->reaper_grace_ms = found->reaper_grace_ms;
	account->paused_by_auth = found->paused_by_auth;
	if (account->state == ACCOUNT_OPENING) {
		/* One open at a time; read again when this one has been answered. */
		account->stale |= account->revision != found->revision;
		return;
	}
	/* One that failed has its time, unless it was edited. */
	if (account->state == ACCOUNT_FAILED && account->revision == found->revision &&
	    account->open_mono_ms > engine->now.mono_ms)
		return;
	if (account->state != ACCOUNT_CLOSING &&
	    (account->state != ACCOUNT_OPEN || account->revision != found->revision))
		open_account(engine, account, found);
}

static void load_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	struct load *load = (struct load *)task;
	bool again = engine->accounts_again;

	if (err && task_again(engine, task, 100))
		return;
	engine->accounts_loading = false;
	engine->accounts_again = false;
	if (err) {
		log_line(LOG_LEVEL_ERROR, NULL, "provider configs could not be read: %s",
			 err->message);
		engine->reload_mono_ms = engine->now.mono_ms + REOPEN_LONGEST_MS;
		return;
	}
	engine->accounts_loaded = true;
	for (struct engine_account *a = engine->accounts; a; a = a->next)
		a->known = false;
	for (size_t i = 0; i < load->n; i++)
		take_found(engine, &load->found[i]);
	for (struct engine_account *a = engine->accounts; a; a = a->next) {
		if (a->known || a->state == ACCOUNT_CLOSING)
			continue;
		/* One that opens is closed when it has been answered. */
		if (a->state == ACCOUNT_OPENING)
			a->stale = true;
		else
			close_account(engine, a);
	}
	if (again)
		accounts_reload(engine);
}

void accounts_reload(struct engine *engine)
{
	struct load *load;

	if (engine->accounts_loading) {
		engine->accounts_again = true;
		return;
	}
	load = task_new(engine, sizeof(*load), load_run, load_finish, load_clear);
	engine->reload_mono_ms = load ? MS_NEVER : engine->now.mono_ms + MS_PER_S;
	if (!load)
		return;
	engine->accounts_loading = true;
	task_submit(engine, &load->task);
}

static void remove_account(struct engine *engine, struct engine_account *account)
{
	struct engine_account **at = &engine->accounts;

	while (*at != account)
		at = &(*at)->next;
	*at = account->next;
	free(account);
}

static void opened(struct engine *engine, struct engine_account *account,
		   const struct dispatch_answer *answer)
{
	int64_t delay = REOPEN_FIRST_MS;

	if (answer->result == HR_OK) {
		account->state = ACCOUNT_OPEN;
		account->capabilities = answer->capabilities;
		account->open_failures = 0;
		account->list_mono_ms = engine->now.mono_ms;
		account->poll_mono_ms = engine->now.mono_ms;
		engine_look(engine);
		return;
	}
	account->state = ACCOUNT_FAILED;
	account->open_error = answer->error;
	for (unsigned i = 0; i < account->open_failures && delay < REOPEN_LONGEST_MS; i++)
		delay *= 2;
	account->open_failures++;
	account->open_mono_ms =
		engine->now.mono_ms + (delay < REOPEN_LONGEST_MS ? delay : REOPEN_LONGEST_MS);
	log_line(LOG_LEVEL_ERROR, &(struct log_subject){.account = account->id},
		 "provider config %s cannot be opened: %s", account->name, answer->error.message);
}

void accounts_answer(struct engine *engine, struct dispatch_answer *answer)
{
	struct engine_account *account = engine_account_find(engine, answer->account);
	/* What changed while it opened or closed was left for now. */
	bool stale = answer->kind == DISPATCH_CLOSE || (account && account->stale);

	if (account && answer->kind == DISPATCH_OPEN)
		opened(engine, account, answer);
	else if (account && account->state == ACCOUNT_CLOSING)
		remove_account(engine, account);
	if (stale)
		accounts_reload(engine);
	dispatch_answer_free(answer);
}

int64_t accounts_step(struct engine *engine)
{
	int64_t next;

	if (engine->reload_mono_ms <= engine->now.mono_ms)
		accounts_reload(engine);
	next = engine->reload_mono_ms;
	for (struct engine_account *a = engine->accounts; a; a = a->next) {
		if (a->state != ACCOUNT_FAILED || engine->accounts_loading)
			continue;
		if (a->open_mono_ms <= engine->now.mono_ms)
			accounts_reload(engine);
		else if (a->open_mono_ms < next)
			next = a->open_mono_ms;
	}
	return next;
}

void accounts_free(struct engine *engine)
{
	while (engine->accounts)
		remove_account(engine, engine->accounts);
}

/* ---- Lifting pauses ---- */

struct lift {
	struct task task; /* first */
	enum document_kind kind;
	char id[ID_SIZE];
	char reason[128];
};

static int lift_configs(struct tx *tx, const struct life_context *context, const char *account,
			struct hr_error *err)
{
	char after[NAME_SIZE] = "";
	size_t n = PAGE;
	int result = 0;

	while (result == 0 && n == PAGE) {
		struct document *documents;

		if (document_list(tx, DOCUMENT_AUTOSCALE_CONFIG, after, PAGE, &documents, &n, err) <
		    0)
			return -1;
		for (size_t i = 0; result == 0 && i < n; i++) {
			struct autoscale_config config;

			autoscale_config_read(&documents[i], &config);
			if (strcmp(config.provider_config_id, account) == 0)
				result = pause_config_lift(tx, context, config.id, err);
		}
		if (n > 0)
			text_copy(after, sizeof(after), documents[n - 1].name);
		document_list_free(documents, n);
	}
	return result;
}

static int lift_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	struct lift *lift = (struct lift *)task;

	if (lift->kind == DOCUMENT_AUTOSCALE_CONFIG)
		return pause_config_lift(tx, &task->context, lift->id, err);
	if (pause_account_lift(tx, &task->context, lift->id, lift->reason, err) < 0)
		return -1;
	return lift_configs(tx, &task->context, lift->id, err);
}

static void lift_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	struct lift *lift = (struct lift *)task;

	if (err && task_again(engine, task, 10))
		return;
	if (err)
		log_line(LOG_LEVEL_ERROR, NULL, "a pause could not be lifted: %s", err->message);
	if (lift->kind == DOCUMENT_PROVIDER_CONFIG)
		accounts_reload(engine);
	engine_dirty(engine, "");
	engine_look(engine);
}

void accounts_lift(struct engine *engine, enum document_kind kind, const char *id,
		   const char *reason)
{
	struct lift *lift = task_new(engine, sizeof(*lift), lift_run, lift_finish, NULL);

	if (!lift)
		return;
	lift->kind = kind;
	text_copy(lift->id, sizeof(lift->id), id);
	text_copy(lift->reason, sizeof(lift->reason), reason);
	task_submit(engine, &lift->task);
}
