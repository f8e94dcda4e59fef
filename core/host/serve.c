/* SPDX-License-Identifier: Apache-2.0 */
/* Leader and followers: whichever thread is free reads; when an operation comes, another takes the
 * reading over and this one runs it, so that no call waits for a hand-over between threads. Where no
 * other thread is free, the operation waits for one that is, and this one goes on reading: there is
 * always a reader, without whom neither an answer nor a cancellation would come. */
#include "host/serve.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <headroom/log.h>

#include "base/clock.h"
#include "base/text.h"
#include "host/account.h"
#include "host/link.h"
#include "host/run.h"
#include "host/signal_head.h"

#define STACK_SIZE (512u << 10)
#define END_PATIENCE_MS 1000

/* An opened account. */
struct serve_seat {
	struct serve_seat *next;
	uint64_t number;
	struct account *account;
};

/* A call under way. */
struct serve_call {
	struct serve_call *next;
	uint64_t id;
	struct call *call; /* once there is one */
	bool is_cancelled;
};

struct serve {
	const struct serve_options *options;
	struct link link;
	struct host_backend backend;
	pthread_mutex_t reading;
	pthread_mutex_t mutex; /* over all below */
	struct serve_seat *seats;
	struct serve_call *calls;
	struct serve_work *work, **work_end; /* for which no thread is free */
	unsigned n_threads;
	unsigned n_waiting; /* for their turn to read */
};

/* One a process; threads end with the process only. */
static struct serve the_serve;

/* An operation as read. */
struct serve_work {
	struct serve_work *next;
	enum wire_kind kind;
	struct wire_request *request;
	struct serve_call call;
};

/* ---- Calls --------------------------------------------------------------------------------- */

static void calls_add(struct serve *serve, struct serve_call *call, uint64_t id)
{
	*call = (struct serve_call){.id = id};
	pthread_mutex_lock(&serve->mutex);
	call->next = serve->calls;
	serve->calls = call;
	pthread_mutex_unlock(&serve->mutex);
}

static void calls_remove(struct serve *serve, const struct serve_call *call)
{
	struct serve_call **at = &serve->calls;

	pthread_mutex_lock(&serve->mutex);
	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	pthread_mutex_unlock(&serve->mutex);
}

static void calls_begin(struct serve *serve, struct serve_call *entry, struct call *call)
{
	pthread_mutex_lock(&serve->mutex);
	entry->call = call;
	if (entry->is_cancelled)
		call_cancel(call);
	pthread_mutex_unlock(&serve->mutex);
}

static void calls_end(struct serve *serve, struct serve_call *entry)
{
	pthread_mutex_lock(&serve->mutex);
	entry->call = NULL;
	pthread_mutex_unlock(&serve->mutex);
}

static void calls_cancel(struct serve *serve, uint64_t id)
{
	pthread_mutex_lock(&serve->mutex);
	for (struct serve_call *entry = serve->calls; entry; entry = entry->next) {
		if (entry->id != id)
			continue;
		entry->is_cancelled = true;
		if (entry->call)
			call_cancel(entry->call);
	}
	pthread_mutex_unlock(&serve->mutex);
}

/* ---- Seats --------------------------------------------------------------------------------- */

static struct account *seats_find(struct serve *serve, uint64_t number)
{
	struct serve_seat *seat;

	pthread_mutex_lock(&serve->mutex);
	for (seat = serve->seats; seat && seat->number != number; seat = seat->next)
		;
	pthread_mutex_unlock(&serve->mutex);
	return seat ? seat->account : NULL;
}

static int seats_add(struct serve *serve, uint64_t number, struct account *account)
{
	struct serve_seat *seat = calloc(1, sizeof(*seat));

	if (!seat)
		return -1;
	seat->number = number;
	seat->account = account;
	pthread_mutex_lock(&serve->mutex);
	seat->next = serve->seats;
	serve->seats = seat;
	pthread_mutex_unlock(&serve->mutex);
	return 0;
}

