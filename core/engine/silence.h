/* SPDX-License-Identifier: Apache-2.0 */
/* Servers whose heartbeat is expected and does not come. Other signs of a bad instance (the provider's
 * word: sightings.h) do not need it. */
#ifndef HR_ENGINE_SILENCE_H
#define HR_ENGINE_SILENCE_H

#include "engine/task.h"

/* The server has just been heard: its next beat is awaited from now on. Tells it where it was missing;
 * then somebody may be seated on it. The caller writes the row. */
int silence_heard(struct tx *tx, const struct life_context *context, struct server *server,
		  bool *ret_was_missing, struct hr_error *err);

/* Looks at those that are due, at most `limit`. Within the transaction of deadlines; touches their
 * pools. */
int silence_listen(struct tx *tx, struct task *task, int limit, struct hr_error *err);

#endif
