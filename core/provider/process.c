/* SPDX-License-Identifier: Apache-2.0 */
/* Requests in, exactly one answer each out, whatever a module's process does: a call that passes its
 * deadline is cancelled, and a process that does not end it then is killed. */
#include "provider/process.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "provider/job.h"
#include "provider/process_state.h"

/* A module returns within 250 ms of cancellation; we are patient four times as long. */
#define GRACE_MS 1000
#define FREE_PATIENCE_MS 2000
#define END_PATIENCE_MS 1500
#define EVENTS_AT_ONCE 64

static struct process_dispatcher *of_dispatcher(struct dispatcher *dispatcher)
{
	return (struct process_dispatcher *)dispatcher;
}

/* ---- Answers ------------------------------------------------------------------------------- */

static void give_answer(struct process_dispatcher *d, struct job *job)
{
	struct dispatch_answer *answer = job->answer;

	job->answer = NULL;
	if (answer)
		mailbox_push(d->answers, &answer->mail);
}

static void process_seat_free(struct seat *seat)
{
	struct process_seat *own = seat ? seat->handle : NULL;

	if (own) {
		dispatch_request_free(own->opened);
		account_services_close(&own->services);
	}
	free(own);
	free(seat);
}

/* The seat is not the lane's any more: the host closes its account. */
static void seat_close(struct process_account *account, struct seat *seat)
{
	const struct dispatch_request request = {.kind = DISPATCH_CLOSE};
	struct process_seat *own = seat ? seat->handle : NULL;

	if (own && account->host && own->generation == account->generation)
		(void)process_account_send(account, &request, ++account->dispatcher->last_number,
					   own->number, MS_PER_S, NULL);
	process_seat_free(seat);
}

/* Whether the lane has a seat whose host is gone. */
static bool seat_is_dead(const struct process_account *account)
{
	const struct process_seat *seat = account->lane->seat ? account->lane->seat->handle : NULL;

	return seat && seat->generation != account->generation;
}

/* An OPEN has been answered by its module. */
static void finish_open(struct job *job, const struct dispatch_answer *result)
{
	struct process_account *account = job->lane->context;
	struct seat *seat;

	if (result->result != HR_OK) {
		text_copy(job->lane->why_closed, sizeof(job->lane->why_closed),
			  result->error.message);
		return;
	}
	seat = job->opened; /* made before the call, so that memory cannot fail here */
	job->opened = NULL;
	seat->limit = process_account_limit(account);
	crash_brake_opened(&account->brake, account->dispatcher->now.mono_ms);
	process_news_running(account);
	account->needs_open = false;
	seat_close(account, lanes_replace_seat(job->lane, seat));
}

/* The seat that an OPEN has prepared. */
static void drop_prepared(struct job *job)
{
	process_seat_free(job->opened);
	job->opened = NULL;
}

static void lane_free(struct process_dispatcher *d, struct lane *lane)
{
	struct process_account *account = lane->context;

	process_seat_free(lane->seat);
	lane->seat = NULL;
	if (account)
		process_account_close(account);
	account_folder_remove(&d->folders, lane->account);
	lanes_remove(&d->lanes, lane);
}

static bool is_running(const struct process_dispatcher *d, const struct job *job)
{
	for (const struct job *at = d->lanes.running; at; at = at->next)
		if (at == job)
			return true;
	return false;
}

void process_finish(struct process_dispatcher *d, struct job *job, struct dispatch_answer *result)
{
	struct lane *lane = job->lane;
	struct process_account *account = lane->context;
	enum dispatch_kind kind = job->request->kind;
	bool ran = is_running(d, job);

	job_name_cancellation(job, result);
	if (ran)
		module_metrics_called(d->metrics, kind, result->result,
				      d->now.mono_ms - job->started_ms);
	if (ran && kind == DISPATCH_OPEN)
		finish_open(job, result);
	drop_prepared(job);
	if (job->answer) {
		job_fill_answer(job->answer, result);
		give_answer(d, job);
	}
	if (ran)
		seat_close(account, lanes_finish(&d->lanes, job));
	else
		lanes_drop(&d->lanes, job);
	job_free(job);
	if (kind == DISPATCH_CLOSE)
		lane_free(d, lane);
	else if (ran && kind == DISPATCH_OPEN && seat_is_dead(account))
		process_account_reopen(account);
}

