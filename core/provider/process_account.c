/* SPDX-License-Identifier: Apache-2.0 */
/* The host of one account: started when something is asked of it, started again when it has ended,
 * with growing pauses where it keeps ending, and given its account again then. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "provider/probe_module.h"
#include "provider/process_state.h"

#define CALLS_DEFAULT 16
#define REOPEN_TIMEOUT_MS (30 * MS_PER_S)
#define CLOSED_PATIENCE_MS 200 /* between the end of a channel and that of its process */

struct process_account *process_account_new(struct process_dispatcher *d, struct lane *lane,
					    struct hr_error *err)
{
	struct process_account *account = calloc(1, sizeof(*account));

	if (!account) {
		error_no_memory(err, "opening an account");
		return NULL;
	}
	account->dispatcher = d;
	account->number = ++d->last_number;
	account->lane = lane;
	account->channel_watch.account = account;
	account->end_watch.account = account;
	account->kill_ms = MS_NEVER;
	account->next = d->accounts;
	d->accounts = account;
	lane->context = account;
	return account;
}

/* The host, if there is one, is no more. */
static void drop_host(struct process_account *account, enum host_end end)
{
	if (!account->host)
		return;
	host_process_free(account->host);
	account->host = NULL;
	module_metrics_ended(account->dispatcher->metrics, account->module->id, end);
}

void process_account_close(struct process_account *account)
{
	process_services_cancel(account, 0);
	drop_host(account, HOST_END_CLOSED);
	account->lane = NULL;
}

/* ---- Starting ------------------------------------------------------------------------------ */

static int watch(struct process_account *account, struct hr_error *err)
{
	struct epoll_event channel = {.events = EPOLLIN, .data.ptr = &account->channel_watch};
	struct epoll_event end = {.events = EPOLLIN, .data.ptr = &account->end_watch};
	int epoll_fd = account->dispatcher->epoll_fd;

	account->host->events = EPOLLIN;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, account->host->fd, &channel) != 0 ||
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, account->host->pidfd, &end) != 0)
		return error_set(err, HR_INTERNAL, "cannot watch a module's process");
	return 0;
}

/* As root every account has a uid of its own, which the owner of its folder records. */
static int find_user(struct process_account *account, struct host_process_options *options,
		     char **ret_folder, struct hr_error *err)
{
	struct process_dispatcher *d = account->dispatcher;
	bool is_local = account->module->profile == HR_PROFILE_LOCAL;
	struct stat st;

	options->switches_user = geteuid() == 0;
	if (!is_local && !options->switches_user)
		return 0;
	if (account_folder_make(&d->folders, account->lane->account, ret_folder, err) != 0)
		return -1;
	if (is_local)
		options->folder = *ret_folder;
	if (stat(*ret_folder, &st) != 0)
		return error_set(err, HR_INTERNAL, "cannot look at the account's folder %s",
				 *ret_folder);
	options->uid = st.st_uid;
	options->gid = st.st_gid;
	return 0;
}

static int start_host(struct process_account *account, struct hr_error *err)
{
	CLEANUP_FREE char *folder = NULL;
	struct host_process_options options = {
		.program = account->dispatcher->host_program,
		.module = account->module->path,
		.builtin = account->module->path ? NULL : account->module->id,
	};

	if (find_user(account, &options, &folder, err) != 0 ||
	    host_process_start(&options, &account->host, err) != 0)
		return -1;
	module_metrics_started(account->dispatcher->metrics, account->module->id);
	account->generation++;
	account->workers = 0;
	account->kill_ms = MS_NEVER;
	account->why_killed[0] = '\0';
	account->forbidden[0] = '\0';
	account->n_forbidden = 0;
	account->n_told = 0;
	account->look_ms = account->dispatcher->now.mono_ms;
	account->memory_limit_mib = 0;
	memset(&account->refusal, 0, sizeof(account->refusal));
	if (watch(account, err) == 0)
		return 0;
	drop_host(account, HOST_END_CLOSED);
	return -1;
}

int process_account_host(struct process_account *account, const struct dispatch_request *request,
			 struct hr_error *err)
{
	const struct registry_module *module = &probe_module;