static void seats_close(struct serve *serve, uint64_t number)
{
	struct serve_seat **at = &serve->seats, *seat;

	pthread_mutex_lock(&serve->mutex);
	while (*at && (*at)->number != number)
		at = &(*at)->next;
	seat = *at;
	if (seat)
		*at = seat->next;
	pthread_mutex_unlock(&serve->mutex);
	if (seat)
		account_close(seat->account);
	free(seat);
}

/* ---- Operations ---------------------------------------------------------------------------- */

static void run_open(struct serve *serve, struct serve_work *work, struct call *call,
		     struct dispatch_answer *ret)
{
	const struct wire_request *request = work->request;
	const struct account_options options = {
		.module = serve->options->module,
		.id = request->request.account,
		.installation = request->installation,
		.state_dir = serve->options->state_dir,
		.backend = &serve->backend,
	};
	struct account *account;

	if (account_new(&options, request->request.settings, &account, &ret->error) != 0) {
		ret->result = ret->error.class;
		return;
	}
	call->subject = run_subject(account, &request->request);
	call->subject.number = work->call.id;
	calls_begin(serve, &work->call, call);
	ret->result = account_open(account, call, &ret->error);
	calls_end(serve, &work->call);
	if (ret->result == HR_OK && seats_add(serve, request->seat, account) != 0) {
		error_no_memory(&ret->error, "opening an account");
		ret->result = HR_INTERNAL;
	}
	if (ret->result == HR_OK) {
		ret->capabilities = serve->options->module->provider.capabilities;
		return;
	}
	/* What the call has of it must not outlive it. */
	memset(&call->subject, 0, sizeof(call->subject));
	account_close(account);
}

static void run_operation(struct serve *serve, struct serve_work *work, struct account *account,
			  struct call *call, struct dispatch_answer *ret)
{
	call->subject = run_subject(account, &work->request->request);
	call->subject.number = work->call.id;
	calls_begin(serve, &work->call, call);
	run_request(account, &work->request->request, call, ret);
	calls_end(serve, &work->call);
}

/* A frame has a limit, a list has none: all but the last instances go ahead. They are taken out. */
static int send_instances(struct serve *serve, uint64_t id, struct dispatch_answer *answer,
			  struct hr_error *err)
{
	struct dispatch_answer *part = calloc(1, sizeof(*part));
	size_t at = 0;
	int rc = part ? 0 : error_no_memory(err, "answering");

	while (rc == 0 && answer->n_instances - at > WIRE_INSTANCES_AT_ONCE) {
		part->instances = answer->instances + at;
		part->n_instances = WIRE_INSTANCES_AT_ONCE;
		rc = link_send(&serve->link, WIRE_INSTANCES, id, part, err);
		at += WIRE_INSTANCES_AT_ONCE;
	}
	memmove(answer->instances, answer->instances + at,
		(answer->n_instances - at) * sizeof(*answer->instances));
	answer->n_instances -= at;
	free(part);
	return rc;
}

static void send_answer(struct serve *serve, uint64_t id, struct dispatch_answer *answer)
{
	struct hr_error error;

	if ((answer->n_instances <= WIRE_INSTANCES_AT_ONCE ||
	     send_instances(serve, id, answer, &error) == 0) &&
	    link_send(&serve->link, WIRE_ANSWER, id, answer, &error) == 0)
		return;
	/* Without memory for an answer there is none for the rest either; the daemon starts anew. */
	_exit(1);
}

static void answer_clear(struct dispatch_answer *answer)
{
	free(answer->resume_token);
	free(answer->instances);
	free(answer->problems);
}