void process_fail(struct process_dispatcher *d, struct job *job, int32_t class, uint32_t flags,
		  int64_t retry_after_ms, const char *message)
{
	struct dispatch_answer result = {.percent = -1, .result = class};

	error_set(&result.error, class, "%s", message);
	result.error.flags = job_is_step(job) ? flags : 0;
	result.error.retry_after_ms = retry_after_ms;
	/* What the host has reported before. */
	if (job->answer)
		memcpy(result.instance_id, job->answer->instance_id, sizeof(result.instance_id));
	process_finish(d, job, &result);
}

static void fail_with(struct process_dispatcher *d, struct job *job, const struct hr_error *error)
{
	struct dispatch_answer result = {.percent = -1, .result = error->class, .error = *error};

	process_finish(d, job, &result);
}

struct job *process_job(const struct process_account *account, uint64_t number)
{
	for (struct job *job = account->dispatcher->lanes.running; job; job = job->next)
		if (job->number == number && job->lane == account->lane)
			return job;
	return NULL;
}

/* ---- Sending ------------------------------------------------------------------------------- */

/* With a copy of the OPEN, so that memory cannot fail once that is sent. */
static struct seat *seat_new(uint64_t number, const struct dispatch_request *request)
{
	struct seat *seat = calloc(1, sizeof(*seat));
	struct process_seat *own = calloc(1, sizeof(*own));
	struct dispatch_request *opened = dispatch_request_copy(request);

	if (!seat || !own || !opened) {
		free(seat);
		free(own);
		dispatch_request_free(opened);
		return NULL;
	}
	own->opened = opened;
	own->number = number;
	seat->handle = own;
	seat->limit = 1;
	return seat;
}

static int send_open(struct process_account *account, struct job *job, int64_t timeout_ms,
		     struct hr_error *err)
{
	struct dispatch_request request = *job->request;
	struct process_seat *own;
	struct seat *seat;

	if (process_account_host(account, job->request, err) != 0)
		return -1;
	seat = seat_new(job->number, job->request);
	if (!seat)
		return error_no_memory(err, "opening an account");
	own = seat->handle;
	own->generation = account->generation;
	job->opened = seat;
	if (process_account_services(account, job->request, &own->services, err) != 0)
		return -1;
	request.settings = own->services.settings;
	return process_account_send(account, &request, job->number, job->number, timeout_ms, err);
}

/* Hands the job to its host, or answers it. */
static void start_job(struct process_dispatcher *d, struct job *job)
{
	struct process_account *account = job->lane->context;
	const struct process_seat *seat = job->seat ? job->seat->handle : NULL;
	int64_t timeout_ms = job->deadline_ms - d->now.mono_ms;
	enum dispatch_kind kind = job->request->kind;
	struct dispatch_answer closed = {.percent = -1};
	struct hr_error error = {0};
	int rc = 0;

	job->number = ++d->last_number;
	job->started_ms = d->now.mono_ms;
	if (kind == DISPATCH_PROBE && timeout_ms < job->request->timeout_ms / 2) {
		/* It would call a server mute that was hardly asked. */
		rc = error_set(&error, HR_TIMEOUT, "the prober had too much else to ask");
	} else if (kind == DISPATCH_OPEN) {
		rc = send_open(account, job, timeout_ms, &error);
	} else if (seat && account->host && seat->generation == account->generation) {
		rc = process_account_send(account, job->request, job->number, seat->number,
					  timeout_ms, &error);
	} else if (kind == DISPATCH_CLOSE) {
		process_finish(d, job, &closed);
	} else {
		error_set(&error, HR_TRANSIENT, "account %s is not open: %s", job->request->account,
			  job->lane->why_closed);
		rc = -1;
	}
	if (rc != 0)
		fail_with(d, job, &error);
}

static void pump(struct process_dispatcher *d)
{
	struct job *job;

	while ((job = lanes_pick(&d->lanes)) != NULL)
		start_job(d, job);
}

static struct lane *lane_for(struct process_dispatcher *d, const struct dispatch_request *request,
			     struct hr_error *err)
{
	struct lane *lane = lanes_find(&d->lanes, request->account);

	if (d->is_cancelled) {
		error_set(err, HR_TRANSIENT, "no more calls of modules: headroomd is about to end");
		return NULL;
	}
	if (!lane && request->kind == DISPATCH_OPEN) {
		lane = lanes_add(&d->lanes, request->account);
		if (!lane)
			error_no_memory(err, "opening an account");
		else if (!process_account_new(d, lane, err)) {
			lanes_remove(&d->lanes, lane);
			lane = NULL;
		}
		return lane;
	}
	if (lane && (lane->seat || lane->pending_opens > 0 || request->kind == DISPATCH_CLOSE ||
		     request->kind == DISPATCH_OPEN))
		return lane;
	error_set(err, HR_TRANSIENT, "account %s is not open%s%s", request->account,
		  lane && lane->why_closed[0] != '\0' ? ": " : "", lane ? lane->why_closed : "");
	return NULL;
}

