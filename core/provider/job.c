/* SPDX-License-Identifier: Apache-2.0 */
/* Making, answering and naming of jobs. */
#include "provider/job.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

bool job_is_step(const struct job *job)
{
	enum dispatch_kind kind = job->request->kind;

	return kind == DISPATCH_CREATE || kind == DISPATCH_DESTROY || kind == DISPATCH_INJECT;
}

static const char *text_or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

struct log_subject job_subject(const struct job *job, char call[JOB_CALL_SIZE])
{
	const struct dispatch_request *request = job->request;
	const struct log_subject subject = {
		.account = request->account,
		.server = job_is_step(job) ? request->step.server_id : NULL,
		.operation = text_or_null(request->operation_id),
		.operation_kind = dispatch_kind_name(request->kind),
		.call = call,
		.request = text_or_null(request->request_id),
	};

	text_format(call, JOB_CALL_SIZE, "%llu", (unsigned long long)request->ticket);
	return subject;
}

void job_log(const struct job *job, const char *format, ...)
{
	char call[JOB_CALL_SIZE];
	const struct log_subject subject = job_subject(job, call);
	char text[256];
	va_list args;

	va_start(args, format);
	text_formatv(text, sizeof(text), format, args);
	va_end(args);
	log_line(LOG_LEVEL_WARNING, &subject, "%s", text);
}

struct job *job_new(const struct dispatch_request *request, int64_t now_ms)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->request = dispatch_request_copy(request);
	job->answer = dispatch_answer_new(request);
	job->deadline_ms = now_ms + request->timeout_ms;
	if (!job->request || !job->answer) {
		job_free(job);
		return NULL;
	}
	return job;
}

void job_free(struct job *job)
{
	dispatch_request_free(job->request);
	dispatch_answer_free(job->answer);
	free(job);
}

/* A call that we cancelled for its deadline has timed out, whatever the module calls it. What it
 * did before is not known for certain. */
void job_name_cancellation(const struct job *job, struct dispatch_answer *result)
{
	if (job->cancelled_ms == 0 || result->result != HR_CANCELLED)
		return;
	if (job->timed_out) {
		result->result = result->error.class = HR_TIMEOUT;
		error_prefix(&result->error, "%s did not end within its time",
			     dispatch_kind_name(job->request->kind));
	}
	if (job_is_step(job))
		result->error.flags |= HR_FAULT_OUTCOME_UNKNOWN;
}

/* Moves what was found out into the answer. */
void job_fill_answer(struct dispatch_answer *answer, struct dispatch_answer *result)
{
	struct dispatch_answer names = *answer;

	free(answer->instances); /* the parts of a long list that was not ended */
	*answer = *result;
	memset(result, 0, sizeof(*result));
	answer->mail = names.mail;
	answer->kind = names.kind;
	answer->ticket = names.ticket;
	memcpy(answer->account, names.account, sizeof(answer->account));
	memcpy(answer->server_id, names.server_id, sizeof(answer->server_id));
}
