/* SPDX-License-Identifier: Apache-2.0 */
/* Workers and the watcher of deadlines. One mutex over everything; modules run outside of it. */
#include "provider/jobs.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "provider/job.h"

/* A module returns within 250 ms of cancellation; we are patient four times as long. */
#define GRACE_MS 1000
#define FREE_PATIENCE_MS 5000
#define STACK_SIZE (512u << 10)

struct jobs {
	pthread_mutex_t mutex;
	pthread_cond_t work;     /* something may be picked, or all is over */
	pthread_cond_t watch;    /* what is due has changed */
	pthread_cond_t finished; /* a job has run */
	struct job_operations operations;
	void *context;
	struct mailbox *answers;
	struct lanes lanes;
	pthread_t watcher;
	bool has_watcher;
	pthread_t *workers;
	unsigned n_workers, max_workers, n_idle, n_stuck;
	bool is_cancelled; /* no more requests are taken */
	bool is_over;      /* threads end */
};

static int64_t now_ms(void)
{
	return clock_now().mono_ms;
}

/* Gives the answer; the job's own from then on is none. */
static void give_answer(struct jobs *jobs, struct job *job)
{
	struct dispatch_answer *answer = job->answer;

	job->answer = NULL;
	if (answer)
		mailbox_push(jobs->answers, &answer->mail);
}

static void answer_error(struct jobs *jobs, struct job *job, int32_t class, uint32_t flags,
			 const char *message)
{
	job->answer->result = class;
	error_set(&job->answer->error, class, "%s", message);
	job->answer->error.flags = flags;
	give_answer(jobs, job);
}

/* Without the mutex. seat may be NULL. */
static void close_seat(struct jobs *jobs, struct seat *seat)
{
	if (!seat)
		return;
	jobs->operations.close(jobs->context, seat->handle);
	free(seat);
}

/* ---- The watcher --------------------------------------------------------------------------- */

static void answer_waiting(struct jobs *jobs, struct job *job, int32_t class, const char *message)
{
	answer_error(jobs, job, class, 0, message);
	/* An account is closed though nobody waits for it any more. */
	if (job->request->kind == DISPATCH_CLOSE)
		return;
	lanes_drop(&jobs->lanes, job);
	job_free(job);
}

static void cancel_running(struct jobs *jobs, struct job *job, bool timed_out)
{
	if (job->cancelled_ms != 0)
		return;
	job->cancelled_ms = now_ms();
	job->timed_out = timed_out;
	if (job->call)
		jobs->operations.cancel(job->call);
}

/* The module does not return: the answer is given for it. */
static void answer_for_module(struct jobs *jobs, struct job *job)
{
	char message[256];

	text_format(message, sizeof(message),
		    "the module does not return from %s %d ms after it was told to end; its worker "
		    "is lost until it does, and a restart of headroomd gets it back",
		    dispatch_kind_name(job->request->kind), GRACE_MS);
	if (job->call)
		jobs->operations.report(job->call, job->answer);
	answer_error(jobs, job, job->timed_out ? HR_TIMEOUT : HR_CANCELLED,
		     job_is_step(job) ? HR_FAULT_OUTCOME_UNKNOWN : 0, message);
	job->is_stuck = true;
	jobs->n_stuck++;
	job_log(job, "the module does not return from its call; workers held so: %u",
		jobs->n_stuck);
}

/* Does what is due; gives when the next is. */
static int64_t watch_waiting(struct jobs *jobs, int64_t now)
{
	int64_t next = MS_NEVER;
	struct job *after;

	for (struct job *job = jobs->lanes.oldest; job; job = after) {
		after = job->next;
		if (!job->answer)
			continue;
		if (job->deadline_ms <= now)
			answer_waiting(jobs, job, HR_TIMEOUT,
				       "the time for it passed before its turn came; nothing was "
				       "sent");
		else if (job->deadline_ms < next)
			next = job->deadline_ms;
	}
	return next;
}

static int64_t watch_running(struct jobs *jobs, int64_t now)
{
	int64_t next = MS_NEVER, due;

	for (struct job *job = jobs->lanes.running; job; job = job->next) {
		if (!job->answer)
			continue;
		if (job->cancelled_ms == 0 && job->deadline_ms <= now)
			cancel_running(jobs, job, true);
		due = job->cancelled_ms != 0 ? job->cancelled_ms + GRACE_MS : job->deadline_ms;
		if (job->cancelled_ms != 0 && due <= now)
			answer_for_module(jobs, job);
		else if (due < next)
			next = due;
	}
	return next;
}