/* Closing and opening anew need no account that is open. */
static void unblock(struct process_account *account)
{
	if (account->needs_open && account->reopen_number == 0)
		account->lane->is_opening = false;
}

static int process_submit(struct dispatcher *dispatcher, const struct dispatch_request *request,
			  struct hr_error *err)
{
	struct process_dispatcher *d = of_dispatcher(dispatcher);
	bool is_operation = request->kind != DISPATCH_OPEN && request->kind != DISPATCH_CLOSE;
	struct lane *lane;
	struct job *job;

	d->now = clock_now();
	lane = lane_for(d, request, err);
	if (!lane)
		return -1;
	if (is_operation && lane->pending_opens == 0 && process_account_pauses(lane->context, err))
		return -1;
	job = job_new(request, d->now.mono_ms);
	if (!job)
		return error_no_memory(err, "asking a module");
	job->lane = lane;
	if (!is_operation)
		unblock(lane->context);
	lanes_queue(&d->lanes, job);
	pump(d);
	return 0;
}

/* ---- Deadlines ----------------------------------------------------------------------------- */

static void cancel_running(struct process_dispatcher *d, struct job *job, bool timed_out)
{
	if (job->cancelled_ms != 0)
		return;
	job->cancelled_ms = d->now.mono_ms;
	job->timed_out = timed_out;
	process_account_cancel(job->lane->context, job->number);
}

static int64_t watch_waiting(struct process_dispatcher *d)
{
	int64_t next = MS_NEVER;
	struct job *after;

	for (struct job *job = d->lanes.oldest; job; job = after) {
		after = job->next;
		if (job->request->kind == DISPATCH_CLOSE)
			continue;
		if (job->deadline_ms <= d->now.mono_ms)
			process_fail(d, job, HR_TIMEOUT, 0, 0,
				     "the time for it passed before its turn came; nothing was "
				     "sent");
		else if (job->deadline_ms < next)
			next = job->deadline_ms;
	}
	return next;
}

static int64_t watch_running(struct process_dispatcher *d)
{
	int64_t next = MS_NEVER, due;

	for (struct job *job = d->lanes.running; job; job = job->next) {
		if (job->cancelled_ms == 0 && job->deadline_ms <= d->now.mono_ms)
			cancel_running(d, job, true);
		due = job->cancelled_ms != 0 ? job->cancelled_ms + GRACE_MS : job->deadline_ms;
		if (job->cancelled_ms != 0 && due <= d->now.mono_ms)
			process_account_kill(job->lane->context, HOST_END_HANG,
					     "it did not return from %s %d ms after it was told to "
					     "end",
					     dispatch_kind_name(job->request->kind), GRACE_MS);
		else if (due < next)
			next = due;
	}
	return next;
}

/* ---- Step ---------------------------------------------------------------------------------- */

static void account_event(struct process_account *account)
{
	struct host_ending ending;

	if (!account->host)
		return;
	host_process_flush(account->host);
	process_messages_take(account);
	if (account->host && account->host->fd < 0 && host_process_ended(account->host, &ending))
		process_account_ended(account, &ending);
}

static void take_events(struct process_dispatcher *d)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	int n = epoll_wait(d->epoll_fd, events, EVENTS_AT_ONCE, 0);

	for (int i = 0; i < n; i++) {
		const struct process_watch *watch = events[i].data.ptr;

		if (watch)
			account_event(watch->account);
		else
			process_services_take(d);
	}
}

/* Accounts that were closed: no event names them any more. */
static void drop_closed(struct process_dispatcher *d)
{
	struct process_account **at = &d->accounts;

	while (*at) {
		struct process_account *account = *at;

		if (account->lane || account->requests) {
			at = &account->next;
			continue;
		}
		*at = account->next;
		free(account);
	}
}

static int64_t process_step(struct dispatcher *dispatcher, struct moment now)
{
	struct process_dispatcher *d = of_dispatcher(dispatcher);
	int64_t next = MS_NEVER, due;

	d->now = now;
	take_events(d);
	for (struct process_account *account = d->accounts; account; account = account->next)
		if (account->has_more)
			account_event(account);
	due = watch_waiting(d);
	next = due < next ? due : next;
	due = watch_running(d);
	next = due < next ? due : next;
	for (struct process_account *account = d->accounts; account; account = account->next) {
		due = process_account_step(account);
		next = due < next ? due : next;
		due = process_messages_step(account);
		next = due < next ? due : next;
		due = process_reason_step(account);
		next = due < next ? due : next;
	}
	pump(d);
	drop_closed(d);
	return next;
}