	if (account->dispatcher->registry &&
	    registry_find(account->dispatcher->registry, request->provider ? request->provider : "",
			  &module, err) != 0)
		return -1;
	if (account->host && account->module != module) {
		drop_host(account, HOST_END_CLOSED);
		crash_brake_replaced(&account->brake);
	}
	account->module = module;
	if (account->host && account->host->fd >= 0 && account->why_killed[0] == '\0')
		return 0;
	if (account->host)
		return error_set(err, HR_TRANSIENT, "the module's process is about to end");
	return start_host(account, err);
}

unsigned process_account_limit(const struct process_account *account)
{
	unsigned limit = account->module->max_concurrency;

	if (account->module->thread_model < HR_THREADS_PARALLEL)
		return 1;
	if (limit == 0)
		limit = CALLS_DEFAULT;
	if (account->workers > 0 && limit > account->workers)
		limit = account->workers;
	return limit < LANE_CALLS_MAX ? limit : LANE_CALLS_MAX;
}

/* ---- Asking -------------------------------------------------------------------------------- */

/* The channel is watched for room only while something waits for it. */
void process_account_watch(struct process_account *account)
{
	struct host_process *host = account->host;
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = &account->channel_watch};

	if (host->writer.failure == FRAME_TOO_MUCH_WAITS)
		process_account_kill(account, HOST_END_GARBAGE,
				     "it does not read its channel, where %u MiB wait for it",
				     FRAME_WAITING_MAX >> 20);
	else if (host->writer.failure == FRAME_NO_MEMORY)
		process_account_kill(account, HOST_END_MEMORY,
				     "there is no memory for what it is to be told");
	if (frame_writer_waits(&host->writer))
		event.events |= EPOLLOUT;
	if (host->fd < 0 || event.events == host->events)
		return;
	if (epoll_ctl(account->dispatcher->epoll_fd, EPOLL_CTL_MOD, host->fd, &event) == 0)
		host->events = event.events;
}

int process_account_send(struct process_account *account, const struct dispatch_request *request,
			 uint64_t number, uint64_t seat, int64_t timeout_ms, struct hr_error *err)
{
	struct wire_request message = {.seat = seat, .request = *request};
	int rc, fd = -1;

	message.request.timeout_ms = timeout_ms;
	text_copy(message.installation, sizeof(message.installation),
		  account->dispatcher->installation);
	if (request->kind == DISPATCH_PROBE && probe_connect(&request->probe, &fd, err) != 0)
		return -1;
	if (fd < 0)
		rc = host_process_send(account->host, wire_of_dispatch(request->kind), number,
				       &message, err);
	else
		rc = host_process_send_descriptor(account->host, WIRE_PROBE, number, &message, fd,
						  err);
	if (fd >= 0)
		close(fd);
	process_account_watch(account);
	return rc;
}

int process_account_services(const struct process_account *account,
			     const struct dispatch_request *request,
			     struct account_services *ret_services, struct hr_error *err)
{
	const struct account_services_options options = {
		.module = account->module,
		.id = account->lane->account,
		.http = account->dispatcher->http,
		.secrets = account->dispatcher->secrets,
	};

	return account_services_open(&options, request->settings, ret_services, err);
}

void process_account_cancel(struct process_account *account, uint64_t number)
{
	process_services_cancel(account, number);
	if (!account->host)
		return;
	(void)host_process_send(account->host, WIRE_CANCEL, number, NULL, NULL);
	process_account_watch(account);
}

/* ---- Ending -------------------------------------------------------------------------------- */

bool process_account_pauses(const struct process_account *account, struct hr_error *ret_error)
{
	int64_t left = account->brake.not_before_ms - account->dispatcher->now.mono_ms;

	if (!account->needs_open || left <= 0)
		return false;
	error_set(ret_error, HR_TRANSIENT,
		  "%s; it is started again in %lld s (it ended so %u times in a row); if this goes "
		  "on, report it to the module's vendor, %.64s",
		  account->last_crash, (long long)((left + MS_PER_S - 1) / MS_PER_S),
		  account->brake.n_crashes, account->module->vendor);
	ret_error->retry_after_ms = left;
	return true;
}