/* Waits on a condition until then (monotonic ms, by the daemon's clock) at most. */
static void wait_until(struct jobs *jobs, pthread_cond_t *cond, int64_t until_ms)
{
	int64_t left = until_ms - now_ms();
	struct timespec at;

	if (until_ms == MS_NEVER) {
		pthread_cond_wait(cond, &jobs->mutex);
		return;
	}
	if (left <= 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += left / MS_PER_S;
	at.tv_nsec += left % MS_PER_S * 1000000 + 1;
	if (at.tv_nsec >= 1000000000) {
		at.tv_nsec -= 1000000000;
		at.tv_sec++;
	}
	pthread_cond_timedwait(cond, &jobs->mutex, &at);
}

static void *watcher_main(void *context)
{
	struct jobs *jobs = context;
	int64_t waiting, running;

	pthread_mutex_lock(&jobs->mutex);
	while (!jobs->is_over) {
		int64_t now = now_ms();

		waiting = watch_waiting(jobs, now);
		running = watch_running(jobs, now);
		wait_until(jobs, &jobs->watch, waiting < running ? waiting : running);
	}
	pthread_mutex_unlock(&jobs->mutex);
	return NULL;
}

/* ---- The workers --------------------------------------------------------------------------- */

void jobs_call_begins(struct jobs *jobs, struct job *job, void *call)
{
	pthread_mutex_lock(&jobs->mutex);
	job->call = call;
	if (job->cancelled_ms != 0)
		jobs->operations.cancel(call);
	pthread_mutex_unlock(&jobs->mutex);
}

void jobs_call_ends(struct jobs *jobs, struct job *job)
{
	pthread_mutex_lock(&jobs->mutex);
	job->call = NULL;
	pthread_mutex_unlock(&jobs->mutex);
}

/* A handle that open made takes its place, or comes back as the one to be closed. */
static struct seat *install(struct job *job, const struct dispatch_answer *result)
{
	struct seat *seat;

	if (!job->opened) {
		if (job->request->kind == DISPATCH_OPEN)
			text_copy(job->lane->why_closed, sizeof(job->lane->why_closed),
				  result->error.message);
		return NULL;
	}
	seat = job->seat; /* made before the call, so that memory cannot fail here */
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): see the line above */
	seat->handle = job->opened;
	seat->limit = job->opened_limit > 0 ? job->opened_limit : 1;
	job->seat = NULL;
	job->opened = NULL;
	if (!job->answer)
		return seat; /* it was answered as failed meanwhile */
	return lanes_replace_seat(job->lane, seat);
}

/* Under the mutex; gives what is to be closed without it. */
static void finish(struct jobs *jobs, struct job *job, struct dispatch_answer *result,
		   struct seat *to_close[2])
{
	bool is_open = job->request->kind == DISPATCH_OPEN;

	job_name_cancellation(job, result);
	to_close[0] = is_open ? install(job, result) : NULL;
	if (is_open) {
		free(job->seat);
		job->seat = NULL;
	}
	if (job->is_stuck) {
		jobs->n_stuck--;
		job_log(job, "the module's call has returned after all; workers still held: %u",
			jobs->n_stuck);
	}
	if (job->answer) {
		job_fill_answer(job->answer, result);
		give_answer(jobs, job);
	}
	if (job->request->kind == DISPATCH_CLOSE) {
		free(job->seat);
		job->seat = NULL;
	}
	to_close[1] = lanes_finish(&jobs->lanes, job);
	if (job->request->kind == DISPATCH_CLOSE)
		lanes_remove(&jobs->lanes, job->lane);
	pthread_cond_broadcast(&jobs->work);
	pthread_cond_broadcast(&jobs->finished);
}

/* Nothing can be asked of an account that could not be opened. */
static void refuse_closed(const struct job *job, struct dispatch_answer *ret)
{
	ret->result = HR_TRANSIENT;
	error_set(&ret->error, HR_TRANSIENT, "account %s is not open: %s", job->request->account,
		  job->lane->why_closed);
}

