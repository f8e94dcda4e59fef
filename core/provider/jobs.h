/* SPDX-License-Identifier: Apache-2.0 */
/* Worker threads for a dispatcher: requests in, exactly one answer each out, whatever the module
 * does. A call that passes its deadline is cancelled; one that does not end then is answered for it
 * (outcome unknown) and holds its worker until it returns. Not here: how a request is run. */
#ifndef HR_PROVIDER_JOBS_H
#define HR_PROVIDER_JOBS_H

#include "provider/lane.h"

/* What an implementation gives. */
struct job_operations {
	/* Runs the job's request on a worker thread, without a lock: OPEN makes job->opened and
	 * opened_limit, CLOSE closes job->seat->handle (if there is a seat), others use that handle.
	 * Fills *ret (zeroed but for percent), as far as an answer's makers do not. */
	void (*run)(void *context, struct job *job, struct dispatch_answer *ret);
	/* Of job->call, while it is set, on any thread; neither may block. */
	void (*cancel)(void *call);
	void (*report)(void *call, struct dispatch_answer *ret); /* the instance id so far */
	/* Closes and frees a handle. On a worker thread or jobs_free's. */
	void (*close)(void *context, void *handle);
};

struct jobs;

/* answers is borrowed; workers from 1. */
int jobs_new(const struct job_operations *operations, void *context, struct mailbox *answers,
	     unsigned workers, struct jobs **ret_jobs, struct hr_error *err);

/* As dispatcher_operations.submit. One thread. */
int jobs_submit(struct jobs *jobs, const struct dispatch_request *request, struct hr_error *err);

/* Waiting jobs are answered with HR_CANCELLED, running ones cancelled; no more are taken. */
void jobs_cancel_all(struct jobs *jobs);

/* Waits for the calls under way, some seconds at most. true: all is closed and freed. false: a
 * call still hangs in a module; then the jobs stay, for good, but give no answer any more. */
bool jobs_free(struct jobs *jobs);

/* For run: the call that may be cancelled from now on (at once, if it was before), and its end. */
void jobs_call_begins(struct jobs *jobs, struct job *job, void *call);
void jobs_call_ends(struct jobs *jobs, struct job *job);

/* How many workers are held by calls that were answered for. Any thread. */
unsigned jobs_stuck(struct jobs *jobs);

#endif