void process_account_kill(struct process_account *account, enum host_end end, const char *format,
			  ...)
{
	va_list args;

	if (!account->host || account->why_killed[0] != '\0')
		return;
	va_start(args, format);
	text_formatv(account->why_killed, sizeof(account->why_killed), format, args);
	va_end(args);
	account->kill_end = end;
	host_process_kill(account->host);
}

static void count_failure(struct process_account *account, enum host_end end, const char *text)
{
	if (end == HOST_END_KILLED)
		crash_brake_killed(&account->brake, account->dispatcher->now.mono_ms);
	else
		crash_brake_crashed(&account->brake, account->dispatcher->now.mono_ms);
	text_copy(account->last_crash, sizeof(account->last_crash), text);
	process_news_failed(account, text);
}

static void answer_ended(struct process_account *account, struct job *job, enum host_end end,
			 const char *text)
{
	struct process_dispatcher *d = account->dispatcher;
	bool is_told = end == HOST_END_HANG && job->timed_out; /* the text names it */
	char message[512];

	if (job->request->kind == DISPATCH_CLOSE) {
		struct dispatch_answer closed = {.percent = -1};

		process_finish(d, job, &closed);
		return;
	}
	if (account->refusal.class != 0) {
		struct dispatch_answer refused = {.percent = -1};

		refused.result = account->refusal.class;
		refused.error = account->refusal;
		process_finish(d, job, &refused);
		return;
	}
	text_format(message, sizeof(message), "%s%s%s", text, is_told ? "" : " during ",
		    is_told ? "" : dispatch_kind_name(job->request->kind));
	process_fail(d, job, job->timed_out ? HR_TIMEOUT : HR_TRANSIENT,
		     job->request->kind == DISPATCH_OPEN ? 0 : HR_FAULT_OUTCOME_UNKNOWN, 0,
		     message);
}

static struct job *any_running(const struct process_account *account)
{
	for (struct job *job = account->dispatcher->lanes.running; job; job = job->next)
		if (job->lane == account->lane)
			return job;
	return NULL;
}

/* What waits for an account that will not be there for a while is told so at once. */
static void answer_waiting(struct process_account *account)
{
	struct process_dispatcher *d = account->dispatcher;
	struct hr_error error;
	struct job *after;

	if (!process_account_pauses(account, &error))
		return;
	for (struct job *job = d->lanes.oldest; job; job = after) {
		after = job->next;
		if (job->lane != account->lane || job->request->kind == DISPATCH_OPEN ||
		    job->request->kind == DISPATCH_CLOSE || !job->answer)
			continue;
		process_fail(d, job, error.class, 0, error.retry_after_ms, error.message);
	}
}

/* " during create, list": what was under way, each kind once; "" if nothing was. */
static void name_running(const struct process_account *account, char *buf, size_t size)
{
	unsigned named = 0;
	size_t used = 0;

	buf[0] = '\0';
	for (struct job *job = account->dispatcher->lanes.running; job; job = job->next) {
		unsigned bit = 1u << job->request->kind;

		if (job->lane != account->lane || (named & bit) || used + 1 >= size)
			continue;
		text_format(buf + used, size - used, "%s%s", named ? ", " : " during ",
			    dispatch_kind_name(job->request->kind));
		used += strlen(buf + used);
		named |= bit;
	}
}

void process_account_ended(struct process_account *account, const struct host_ending *ending)
{
	enum host_end end = process_reason_of(account, ending);
	char text[400], news[480], running[80];
	struct job *job;

	process_reason_text(account, ending, text, sizeof(text));
	if (account->refusal.class != 0)
		text_copy(text, sizeof(text), account->refusal.message);
	name_running(account, running, sizeof(running));
	text_format(news, sizeof(news), "%s%s", text, end == HOST_END_HANG ? "" : running);
	count_failure(account, end, account->refusal.class != 0 ? text : news);
	drop_host(account, end);
	process_services_cancel(account, 0);
	account->reopen_number = 0;
	account->kill_ms = MS_NEVER;
	while (account->lane && (job = any_running(account)) != NULL)
		answer_ended(account, job, end, text);
	if (!account->lane || !account->lane->seat)
		return;
	process_account_reopen(account);
	answer_waiting(account);
}

/* ---- Opening again ------------------------------------------------------------------------- */

