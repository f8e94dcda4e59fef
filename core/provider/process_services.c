/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon does for modules: their HTTP requests and the secrets they ask for. What an account
 * may reach follows from its settings (core/http), never from what its process says. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "provider/http_message.h"
#include "provider/process_state.h"

#define REQUESTS_MAX 256 /* of one account at once */

/* A request at the HTTP service. Owned by the account until it is answered or the account is gone;
 * the service's thread has the mail only. */
struct process_http {
	struct mail mail; /* first: the answer's way back */
	struct process_http *next;
	struct process_dispatcher *dispatcher;
	uint64_t account;    /* its number */
	uint64_t generation; /* of the host that asked */
	uint64_t id;         /* the host's name for it */
	uint64_t call;
	uint64_t ticket;
	struct http_answer *answer;
};

/* ---- Requests ------------------------------------------------------------------------------ */

/* On the HTTP service's thread. */
static void request_done(void *context, struct http_answer *answer)
{
	struct process_http *request = context;

	request->answer = answer;
	mailbox_push(request->dispatcher->inbox, &request->mail);
}

static void answer_with(struct process_account *account, uint64_t id,
			const struct wire_http_answer *answer)
{
	struct hr_error error;

	if (!account->host)
		return;
	if (host_process_send(account->host, WIRE_HTTP_ANSWER, id, answer, &error) != 0) {
		struct wire_http_answer failed = {.result = error.class, .error = error};

		if (answer->result == 0) /* it was made, and what came of it cannot be told */
			failed.error.flags |= HR_FAULT_OUTCOME_UNKNOWN;

		(void)host_process_send(account->host, WIRE_HTTP_ANSWER, id, &failed, NULL);
	}
	process_account_watch(account);
}

static void answer_error(struct process_account *account, uint64_t id, const struct hr_error *error)
{
	const struct wire_http_answer answer = {.result = error->class, .error = *error};

	answer_with(account, id, &answer);
}

/* job: NULL for the OPEN of a reopening. */
static int submit(struct process_account *account, const struct job *job,
		  struct process_http *under_way, const struct wire_http *message,
		  struct hr_error *err)
{
	const struct process_seat *seat = job && job->seat ? job->seat->handle : NULL;
	struct http_request request;

	if (!seat || !seat->services.http)
		return error_set(err, HR_UNSUPPORTED, "no request can be made %s",
				 seat ? "here: there is no HTTP service"
				      : "while an account opens");
	if (http_message_request(message, job->deadline_ms - account->dispatcher->now.mono_ms,
				 &request, err) != 0)
		return -1;
	return http_submit(seat->services.http, &request, request_done, under_way,
			   &under_way->ticket, err);
}

void process_services_http(struct process_account *account, uint64_t id,
			   const struct wire_http *message)
{
	struct job *job = process_job(account, message->call);
	struct process_http *request;
	struct hr_error error = {0};

	if (job && job->cancelled_ms != 0)
		error_set(&error, HR_CANCELLED,
			  "the call was told to end: no further request is made for it");
	else if (job && account->n_requests >= REQUESTS_MAX)
		error_set(&error, HR_THROTTLED,
			  "the account has %d requests under way, and more at once are not made",
			  REQUESTS_MAX);
	if (error.class != 0) {
		answer_error(account, id, &error);
		return;
	}
	request = calloc(1, sizeof(*request));
	if (!request) {
		error_no_memory(&error, "making a request");
		answer_error(account, id, &error);
		return;
	}
	request->dispatcher = account->dispatcher;
	request->account = account->number;
	request->generation = account->generation;
	request->id = id;
	request->call = message->call;
	if (submit(account, job, request, message, &error) != 0) {
		free(request);
		answer_error(account, id, &error);
		return;
	}
	if (job->answer)
		job->answer->n_requests++;
	request->next = account->requests;
	account->requests = request;
	account->n_requests++;
}

