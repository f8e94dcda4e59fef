/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that go on later, marks, ids, states, and lists page by page. */
#include <headroom/sdk.h>

#include <string.h>

int32_t hr_again(const struct hr_call *call, const char *resume_token, int64_t delay_ms,
		 int32_t percent, const char *stage)
{
	call->again(call, hr_span_of(resume_token), delay_ms, percent, hr_span_of(stage));
	return HR_AGAIN;
}

struct hr_span hr_mark(const struct hr_step *step, const char *key)
{
	for (uint32_t i = 0; i < step->n_marks; i++)
		if (hr_span_is(step->marks[i].key, key))
			return step->marks[i].value;
	return (struct hr_span){0};
}

const char *hr_id_join(const struct hr_call *call, const char *id, const char *server_id)
{
	return hr_text(call, "%s/%s", id, server_id);
}

struct hr_span hr_id_first(struct hr_span instance_id)
{
	const char *slash =
		instance_id.len > 0 ? memchr(instance_id.ptr, '/', (size_t)instance_id.len) : NULL;

	if (slash)
		instance_id.len = (uint64_t)(slash - instance_id.ptr);
	return instance_id;
}

uint32_t hr_state_find(const struct hr_state_row *rows, size_t n_rows, struct hr_span word)
{
	for (size_t i = 0; i < n_rows; i++)
		if (hr_span_is(word, rows[i].word))
			return rows[i].state;
	return HR_STATE_UNKNOWN;
}

void hr_instance_gone(const struct hr_instance_sink *sink, struct hr_span instance_id)
{
	struct hr_instance gone = {.size = sizeof(gone), .state = HR_STATE_GONE};

	gone.instance_id = instance_id;
	sink->instance(sink, &gone);
}

int32_t hr_pages_next(struct hr_pages *pages, const char *next)
{
	const struct hr_call *call = pages->call;

	if (next[0] == '\0')
		return HR_OK;
	if (call->cancelled(call))
		return hr_fail(call, HR_CANCELLED, NULL, "Cancelled between two pages of a list.");
	if (pages->token && strcmp(next, pages->token) == 0)
		return hr_fail(call, HR_TRANSIENT, NULL,
			       "The provider names the page just read as the next one.");
	if (++pages->n >= HR_PAGES_MAX)
		return hr_fail(call, HR_TRANSIENT, NULL,
			       "The provider's list has more than %d pages.", HR_PAGES_MAX);
	pages->token = hr_text(call, "%s", next);
	return HR_AGAIN;
}
