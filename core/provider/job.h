/* SPDX-License-Identifier: Apache-2.0 */
/* A request on its way to a module: what both dispatchers do with it. Not here: the order of jobs
 * (core/provider/lane.h), and who runs them. */
#ifndef HR_PROVIDER_JOB_H
#define HR_PROVIDER_JOB_H

#include "base/log.h"
#include "provider/lane.h"

#define JOB_CALL_SIZE 24 /* the call's number as text */

/* A copy of the request with an empty answer to it; its deadline counts from now_ms (monotonic).
 * NULL: no memory. */
struct job *job_new(const struct dispatch_request *request, int64_t now_ms);

/* With what was not answered. NULL is fine. */
void job_free(struct job *job);

/* Create, destroy, inject: what concerns one server. */
bool job_is_step(const struct job *job);

/* Whom and what lines of the log about it are about; the job's own, and `call`. */
struct log_subject job_subject(const struct job *job, char call[JOB_CALL_SIZE]);

/* A warning in the log about the job's account, server and operation. */
void job_log(const struct job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A call that was cancelled for its deadline has timed out, whatever the module calls it. What it
 * did before is not known for certain. */
void job_name_cancellation(const struct job *job, struct dispatch_answer *result);

/* Moves what was found out into the answer, which keeps its names. */
void job_fill_answer(struct dispatch_answer *answer, struct dispatch_answer *result);

#endif