static int process_fd(struct dispatcher *dispatcher)
{
	return of_dispatcher(dispatcher)->epoll_fd;
}

/* ---- The end ------------------------------------------------------------------------------- */

static void process_cancel_all(struct dispatcher *dispatcher)
{
	struct process_dispatcher *d = of_dispatcher(dispatcher);
	struct job *after;

	d->now = clock_now();
	d->is_cancelled = true;
	for (struct job *job = d->lanes.oldest; job; job = after) {
		after = job->next;
		if (job->request->kind != DISPATCH_CLOSE)
			process_fail(d, job, HR_CANCELLED, 0, 0,
				     "headroomd is about to end; nothing was sent");
	}
	for (struct job *job = d->lanes.running; job; job = job->next)
		cancel_running(d, job, false);
}

static void wait_for_calls(struct process_dispatcher *d)
{
	int64_t until = clock_now().mono_ms + FREE_PATIENCE_MS;
	struct epoll_event event;

	while (d->lanes.running && clock_now().mono_ms < until) {
		(void)epoll_wait(d->epoll_fd, &event, 1, 20);
		process_step(&d->dispatcher, clock_now());
	}
}

/* Modules close their accounts, as long as that takes a moment only; what is left is killed. */
static void end_hosts(struct process_dispatcher *d)
{
	int64_t until = clock_now().mono_ms + END_PATIENCE_MS;
	struct host_ending ending;
	bool busy = true;

	for (struct lane *lane = d->lanes.first; lane; lane = lane->next) {
		struct process_account *account = lane->context;

		seat_close(account, lane->seat);
		lane->seat = NULL;
		if (account->host)
			host_process_finish(account->host);
	}
	while (busy && clock_now().mono_ms < until) {
		busy = false;
		for (struct process_account *a = d->accounts; a; a = a->next)
			if (a->host && a->host->pid > 0)
				busy |= !host_process_ended(a->host, &ending);
		if (busy)
			nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	}
}

static void process_free(struct dispatcher *dispatcher)
{
	struct process_dispatcher *d = of_dispatcher(dispatcher);

	process_cancel_all(dispatcher);
	wait_for_calls(d);
	while (d->lanes.running)
		process_fail(d, d->lanes.running, HR_CANCELLED, HR_FAULT_OUTCOME_UNKNOWN, 0,
			     "headroomd ends, and the module does not return from its call");
	while (d->lanes.oldest) { /* closings that nobody waits for */
		struct job *job = d->lanes.oldest;

		lanes_drop(&d->lanes, job);
		job_free(job);
	}
	end_hosts(d);
	process_services_end(d);
	while (d->lanes.first) {
		struct lane *lane = d->lanes.first;

		process_account_close(lane->context);
		lanes_remove(&d->lanes, lane);
	}
	drop_closed(d);
	if (d->epoll_fd >= 0)
		close(d->epoll_fd);
	free(d->installation);
	free(d->state_dir);
	free(d->host_program);
	free(d);
}

static const struct dispatcher_operations process_operations = {
	.submit = process_submit,
	.step = process_step,
	.fd = process_fd,
	.cancel_all = process_cancel_all,
	.free = process_free,
};

int process_dispatcher_new(const struct process_options *options,
			   struct dispatcher **ret_dispatcher, struct hr_error *err)
{
	struct process_dispatcher *d = calloc(1, sizeof(*d));

	if (!d)
		return error_no_memory(err, "preparing calls of modules");
	d->dispatcher.operations = &process_operations;
	d->registry = options->registry;
	d->answers = options->answers;
	d->installation = strdup(options->installation);
	d->state_dir = strdup(options->state_dir);
	d->host_program = strdup(options->host_program);
	d->http = options->http;
	d->secrets = options->secrets;
	d->metrics = options->metrics;
	d->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	d->wake_fd = -1;
	if (!d->installation || !d->state_dir || !d->host_program || d->epoll_fd < 0 ||
	    process_services_init(d, err) != 0) {
		process_free(&d->dispatcher);
		return error_no_memory(err, "preparing calls of modules");
	}
	d->folders.state_dir = d->state_dir;
	d->folders.uid_first = options->host_uid_first;
	d->folders.uid_last = options->host_uid_last;
	*ret_dispatcher = &d->dispatcher;
	return 0;
}
