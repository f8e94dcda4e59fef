/* SPDX-License-Identifier: Apache-2.0 */
/* Pauses of autoscale configs and accounts. What a pause keeps from being planned is the planner's;
 * what it keeps from being sent is operations.c's. */
#include "engine/pauses.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "store/document_rows.h"
#include "store/operation_rows.h"

#define CONFIG_FIRST_MS (30 * MS_PER_S)
#define LONGEST_MS (1800 * MS_PER_S)
#define THROTTLED_LONG_MS (60 * MS_PER_S)
#define DEFECT_FIRST_MS (5 * MS_PER_S)
#define RETRY_AFTER_LONGEST_MS (3600 * MS_PER_S)

int64_t pause_doubled(int64_t first, int64_t step, int64_t longest)
{
	int64_t length = first;

	for (int64_t i = 0; i < step && length < longest; i++)
		length *= 2;
	return length < longest ? length : longest;
}

/* Adds an event about a config or an account. */
static int pause_event(struct tx *tx, int64_t now_ms, const char *kind, const char *config_id,
		       const char *pool_id, const char *message, struct hr_error *err)
{
	struct event event = {.at_ms = now_ms};

	text_copy(event.kind, sizeof(event.kind), kind);
	text_copy(event.config_id, sizeof(event.config_id), config_id);
	text_copy(event.pool_id, sizeof(event.pool_id), pool_id);
	text_copy(event.message, sizeof(event.message), message);
	return event_add(tx, &event, err);
}

/* Whether the document still is there; one that was deleted is not paused any more. */
static int find_document(struct tx *tx, enum document_kind kind, const char *id,
			 struct document *ret_document, bool *ret_found, struct hr_error *err)
{
	struct hr_error why = {0};

	*ret_found = document_get(tx, kind, id, ret_document, &why) == 0;
	if (*ret_found || why.class == HR_NOT_FOUND)
		return 0;
	*err = why;
	return -1;
}

int pause_config(struct tx *tx, struct life_context *context, const char *config_id,
		 const char *reason, struct hr_error *err)
{
	struct config_state state;
	struct document document = {0};
	struct autoscale_config config;
	char message[768];
	int64_t length;
	bool found;
	int result;

	if (find_document(tx, DOCUMENT_AUTOSCALE_CONFIG, config_id, &document, &found, err) < 0)
		return -1;
	if (!found)
		return 0;
	autoscale_config_read(&document, &config);
	result = config_state_get(tx, config_id, &state, err);
	if (result == 0 && state.paused_until_ms <= context->now_ms) {
		length = pause_doubled(CONFIG_FIRST_MS, state.pause_step, LONGEST_MS);
		state.paused_until_ms = context->now_ms + length;
		state.pause_step++;
		text_copy(state.pause_reason, sizeof(state.pause_reason), reason);
		result = config_state_put(tx, config_id, &state, err);
		text_format(message, sizeof(message), "%s makes no servers for %lld s: %s",
			    config.name, (long long)(length / MS_PER_S), reason);
		if (result == 0)
			result = pause_event(tx, context->now_ms, "config.paused", config_id,
					     config.pool_id, message, err);
	}
	document_clear(&document);
	return result;
}

int pause_config_count_failure(struct tx *tx, const char *config_id, struct hr_error *err)
{
	struct document document = {0};
	struct config_state state;
	bool found;

	if (find_document(tx, DOCUMENT_AUTOSCALE_CONFIG, config_id, &document, &found, err) < 0)
		return -1;
	document_clear(&document);
	if (!found)
		return 0;
	if (config_state_get(tx, config_id, &state, err) < 0)
		return -1;
	state.failures++;
	return config_state_put(tx, config_id, &state, err);
}

int pause_config_lift(struct tx *tx, const struct life_context *context, const char *config_id,
		      struct hr_error *err)
{
	struct config_state state;

	/* Brakes may have been loosened as well. */
	if (operation_hurry(tx, config_id, context->now_ms, err) < 0)
		return -1;

	if (config_state_get(tx, config_id, &state, err) < 0)
		return -1;
	if (state.paused_until_ms == 0 && state.pause_step == 0 && state.failures == 0)
		return 0;
	state.paused_until_ms = 0;
	state.pause_step = 0;
	state.pause_reason[0] = '\0';
	state.failures = 0;
	return config_state_put(tx, config_id, &state, err);
}