/* Called and left with the mutex. */
static void run_one(struct jobs *jobs, struct job *job)
{
	enum dispatch_kind kind = job->request->kind;
	struct dispatch_answer result = {.percent = -1};
	struct seat *to_close[2];

	if (kind == DISPATCH_OPEN)
		job->seat = calloc(1, sizeof(*job->seat));
	if (kind == DISPATCH_OPEN && !job->seat) {
		result.result = HR_INTERNAL;
		error_no_memory(&result.error, "opening an account");
	} else if (kind != DISPATCH_OPEN && kind != DISPATCH_CLOSE && !job->seat) {
		refuse_closed(job, &result);
	} else {
		pthread_mutex_unlock(&jobs->mutex);
		jobs->operations.run(jobs->context, job, &result);
		pthread_mutex_lock(&jobs->mutex);
	}
	finish(jobs, job, &result, to_close);
	pthread_mutex_unlock(&jobs->mutex);
	close_seat(jobs, to_close[0]);
	close_seat(jobs, to_close[1]);
	free(result.resume_token);
	free(result.instances);
	free(result.problems);
	job_free(job);
	pthread_mutex_lock(&jobs->mutex);
}

static void *worker_main(void *context)
{
	struct jobs *jobs = context;
	struct job *job;

	pthread_mutex_lock(&jobs->mutex);
	while (!jobs->is_over) {
		job = lanes_pick(&jobs->lanes);
		if (job) {
			run_one(jobs, job);
			continue;
		}
		jobs->n_idle++;
		pthread_cond_wait(&jobs->work, &jobs->mutex);
		jobs->n_idle--;
	}
	pthread_mutex_unlock(&jobs->mutex);
	return NULL;
}

/* ---- From outside -------------------------------------------------------------------------- */

static int start_thread(pthread_t *ret_thread, void *(*start)(void *), struct jobs *jobs)
{
	pthread_attr_t attributes;
	int rc;

	if (pthread_attr_init(&attributes) != 0)
		return -1;
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	rc = pthread_create(ret_thread, &attributes, start, jobs);
	pthread_attr_destroy(&attributes);
	return rc == 0 ? 0 : -1;
}

/* Before one more job waits: the watcher is there, and an idle worker for each that then waits, as
 * far as there may be workers. */
static int start_threads(struct jobs *jobs, struct hr_error *err)
{
	if (!jobs->has_watcher) {
		if (start_thread(&jobs->watcher, watcher_main, jobs) != 0)
			return error_set(err, HR_INTERNAL, "cannot start a thread for modules");
		jobs->has_watcher = true;
	}
	if (jobs->n_idle > jobs->lanes.n_waiting || jobs->n_workers == jobs->max_workers)
		return 0;
	if (start_thread(&jobs->workers[jobs->n_workers], worker_main, jobs) == 0)
		jobs->n_workers++;
	if (jobs->n_workers == 0)
		return error_set(err, HR_INTERNAL, "cannot start a thread for modules");
	return 0;
}

int jobs_new(const struct job_operations *operations, void *context, struct mailbox *answers,
	     unsigned workers, struct jobs **ret_jobs, struct hr_error *err)
{
	struct jobs *jobs = calloc(1, sizeof(*jobs));
	pthread_condattr_t attributes;

	if (jobs)
		jobs->workers = calloc(workers, sizeof(*jobs->workers));
	if (!jobs || !jobs->workers || pthread_condattr_init(&attributes) != 0) {
		free(jobs ? jobs->workers : NULL);
		free(jobs);
		return error_no_memory(err, "preparing calls of modules");
	}
	jobs->operations = *operations;
	jobs->context = context;
	jobs->answers = answers;
	jobs->max_workers = workers;
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&jobs->mutex, NULL);
	pthread_cond_init(&jobs->work, NULL);
	pthread_cond_init(&jobs->watch, &attributes);
	pthread_cond_init(&jobs->finished, &attributes);
	pthread_condattr_destroy(&attributes);
	*ret_jobs = jobs;
	return 0;
}

/* The lane for a request; a new one for an OPEN. NULL and an error: the account is not open. */
static struct lane *lane_for(struct jobs *jobs, const struct dispatch_request *request,
			     struct hr_error *err)
{
	struct lane *lane = lanes_find(&jobs->lanes, request->account);