void process_services_cancel(struct process_account *account, uint64_t number)
{
	for (struct process_http *at = account->requests; at; at = at->next)
		if (number == 0 || at->call == number)
			http_cancel(account->dispatcher->http, at->ticket);
}

static struct process_account *account_of(struct process_dispatcher *d, uint64_t number)
{
	for (struct process_account *account = d->accounts; account; account = account->next)
		if (account->number == number)
			return account;
	return NULL;
}

static void forget(struct process_account *account, const struct process_http *request)
{
	struct process_http **at = &account->requests;

	while (*at && *at != request)
		at = &(*at)->next;
	if (*at) {
		*at = request->next;
		account->n_requests--;
	}
}

static void hand_back(struct process_account *account, const struct process_http *request)
{
	struct wire_http_answer answer;

	http_message_answer(request->answer, &answer);
	answer_with(account, request->id, &answer);
}

void process_services_take(struct process_dispatcher *d)
{
	uint64_t count;
	struct mail *mail;

	if (read(d->wake_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return;
	while ((mail = mailbox_take(d->inbox)) != NULL) {
		struct process_http *request = (struct process_http *)(void *)mail;
		struct process_account *account = account_of(d, request->account);

		if (account)
			forget(account, request);
		if (account && account->lane && account->host &&
		    account->generation == request->generation)
			hand_back(account, request);
		http_answer_free(request->answer);
		free(request);
	}
}

/* ---- Secrets ------------------------------------------------------------------------------- */

static int find_secret(const struct process_account *account, const struct job *job,
		       const char *key, char **ret_value, struct hr_error *err)
{
	const struct process_seat *seat = job && job->seat ? job->seat->handle : NULL;

	*ret_value = NULL;
	if (!seat)
		return error_set(err, HR_INVALID, "secrets can be asked for in operations only");
	return account_services_secret(&seat->services, &account->dispatcher->secrets, key,
				       ret_value, err);
}

void process_services_secret(struct process_account *account, uint64_t id,
			     const struct wire_secret *message)
{
	struct wire_secret_answer answer = {.result = HR_OK};
	char *value = NULL;

	if (find_secret(account, process_job(account, message->call), message->key, &value,
			&answer.error) != 0)
		answer.result = answer.error.class;
	answer.value = answer.result == HR_OK ? value : NULL;
	answer.value_len = answer.value ? strlen(answer.value) : 0;
	(void)host_process_send(account->host, WIRE_SECRET_ANSWER, id, &answer, NULL);
	process_account_watch(account);
	secret_free(value);
}

/* ---- Beginning and end --------------------------------------------------------------------- */

/* Any thread. */
static void wake(void *context)
{
	const struct process_dispatcher *d = context;
	uint64_t one = 1;

	/* A full counter is as good as one more. */
	if (write(d->wake_fd, &one, sizeof(one)) < 0)
		return;
}

int process_services_init(struct process_dispatcher *d, struct hr_error *err)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};

	d->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->inbox = mailbox_new(wake, d);
	if (d->wake_fd < 0 || !d->inbox ||
	    epoll_ctl(d->epoll_fd, EPOLL_CTL_ADD, d->wake_fd, &event) != 0)
		return error_no_memory(err, "preparing calls of modules");
	return 0;
}

/* Every request is answered, so that none comes back to what is gone. */
void process_services_end(struct process_dispatcher *d)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	bool busy = d->inbox != NULL; /* without one, nothing was ever asked */

	for (struct process_account *account = d->accounts; account; account = account->next)
		process_services_cancel(account, 0);
	while (busy) {
		process_services_take(d);
		busy = false;
		for (struct process_account *account = d->accounts; account;
		     account = account->next)
			busy |= account->requests != NULL;
		if (busy)
			nanosleep(&pause, NULL);
	}
	if (d->inbox)
		mailbox_free(d->inbox);
	if (d->wake_fd >= 0)
		close(d->wake_fd);
}
