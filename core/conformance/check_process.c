/* SPDX-License-Identifier: Apache-2.0 */
/* Both ways to run a module; see checks.h. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "conformance/checks.h"
#include "conformance/life.h"
#include "conformance/sandboxed.h"
#include "conformance/tap.h"

#define PATIENCE_MS 30000

struct transcript {
	char text[1024];
};

static void write_down(struct transcript *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void write_down(struct transcript *t, const char *format, ...)
{
	size_t used = strlen(t->text);
	va_list args;

	va_start(args, format);
	text_formatv(t->text + used, sizeof(t->text) - used, format, args);
	va_end(args);
}

/* What an answer comes to: neither times nor ids are in it. */
static void write_answer(struct transcript *t, const struct dispatch_answer *answer)
{
	write_down(t, " %s",
		   answer->result == HR_OK      ? "ok"
		   : answer->result == HR_AGAIN ? "again"
						: error_class_name(answer->result));
	if (answer->kind == DISPATCH_CHECK)
		write_down(t, " with %zu problems", answer->n_problems);
	if (answer->kind == DISPATCH_LIST)
		write_down(t, "%s", answer->complete ? " complete" : " incomplete");
	for (size_t i = 0; answer->kind == DISPATCH_STATUS && i < answer->n_instances; i++) {
		uint32_t state = answer->instances[i].state;

		/* It may just have booted, or gone. */
		write_down(t, "%s",
			   state == HR_STATE_PENDING || state == HR_STATE_RUNNING ? " is there"
			   : state == HR_STATE_GONE || state == HR_STATE_STOPPING ||
					   state == HR_STATE_UNKNOWN
				   ? " is going"
				   : " is in another state");
	}
}

/* One operation; a step to its end. Whether to go on. */
static bool tell(struct subject *subject, enum dispatch_kind kind, struct server *server,
		 struct transcript *t)
{
	int64_t until_ms = clock_now().mono_ms + PATIENCE_MS;
	int32_t result = HR_AGAIN;

	write_down(t, "%s%s", t->text[0] ? "; " : "", dispatch_kind_name(kind));
	while (result == HR_AGAIN && clock_now().mono_ms < until_ms) {
		struct dispatch_answer *answer = life_call(subject, kind, server);

		if (!answer) {
			write_down(t, " is not answered");
			return false;
		}
		result = answer->result;
		if (result != HR_AGAIN)
			write_answer(t, answer);
		dispatch_answer_free(answer);
	}
	return result != HR_AGAIN;
}

static void live(struct subject *subject, struct transcript *ret)
{
	static const enum dispatch_kind kinds[] = {
		DISPATCH_CHECK,   DISPATCH_CREATE, DISPATCH_STATUS, DISPATCH_LIST,
		DISPATCH_DESTROY, DISPATCH_STATUS, DISPATCH_DESTROY};
	struct server server;
	bool goes_on = true;

	ret->text[0] = '\0';
	life_server(&server);
	for (size_t i = 0; goes_on && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		goes_on = tell(subject, kinds[i], &server, ret);
	life_forget(&server);
}

void check_process(struct subject *subject)
{
	static const char line[] = "in a sandboxed process it does the same as here";
	struct subject there = {0};
	struct transcript here, by_process;
	struct sandboxed sandboxed = {0};
	struct hr_error err = {0};

	subject_fault(subject, NULL, 0);
	if (subject_account(subject, &err) != HR_OK ||
	    sandboxed_open(subject, &sandboxed, &err) != 0) {
		tap_ok(false, "%s", line);
		tap_note("%s", err.message);
	} else {
		there.by = sandboxed_ask;
		there.by_context = &sandboxed;
		live(subject, &here);
		live(&there, &by_process);
		if (!tap_ok(strcmp(here.text, by_process.text) == 0, "%s", line)) {
			tap_note("here: %s", here.text);
			tap_note("there: %s%s%s", by_process.text, sandboxed.news[0] ? "; " : "",
				 sandboxed.news);
		}
	}
	sandboxed_close(&sandboxed);
}
