/* SPDX-License-Identifier: Apache-2.0 */
/* Faults, one at a time; see checks.h. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conformance/checks.h"
#include "conformance/life.h"
#include "conformance/tap.h"

#define REQUESTS_MAX 8u /* of one operation; what polls has more, all alike */
#define CANCEL_MS 250

static const enum dispatch_kind kinds[] = {DISPATCH_CHECK, DISPATCH_CREATE, DISPATCH_STATUS,
					   DISPATCH_LIST, DISPATCH_DESTROY};

/* What has happened to a request, and what the module made of it. */
struct trial {
	enum dispatch_kind kind;
	unsigned at;
	const struct fault *fault;
	char why[512]; /* what is wrong with it; or "" */
};

static void wrong(struct trial *trial, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void wrong(struct trial *trial, const char *format, ...)
{
	va_list args;

	if (trial->why[0] != '\0')
		return;
	va_start(args, format);
	text_formatv(trial->why, sizeof(trial->why), format, args);
	va_end(args);
}

static void judge_details(struct trial *trial, const struct subject *subject,
			  const struct dispatch_answer *answer)
{
	const struct hr_error *error = answer->n_problems > 0 && answer->result == HR_OK
					       ? &answer->problems[0].error
					       : &answer->error;

	if (strstr(error->message, "and says nothing more"))
		wrong(trial, "the error has no details");
	if (trial->fault->retry_after_ms != 0 &&
	    error->retry_after_ms != trial->fault->retry_after_ms)
		wrong(trial, "it says to wait %lld ms, where the provider said %d",
		      (long long)error->retry_after_ms, trial->fault->retry_after_ms);
	if (trial->fault->sent && trial->kind != DISPATCH_CHECK &&
	    !(error->flags & HR_FAULT_OUTCOME_UNKNOWN) &&
	    (trial->kind == DISPATCH_CREATE || trial->kind == DISPATCH_DESTROY))
		wrong(trial, "the error does not say that its outcome is unknown");
	if (trial->fault->cancels && subject->took_ms > CANCEL_MS)
		wrong(trial, "it returned %lld ms after it was cancelled, %d are allowed",
		      (long long)subject->took_ms, CANCEL_MS);
}

static void judge(struct trial *trial, const struct subject *subject,
		  const struct dispatch_answer *answer)
{
	int32_t result = answer->result;

	if (trial->kind == DISPATCH_CHECK && result == HR_OK && answer->n_problems > 0)
		result = answer->problems[0].error.class;
	if (!(trial->fault->allowed & FAULT_MAY(result)))
		wrong(trial, "it answers %s%s%s",
		      result == HR_OK      ? "ok"
		      : result == HR_AGAIN ? "again"
					   : error_class_name(result),
		      result >= HR_AUTH ? ": " : "",
		      result >= HR_AUTH ? answer->error.message : "");
	if (trial->kind == DISPATCH_LIST && result == HR_OK && answer->complete)
		wrong(trial, "it calls a list complete of which it could not read a part");
	if (trial->kind == DISPATCH_CHECK && result == HR_OK)
		wrong(trial, "it finds nothing wrong");
	if (result >= HR_AUTH)
		judge_details(trial, subject, answer);
}

/* Calls the operation until the fault has struck or it is done. */
static void run_until_struck(struct trial *trial, struct subject *subject, struct server *server)
{
	int32_t result = HR_AGAIN;

	while (result == HR_AGAIN && !subject->point.struck) {
		struct dispatch_answer *answer = life_call(subject, trial->kind, server);

		if (!answer) {
			wrong(trial, "out of memory");
			return;
		}
		result = answer->result;
		if (subject->point.struck && !subject->point.unfit)
			judge(trial, subject, answer);
		dispatch_answer_free(answer);
	}
}

/* The step is done after all, and the provider has what it should have. */
static void settle(struct trial *trial, struct subject *subject, struct server *server)
{
	char why[256];
	int n;

	if (trial->kind == DISPATCH_CREATE) {
		if (!life_finish(subject, DISPATCH_CREATE, server, why))
			wrong(trial, "create does not come to an end after it: %s", why);
		n = life_count(subject, server, 1);
		if (n != 1)
			wrong(trial, "the list has %d instances of the server after it", n);
	}
	if (!life_finish(subject, DISPATCH_DESTROY, server, why))
		wrong(trial, "destroy does not come to an end after it: %s", why);
	n = life_count(subject, server, 0);
	if (n != 0)
		wrong(trial, "the list still has %d instances after destroy", n);
}

static void report(const struct trial *trial, const struct subject *subject)
{
	const char *name = dispatch_kind_name(trial->kind);

	if (!subject->point.struck && trial->why[0] == '\0') {
		tap_skip("not reached", "%s: request %u %s", name, trial->at + 1,
			 trial->fault->name);
		return;
	}
	if (subject->point.unfit && trial->why[0] == '\0') {
		tap_skip(subject->point.unfit, "%s: request %u %s", name, trial->at + 1,
			 trial->fault->name);
		return;
	}
	if (!tap_ok(trial->why[0] == '\0', "%s: request %u %s", name, trial->at + 1,
		    trial->fault->name))
		tap_note("%s", trial->why);
}

static void try_fault(struct subject *subject, enum dispatch_kind kind, unsigned at,
		      const struct fault *fault)
{
	struct trial trial = {.kind = kind, .at = at, .fault = fault};
	struct server server;
	struct hr_error err = {0};
	char why[256];

	life_server(&server);
	subject_fault(subject, NULL, 0);
	if (subject_account(subject, &err) != HR_OK) {
		tap_ok(false, "%s: an account opens: %s", dispatch_kind_name(kind), err.message);
		return;
	}
	if (kind != DISPATCH_CHECK && kind != DISPATCH_CREATE &&
	    !life_finish(subject, DISPATCH_CREATE, &server, why))
		wrong(&trial, "no server to try it with: %s", why);
	subject_fault(subject, fault, at);
	run_until_struck(&trial, subject, &server);
	subject->point.fault = NULL;
	if (kind != DISPATCH_CHECK)
		settle(&trial, subject, &server);
	report(&trial, subject);
	life_forget(&server);
}

/* How many requests an operation makes, all its calls together, without a fault. */
static unsigned requests_of(struct subject *subject, enum dispatch_kind kind, struct server *server)
{
	unsigned n = 0;
	int32_t result = HR_AGAIN;

	while (result == HR_AGAIN && n < REQUESTS_MAX) {
		struct dispatch_answer *answer = life_call(subject, kind, server);

		if (!answer)
			break;
		n += subject->n_requests;
		result = answer->result;
		dispatch_answer_free(answer);
	}
	return n < REQUESTS_MAX ? n : REQUESTS_MAX;
}

void check_faults(struct subject *subject)
{
	unsigned n_requests[sizeof(kinds) / sizeof(kinds[0])];
	struct server server;
	struct hr_error err = {0};
	char why[256];

	life_server(&server);
	subject_fault(subject, NULL, 0);
	if (subject_account(subject, &err) != HR_OK) {
		tap_ok(false, "an account opens: %s", err.message);
		return;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		n_requests[i] = requests_of(subject, kinds[i], &server);
	life_finish(subject, DISPATCH_DESTROY, &server, why);
	life_forget(&server);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (n_requests[i] == 0)
			tap_skip("it makes no request", "%s meets faults",
				 dispatch_kind_name(kinds[i]));
		for (unsigned at = 0; at < n_requests[i]; at++)
			for (unsigned f = 0; f < n_faults; f++)
				try_fault(subject, kinds[i], at, &faults[f]);
	}
}
