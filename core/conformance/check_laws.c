/* SPDX-License-Identifier: Apache-2.0 */
/* A life without faults, and the laws; see checks.h. */
#include <string.h>

#include "base/text.h"
#include "conformance/checks.h"
#include "conformance/life.h"
#include "conformance/tap.h"

static uint32_t state_of(struct subject *subject, struct server *server, char ret_why[256])
{
	struct dispatch_answer *answer = life_call(subject, DISPATCH_STATUS, server);
	uint32_t state = UINT32_MAX;

	text_copy(ret_why, 256, answer ? answer->error.message : "no memory");
	if (answer && answer->result == HR_OK && answer->n_instances == 1)
		state = answer->instances[0].state;
	dispatch_answer_free(answer);
	return state;
}

static bool check_is_clean(struct subject *subject, struct server *server)
{
	struct dispatch_answer *answer = life_call(subject, DISPATCH_CHECK, server);
	bool ok;

	if (!answer)
		return false;
	ok = tap_ok(answer->result == HR_OK && answer->n_problems == 0,
		    "check finds nothing wrong with the test account");
	if (answer->result != HR_OK)
		tap_note("%s: %s", error_class_name(answer->result), answer->error.message);
	for (size_t i = 0; i < answer->n_problems; i++)
		tap_note("%s", answer->problems[i].error.message);
	dispatch_answer_free(answer);
	return ok;
}

bool check_life(struct subject *subject)
{
	struct server server;
	struct hr_error err = {0};
	char why[256];
	uint32_t state;
	bool ok;

	subject_fault(subject, NULL, 0);
	if (!tap_ok(subject_account(subject, &err) == HR_OK, "open gives an account")) {
		tap_note("%s", err.message);
		return false;
	}
	tap_ok(subject->n_requests == 0, "open makes no request");
	life_server(&server);
	ok = check_is_clean(subject, &server);
	if (!tap_ok(life_finish(subject, DISPATCH_CREATE, &server, why), "create makes a server")) {
		tap_note("%s", why);
		ok = false;
	}
	state = state_of(subject, &server, why);
	ok &= tap_ok(state == HR_STATE_PENDING || state == HR_STATE_RUNNING,
		     "status knows it as pending or running");
	ok &= tap_ok(life_count(subject, &server, 1) == 1, "a complete list has it once");
	if (!tap_ok(life_finish(subject, DISPATCH_DESTROY, &server, why), "destroy ends it")) {
		tap_note("%s", why);
		ok = false;
	}
	ok &= tap_ok(life_count(subject, &server, 0) == 0, "a complete list has it no more");
	state = state_of(subject, &server, why);
	tap_ok(state == HR_STATE_GONE || state == HR_STATE_UNKNOWN || state == HR_STATE_STOPPING,
	       "status knows it as gone, or not");
	life_forget(&server);
	return ok;
}

static void destroy_again(struct subject *subject)
{
	struct server server, never;
	char why[256];
	bool made;

	life_server(&server);
	life_server(&never);
	made = life_finish(subject, DISPATCH_CREATE, &server, why) &&
	       life_finish(subject, DISPATCH_DESTROY, &server, why);
	if (!tap_ok(made && life_finish(subject, DISPATCH_DESTROY, &server, why),
		    "destroy of what is gone is done a second time"))
		tap_note("%s", why);
	if (!tap_ok(life_finish(subject, DISPATCH_DESTROY, &never, why),
		    "destroy of what never was is done"))
		tap_note("%s", why);
	life_forget(&server);
	life_forget(&never);
}

static void destroy_without_id(struct subject *subject)
{
	struct server server;
	char why[256];
	bool done;

	life_server(&server);
	done = life_finish(subject, DISPATCH_CREATE, &server, why) &&
	       life_count(subject, &server, 1) == 1;
	server.instance_id[0] = '\0';
	done = done && life_finish(subject, DISPATCH_DESTROY, &server, why);
	tap_ok(done && life_count(subject, &server, 0) == 0,
	       "destroy without the instance's id finds it by its marks");
	life_forget(&server);
}

/* The provider has given the id to another server meanwhile. */
static void destroy_of_anothers(struct subject *subject)
{
	struct server owner, thief;
	struct dispatch_answer *answer;
	char why[256];

	life_server(&owner);
	life_server(&thief);
	if (!life_finish(subject, DISPATCH_CREATE, &owner, why)) {
		tap_ok(false, "a server to keep: %s", why);
		return;
	}
	text_copy(thief.instance_id, sizeof(thief.instance_id), owner.instance_id);
	answer = life_call(subject, DISPATCH_DESTROY, &thief);
	if (!tap_ok(answer && answer->result == HR_NOT_FOUND,
		    "destroy of an instance that bears another's mark is not_found") &&
	    answer)
		tap_note("%s", answer->result == HR_OK ? "it is done" : answer->error.message);
	dispatch_answer_free(answer);
	tap_ok(life_count(subject, &owner, 1) == 1, "... and the instance is still there");
	life_finish(subject, DISPATCH_DESTROY, &owner, why);
	life_forget(&owner);
	life_forget(&thief);
}

/* The process of the module ends after each request that is done, and another one goes on. */
static void ended_everywhere(struct subject *subject)
{
	static const struct fault lost = {
		.name = "is the last of its process", .class = HR_TRANSIENT, .sent = true};
	struct hr_error err = {0};
	char why[256];

	for (unsigned at = 0; at < 8; at++) {
		struct server server;
		bool done = false;

		life_server(&server);
		subject_fault(subject, &lost, at);
		while (!done && !subject->point.struck) {
			struct dispatch_answer *answer =
				life_call(subject, DISPATCH_CREATE, &server);

			done = !answer || answer->result == HR_OK;
			/* What that call said at its end nobody has heard; an instance's id is told at once. */
			if (subject->point.struck && answer && answer->result == HR_AGAIN)
				life_forget(&server);
			dispatch_answer_free(answer);
		}
		if (!subject->point.struck) {
			life_finish(subject, DISPATCH_DESTROY, &server, why);
			life_forget(&server);
			break;
		}
		subject_fault(subject, NULL, 0);
		done = subject_account(subject, &err) == HR_OK &&
		       life_finish(subject, DISPATCH_CREATE, &server, why) &&
		       life_count(subject, &server, 1) == 1;
		tap_ok(done,
		       "create: its process ends after request %u, and another makes it one server",
		       at + 1);
		life_finish(subject, DISPATCH_DESTROY, &server, why);
		life_forget(&server);
	}
	subject_fault(subject, NULL, 0);
}

void check_laws(struct subject *subject)
{
	struct hr_error err = {0};

	subject_fault(subject, NULL, 0);
	if (subject_account(subject, &err) != HR_OK) {
		tap_ok(false, "an account opens: %s", err.message);
		return;
	}
	destroy_again(subject);
	destroy_without_id(subject);
	destroy_of_anothers(subject);
	ended_everywhere(subject);
}
