/* SPDX-License-Identifier: Apache-2.0 */
/* Pauses of autoscale configs and accounts after failures: stored, doubling, lifted by success, by
 * an edit or by a good check. All run inside a transaction, but for
 * what only reckons. */
#ifndef HR_ENGINE_PAUSES_H
#define HR_ENGINE_PAUSES_H

#include "engine/life.h"

/* A module that asks to be called again is, after that long at the latest. */
#define PAUSE_AGAIN_LONGEST_MS (600 * MS_PER_S)

/* first, doubled step times, at most longest. */
int64_t pause_doubled(int64_t first, int64_t step, int64_t longest);

/* Pauses a config for 30 s, doubling to 30 min with each pause until a server of it gets ready. One
 * that is paused already stays as it is: failures of one moment count once. */
int pause_config(struct tx *tx, struct life_context *context, const char *config_id,
		 const char *reason, struct hr_error *err);

/* A server of the config did not get ready: one more in a row, for the failure budget. */
int pause_config_count_failure(struct tx *tx, const char *config_id, struct hr_error *err);

/* Lifts it at once and forgets doubling and failures: the config was edited or checked well. */
int pause_config_lift(struct tx *tx, const struct life_context *context, const char *config_id,
		      struct hr_error *err);

/* A server of the config got ready: the next pause is short again. */
int pause_config_worked(struct tx *tx, const struct life_context *context, const char *config_id,
			struct hr_error *err);

/* What the error says about when to come again, in ms; 0: nothing. An hour at most: it comes from
 * outside. */
int64_t pause_retry_after(const struct hr_error *cause);

/* Whether the provider, which throttles, is not to be asked for so long (a minute) that the planner has
 * to know: others stand in, and no deadline runs meanwhile. Less is the governor's alone. */
bool pause_is_long(const struct hr_error *cause);

/* Pauses an account: HR_AUTH until a check or an edit lifts it (MS_NEVER), HR_THROTTLED for what the
 * provider said, other classes from 5 s, doubling to 30 min. */
int pause_account(struct tx *tx, struct life_context *context, const char *provider_config_id,
		  const struct hr_error *cause, struct hr_error *err);

int pause_account_lift(struct tx *tx, struct life_context *context, const char *provider_config_id,
		       const char *reason, struct hr_error *err);

int pause_account_worked(struct tx *tx, const char *provider_config_id, struct hr_error *err);

#endif