static void run_work(struct serve *serve, struct serve_work *work)
{
	const struct dispatch_request *request = &work->request->request;
	struct account *account = seats_find(serve, work->request->seat);
	struct dispatch_answer answer = {.percent = -1};
	const struct call_subject nobody = {0};
	struct call call;

	if (work->kind == WIRE_CLOSE)
		seats_close(serve, work->request->seat);
	else if (work->kind != WIRE_OPEN && !account) {
		error_set(&answer.error, HR_INTERNAL, "no such account is open");
		answer.result = HR_INTERNAL;
	} else if (call_init(&call, &nobody, clock_now().mono_ms + request->timeout_ms,
			     &answer.error) != 0) {
		answer.result = answer.error.class;
	} else {
		if (work->kind == WIRE_OPEN)
			run_open(serve, work, &call, &answer);
		else
			run_operation(serve, work, account, &call, &answer);
		call_clear(&call);
	}
	if (request->probe.descriptor >= 0)
		close(request->probe.descriptor);
	send_answer(serve, work->call.id, &answer);
	answer_clear(&answer);
}

/* ---- Threads ------------------------------------------------------------------------------- */

static enum dispatch_kind dispatch_of_wire(enum wire_kind kind)
{
	for (int d = DISPATCH_OPEN; d < DISPATCH_PROBE; d++)
		if (wire_of_dispatch((enum dispatch_kind)d) == kind)
			return (enum dispatch_kind)d;
	return DISPATCH_PROBE;
}

/* The daemon is gone, or closed the channel: calls get a moment to come to their end, then the
 * process ends, wherever a module's threads may be. */
_Noreturn static void end(struct serve *serve)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	int64_t until = clock_now().mono_ms + END_PATIENCE_MS;
	bool busy = true;

	link_lose(&serve->link);
	while (busy && clock_now().mono_ms < until) {
		pthread_mutex_lock(&serve->mutex);
		busy = serve->calls != NULL;
		for (struct serve_call *entry = serve->calls; entry; entry = entry->next)
			if (entry->call)
				call_cancel(entry->call);
		pthread_mutex_unlock(&serve->mutex);
		if (busy)
			nanosleep(&pause, NULL);
	}
	_exit(0);
}

/* Reads until an operation comes; whatever else comes is dealt with. The work is malloc'ed. */
static struct serve_work *read_work(struct serve *serve)
{
	struct serve_work *work;

	for (;;) {
		enum wire_kind kind;
		uint64_t id;
		void *value;

		if (link_receive(&serve->link, &kind, &id, &value) != 0)
			end(serve);
		if (kind == WIRE_CANCEL) {
			calls_cancel(serve, id);
		} else if (kind == WIRE_HTTP_ANSWER || kind == WIRE_SECRET_ANSWER) {
			link_answer(&serve->link, kind, id, value);
		} else {
			work = calloc(1, sizeof(*work));
			if (!work)
				_exit(1); /* it would have to be answered, which takes memory */
			work->kind = kind;
			work->request = value;
			work->request->request.kind = dispatch_of_wire(kind);
			work->request->request.probe.descriptor =
				kind == WIRE_PROBE ? frame_reader_descriptor(&serve->link.reader)
						   : -1;
			calls_add(serve, &work->call, id);
			return work;
		}
	}
}

static void *worker_main(void *context);

/* Without a thread to read neither cancel nor answer would come: better to start anew. */
static void start_thread(struct serve *serve)
{
	pthread_attr_t attributes;
	pthread_t thread;

	if (pthread_attr_init(&attributes) != 0 ||
	    pthread_attr_setstacksize(&attributes, STACK_SIZE) != 0 ||
	    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) != 0 ||
	    pthread_create(&thread, &attributes, worker_main, serve) != 0)
		_exit(1);
	pthread_attr_destroy(&attributes);
}

/* Finds somebody to read while this thread runs the operation; where there is nobody, and may be no
 * further thread, the operation is put by and this thread has to go on reading: false. */
static bool find_reader(struct serve *serve, struct serve_work *work)
{
	bool starts, is_put_by;

	pthread_mutex_lock(&serve->mutex);
	starts = serve->n_waiting == 0 && serve->n_threads < SERVE_WORKERS;
	is_put_by = serve->n_waiting == 0 && !starts;
	serve->n_threads += starts;
	if (is_put_by) {
		*serve->work_end = work;
		serve->work_end = &work->next;
	}
	pthread_mutex_unlock(&serve->mutex);
	if (starts)
		start_thread(serve);
	return !is_put_by;
}