int pause_config_worked(struct tx *tx, const struct life_context *context, const char *config_id,
			struct hr_error *err)
{
	struct config_state state;

	if (config_state_get(tx, config_id, &state, err) < 0)
		return -1;
	if (state.pause_step == 0 && state.failures == 0)
		return 0;
	/* Where the budget let one at a time be tried, the others go now. */
	if (state.failures > 0 && operation_hurry(tx, config_id, context->now_ms, err) < 0)
		return -1;
	/* A pause that still runs is left: its cause is younger than this server. */
	state.pause_step = 0;
	state.failures = 0;
	return config_state_put(tx, config_id, &state, err);
}

bool pause_is_long(const struct hr_error *cause)
{
	return cause->class == HR_THROTTLED && cause->retry_after_ms >= THROTTLED_LONG_MS;
}

int64_t pause_retry_after(const struct hr_error *cause)
{
	return cause->retry_after_ms < RETRY_AFTER_LONGEST_MS ? cause->retry_after_ms
							      : RETRY_AFTER_LONGEST_MS;
}

int pause_account(struct tx *tx, struct life_context *context, const char *provider_config_id,
		  const struct hr_error *cause, struct hr_error *err)
{
	struct account_state state;
	struct document document = {0};
	char message[768];
	int64_t length;
	bool found;
	int result;

	if (find_document(tx, DOCUMENT_PROVIDER_CONFIG, provider_config_id, &document, &found,
			  err) < 0)
		return -1;
	if (!found)
		return 0;
	result = account_state_get(tx, provider_config_id, &state, err);
	if (result < 0 || state.paused_until_ms == MS_NEVER ||
	    (state.paused_until_ms > context->now_ms && cause->class != HR_AUTH))
		goto out;
	if (cause->class == HR_AUTH) {
		state.paused_until_ms = MS_NEVER;
		text_format(message, sizeof(message),
			    "%s is paused until its credentials are accepted again: %s",
			    document.name, cause->message);
	} else {
		length = cause->class == HR_THROTTLED
				 ? pause_retry_after(cause)
				 : pause_doubled(DEFECT_FIRST_MS, state.pause_step, LONGEST_MS);
		state.paused_until_ms = context->now_ms + length;
		text_format(message, sizeof(message), "%s is paused for %lld s: %s", document.name,
			    (long long)((length + MS_PER_S - 1) / MS_PER_S), cause->message);
	}
	state.pause_step += cause->class != HR_THROTTLED;
	text_copy(state.pause_reason, sizeof(state.pause_reason), cause->message);
	result = account_state_put(tx, provider_config_id, &state, err);
	if (result == 0)
		result = pause_event(tx, context->now_ms, "account.paused", "", "", message, err);
out:
	document_clear(&document);
	return result;
}

int pause_account_lift(struct tx *tx, struct life_context *context, const char *provider_config_id,
		       const char *reason, struct hr_error *err)
{
	struct account_state state;
	struct document document = {0};
	char message[768];
	bool found;
	int result;

	if (account_state_get(tx, provider_config_id, &state, err) < 0)
		return -1;
	if (state.paused_until_ms == 0 && state.pause_step == 0)
		return 0;
	if (find_document(tx, DOCUMENT_PROVIDER_CONFIG, provider_config_id, &document, &found,
			  err) < 0)
		return -1;
	if (!found)
		return 0;
	text_format(message, sizeof(message), "%s is no longer paused: %s", document.name, reason);
	document_clear(&document);
	result = state.paused_until_ms > context->now_ms
			 ? pause_event(tx, context->now_ms, "account.resumed", "", "", message, err)
			 : 0;
	state.paused_until_ms = 0;
	state.pause_step = 0;
	state.pause_reason[0] = '\0';
	return result < 0 ? -1 : account_state_put(tx, provider_config_id, &state, err);
}

int pause_account_worked(struct tx *tx, const char *provider_config_id, struct hr_error *err)
{
	struct account_state state;

	if (account_state_get(tx, provider_config_id, &state, err) < 0)
		return -1;
	if (state.pause_step == 0 || state.paused_until_ms == MS_NEVER)
		return 0;
	state.pause_step = 0;
	return account_state_put(tx, provider_config_id, &state, err);
}