void process_account_reopen(struct process_account *account)
{
	account->needs_open = true;
	/* Nothing is picked from the lane meanwhile. */
	account->lane->is_opening = true;
}

/* Secrets of this moment: files that references name may have other content by now. */
static int renew_services(struct process_account *account, struct process_seat *seat,
			  struct hr_error *err)
{
	struct account_services fresh;

	if (process_account_services(account, seat->opened, &fresh, err) != 0) {
		account_services_close(&fresh);
		return -1;
	}
	account_services_close(&seat->services);
	seat->services = fresh;
	return 0;
}

static int send_reopen(struct process_account *account, struct hr_error *err)
{
	struct process_dispatcher *d = account->dispatcher;
	struct process_seat *seat = account->lane->seat->handle;
	struct dispatch_request request;

	if (process_account_host(account, seat->opened, err) != 0 ||
	    renew_services(account, seat, err) != 0)
		return -1;
	request = *seat->opened;
	request.settings = seat->services.settings;
	account->reopen_number = ++d->last_number;
	account->reopen_until_ms = d->now.mono_ms + REOPEN_TIMEOUT_MS;
	return process_account_send(account, &request, account->reopen_number,
				    account->reopen_number, REOPEN_TIMEOUT_MS, err);
}

/* Until the pause that follows is over. */
static void give_up_reopening(struct process_account *account, const struct hr_error *error)
{
	char text[sizeof(account->last_crash)];

	text_format(text, sizeof(text), "the account cannot be opened again: %s", error->message);
	account->reopen_number = 0;
	count_failure(account, HOST_END_CRASH, text);
	drop_host(account, HOST_END_CLOSED);
	answer_waiting(account);
}

static void reopen(struct process_account *account)
{
	struct hr_error error = {0};

	if (send_reopen(account, &error) == 0)
		return;
	give_up_reopening(account, &error);
}

void process_account_reopened(struct process_account *account, const struct dispatch_answer *answer)
{
	struct process_seat *seat = account->lane->seat->handle;
	uint64_t number = account->reopen_number;

	account->reopen_number = 0;
	if (answer->result != HR_OK) {
		give_up_reopening(account, &answer->error);
		return;
	}
	seat->number = number;
	seat->generation = account->generation;
	account->needs_open = false;
	account->lane->is_opening = false;
	crash_brake_opened(&account->brake, account->dispatcher->now.mono_ms);
	process_news_running(account);
}

/* Not while one that is no use any more comes to its end, nor beside an OPEN with other settings, whose end
 * decides. One that runs is there where other settings were tried and did not open. */
static bool may_reopen(const struct process_account *account)
{
	bool is_free = !account->host || (account->host->fd >= 0 && account->why_killed[0] == '\0');

	return account->needs_open && account->reopen_number == 0 && account->lane &&
	       account->lane->is_opening && account->lane->pending_opens == 0 &&
	       !account->dispatcher->is_cancelled && is_free;
}

static int64_t sooner(int64_t one, int64_t other)
{
	return one < other ? one : other;
}

int64_t process_account_step(struct process_account *account)
{
	int64_t now = account->dispatcher->now.mono_ms, next = MS_NEVER;

	if (account->host && account->host->fd < 0 && account->kill_ms == MS_NEVER)
		account->kill_ms = now + CLOSED_PATIENCE_MS;
	if (account->host && account->kill_ms <= now)
		process_account_kill(account, HOST_END_GARBAGE,
				     "it closed its channel and went on");
	if (account->host && account->reopen_number != 0 && account->reopen_until_ms <= now)
		process_account_kill(account, HOST_END_HANG,
				     "it did not open the account within %lld s",
				     (long long)(REOPEN_TIMEOUT_MS / MS_PER_S));
	if (account->has_more)
		return now;
	if (may_reopen(account) && account->brake.not_before_ms <= now) {
		reopen(account);
		return now;
	}
	if (may_reopen(account))
		next = account->brake.not_before_ms;
	if (account->host && account->reopen_number != 0 && account->reopen_until_ms > now)
		next = sooner(next, account->reopen_until_ms);
	if (account->host && account->kill_ms > now)
		next = sooner(next, account->kill_ms);
	return next;
}