/* What was put by, or NULL; then this thread waits for its turn to read. */
static struct serve_work *next_work(struct serve *serve)
{
	struct serve_work *work;

	pthread_mutex_lock(&serve->mutex);
	work = serve->work;
	if (work) {
		serve->work = work->next;
		if (!serve->work)
			serve->work_end = &serve->work;
	} else {
		serve->n_waiting++;
	}
	pthread_mutex_unlock(&serve->mutex);
	return work;
}

static struct serve_work *read_next(struct serve *serve)
{
	struct serve_work *work;

	pthread_mutex_lock(&serve->reading);
	pthread_mutex_lock(&serve->mutex);
	serve->n_waiting--;
	pthread_mutex_unlock(&serve->mutex);
	do
		work = read_work(serve);
	while (!find_reader(serve, work));
	pthread_mutex_unlock(&serve->reading);
	return work;
}

static void *worker_main(void *context)
{
	struct serve *serve = context;

	for (;;) {
		struct serve_work *work = next_work(serve);

		if (!work)
			work = read_next(serve);
		run_work(serve, work);
		calls_remove(serve, &work->call);
		wire_free(work->kind, work->request);
		free(work);
	}
	return NULL;
}

void serve_prepare(int fd)
{
	link_init(&the_serve.link, fd);
	pthread_mutex_init(&the_serve.reading, NULL);
	pthread_mutex_init(&the_serve.mutex, NULL);
	the_serve.work_end = &the_serve.work;
}

_Noreturn void serve_run(const struct serve_options *options)
{
	const struct wire_ready ready = {
		.workers = SERVE_WORKERS - 1,
		.sandbox = options->sandbox,
	};
	struct hr_error error;

	the_serve.options = options;
	the_serve.link.reader.takes_descriptors = options->module->probe != NULL;
	the_serve.backend = link_backend_functions;
	the_serve.backend.context = &the_serve.link;
	the_serve.n_threads = 1;
	if (link_send(&the_serve.link, WIRE_READY, 0, &ready, &error) != 0)
		_exit(1);
	worker_main(&the_serve);
	_exit(0);
}

void serve_refuse(const struct hr_error *error)
{
	struct wire_refused refused = {.error = *error};

	(void)link_send(&the_serve.link, WIRE_REFUSED, 0, &refused, NULL);
}

_Noreturn void serve_lost_spawner(const char *reason)
{
	static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
	struct wire_log line = {.level = HR_LOG_ERROR};
	struct hr_error error;

	pthread_mutex_lock(&once); /* whoever comes second waits for the end */
	text_format(line.text, sizeof(line.text), "%s, and this module's process with it", reason);
	(void)link_send(&the_serve.link, WIRE_LOG, 0, &line, &error);
	_exit(1);
}

/* The lock is no danger: a signal comes by what its own thread does, and one that writes to the
 * channel does nothing forbidden. */
void serve_forbidden(const char *name, unsigned count)
{
	char head[SIGNAL_HEAD_SIZE];
	struct frame frame = {.head = head, .head_len = signal_head_forbidden(head, name, count)};

	pthread_mutex_lock(&the_serve.link.writing);
	(void)frame_write(the_serve.link.fd, &frame);
	pthread_mutex_unlock(&the_serve.link.writing);
}

/* A crash may come while the lock is its own thread's: then the signal has to do for a reason. */
void serve_exhausted(unsigned limit_mib)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	char head[SIGNAL_HEAD_SIZE];
	struct frame frame = {.head = head, .head_len = signal_head_exhausted(head, limit_mib)};

	for (int i = 0; i < 100; i++) {
		if (pthread_mutex_trylock(&the_serve.link.writing) == 0) {
			(void)frame_write(the_serve.link.fd, &frame);
			pthread_mutex_unlock(&the_serve.link.writing);
			return;
		}
		nanosleep(&pause, NULL);
	}
}
