/* SPDX-License-Identifier: Apache-2.0 */
/* What plans only tell: each plan says it again, the event log has it once. */
#ifndef HR_ENGINE_PLAN_NOTES_H
#define HR_ENGINE_PLAN_NOTES_H

#include "plan/plan.h"
#include "store/store.h"

/* The last that was told of a pool; zeroed: nothing. */
struct plan_note {
	char text[512];
	int64_t told_ms;
};

/* Adds the event unless the note says the same, or differs only in numbers and is fresh: those count
 * down while nothing else changes. Changes *note. text "": what was told holds no more. */
int plan_note_tell(struct tx *tx, int64_t now_ms, const char *pool_id, const char *kind,
		   const char *text, struct plan_note *note, struct hr_error *err);

/* What would be done with the plan, in words that begin with why it is not: how the installation was moved,
 * or (NULL) a dry run; "" where nothing would be done. */
void plan_note_dry_run(const struct plan *plan, const char *moved, char *buf, size_t size);

#endif