	if (jobs->is_cancelled) {
		error_set(err, HR_TRANSIENT, "no more calls of modules: headroomd is about to end");
		return NULL;
	}
	if (request->kind == DISPATCH_OPEN) {
		if (!lane)
			lane = lanes_add(&jobs->lanes, request->account);
		if (!lane)
			error_no_memory(err, "opening an account");
		return lane;
	}
	if (lane && (lane->seat || lane->pending_opens > 0 || request->kind == DISPATCH_CLOSE))
		return lane;
	error_set(err, HR_TRANSIENT, "account %s is not open%s%s", request->account,
		  lane && lane->why_closed[0] != '\0' ? ": " : "", lane ? lane->why_closed : "");
	return NULL;
}

int jobs_submit(struct jobs *jobs, const struct dispatch_request *request, struct hr_error *err)
{
	struct job *job = job_new(request, now_ms());
	int rc = 0;

	if (!job)
		return error_no_memory(err, "asking a module");
	pthread_mutex_lock(&jobs->mutex);
	job->lane = lane_for(jobs, request, err);
	if (!job->lane || start_threads(jobs, err) != 0) {
		rc = -1;
	} else {
		lanes_queue(&jobs->lanes, job);
		pthread_cond_signal(&jobs->work);
		pthread_cond_signal(&jobs->watch);
	}
	pthread_mutex_unlock(&jobs->mutex);
	if (rc != 0)
		job_free(job);
	return rc;
}

void jobs_cancel_all(struct jobs *jobs)
{
	struct job *after;

	pthread_mutex_lock(&jobs->mutex);
	jobs->is_cancelled = true;
	for (struct job *job = jobs->lanes.oldest; job; job = after) {
		after = job->next;
		if (job->answer)
			answer_waiting(jobs, job, HR_CANCELLED,
				       "headroomd is about to end; nothing was sent");
	}
	for (struct job *job = jobs->lanes.running; job; job = job->next)
		cancel_running(jobs, job, false);
	pthread_cond_signal(&jobs->watch);
	pthread_mutex_unlock(&jobs->mutex);
}

unsigned jobs_stuck(struct jobs *jobs)
{
	unsigned n;

	pthread_mutex_lock(&jobs->mutex);
	n = jobs->n_stuck;
	pthread_mutex_unlock(&jobs->mutex);
	return n;
}

/* Waits until nothing runs, or the patience is over; whatever still runs then is answered. */
static bool wait_for_calls(struct jobs *jobs)
{
	int64_t until = now_ms() + FREE_PATIENCE_MS;
	bool are_done;

	pthread_mutex_lock(&jobs->mutex);
	while (jobs->lanes.running && now_ms() < until)
		wait_until(jobs, &jobs->finished, until);
	for (struct job *job = jobs->lanes.running; job; job = job->next)
		if (job->answer)
			answer_for_module(jobs, job);
	are_done = !jobs->lanes.running;
	jobs->is_over = true;
	pthread_cond_broadcast(&jobs->work);
	pthread_cond_broadcast(&jobs->watch);
	pthread_mutex_unlock(&jobs->mutex);
	return are_done;
}

bool jobs_free(struct jobs *jobs)
{
	struct job *job;

	jobs_cancel_all(jobs);
	if (!wait_for_calls(jobs)) {
		log_line(LOG_LEVEL_WARNING, NULL,
			 "a module does not return from its call; its thread is left behind");
		return false;
	}
	if (jobs->has_watcher)
		pthread_join(jobs->watcher, NULL);
	for (unsigned i = 0; i < jobs->n_workers; i++)
		pthread_join(jobs->workers[i], NULL);
	while ((job = jobs->lanes.oldest) != NULL) { /* closings that nobody waits for */
		lanes_drop(&jobs->lanes, job);
		job_free(job);
	}
	while (jobs->lanes.first) {
		close_seat(jobs, jobs->lanes.first->seat);
		lanes_remove(&jobs->lanes, jobs->lanes.first);
	}
	pthread_cond_destroy(&jobs->finished);
	pthread_cond_destroy(&jobs->watch);
	pthread_cond_destroy(&jobs->work);
	pthread_mutex_destroy(&jobs->mutex);
	free(jobs->workers);
	free(jobs);
	return true;
}
