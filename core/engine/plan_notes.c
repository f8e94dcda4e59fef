/* SPDX-License-Identifier: Apache-2.0 */
/* Shortages and dry runs, as events. */
#include "engine/plan_notes.h"

#include <ctype.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "store/operation_rows.h"

#define FRESH_MS (300 * MS_PER_S)

static bool same_but_numbers(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (isdigit((unsigned char)*a))
			a++;
		while (isdigit((unsigned char)*b))
			b++;
		if (*a != *b)
			return false;
		if (*a == '\0')
			return true;
	}
}

int plan_note_tell(struct tx *tx, int64_t now_ms, const char *pool_id, const char *kind,
		   const char *text, struct plan_note *note, struct hr_error *err)
{
	struct event event = {.at_ms = now_ms};

	if (text[0] == '\0') {
		note->text[0] = '\0';
		return 0;
	}
	if (strcmp(text, note->text) == 0 ||
	    (same_but_numbers(text, note->text) && now_ms - note->told_ms < FRESH_MS))
		return 0;
	text_copy(note->text, sizeof(note->text), text);
	note->told_ms = now_ms;
	text_copy(event.kind, sizeof(event.kind), kind);
	text_copy(event.pool_id, sizeof(event.pool_id), pool_id);
	text_copy(event.message, sizeof(event.message), text);
	return event_add(tx, &event, err);
}

void plan_note_dry_run(const struct plan *plan, const char *moved, char *buf, size_t size)
{
	const char *reason = NULL;
	size_t creates = 0, removals = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < plan->n_decisions; i++) {
		const struct plan_decision *decision = &plan->decisions[i];
		bool creates_one = decision->action == PLAN_CREATE;

		if (!creates_one && decision->action != PLAN_REMOVE &&
		    decision->action != PLAN_CANCEL)
			continue;
		creates += creates_one;
		removals += !creates_one;
		if (!reason)
			reason = decision->reason;
	}
	if (reason)
		text_format(buf, size, "%s%s: would make %zu and remove %zu; the first: %s",
			    moved ? moved : "dry run",
			    moved ? " (see headroomd --confirm-moved)" : "", creates, removals,
			    reason);
}
