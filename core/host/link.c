/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, writing, and the questions that wait. What the daemon sends is believed: it is not at a
 * module's mercy. */
#include "host/link.h"

#include <stdlib.h>
#include <string.h>

#include "base/kill_point.h"
#include "base/text.h"
#include "host/http_exchange.h"

struct link_question {
	struct link_question *next;
	uint64_t id;
	void *answer;
	pthread_cond_t answered;
};

void link_init(struct link *link, int fd)
{
	memset(link, 0, sizeof(*link));
	link->fd = fd;
	pthread_mutex_init(&link->writing, NULL);
	pthread_mutex_init(&link->asking, NULL);
}

int link_receive(struct link *link, enum wire_kind *ret_kind, uint64_t *ret_id, void **ret_value)
{
	struct hr_error error;
	struct frame frame;
	int rc;

	while ((rc = frame_reader_next(&link->reader, &frame, &error)) == 0) {
		rc = frame_reader_fill(&link->reader, link->fd);
		if (rc != FRAME_READ_MORE && rc != FRAME_READ_LAST)
			return -1;
	}
	if (rc < 0)
		return -1;
	rc = wire_decode(&frame, WIRE_DAEMON, ret_kind, ret_id, ret_value, &error);
	frame_clear(&frame);
	if (rc == 0)
		KILL_POINT_FRAME(*ret_kind, KILL_RECEIVED);
	return rc;
}

int link_send(struct link *link, enum wire_kind kind, uint64_t id, const void *value,
	      struct hr_error *err)
{
	struct frame frame;

	if (wire_encode(kind, id, value, &frame, err) != 0)
		return -1;
	KILL_POINT_FRAME(kind, KILL_SENDING);
	pthread_mutex_lock(&link->writing);
	/* When the daemon is gone, whoever reads notices it. */
	(void)frame_write(link->fd, &frame);
	pthread_mutex_unlock(&link->writing);
	KILL_POINT_FRAME(kind, KILL_SENT);
	frame_clear(&frame);
	return 0;
}

/* ---- Questions ----------------------------------------------------------------------------- */

static void question_forget(struct link *link, const struct link_question *question)
{
	struct link_question **at = &link->questions;

	while (*at && *at != question)
		at = &(*at)->next;
	if (*at)
		*at = question->next;
}

int link_ask(struct link *link, enum wire_kind kind, const void *value, void **ret_answer,
	     struct hr_error *err)
{
	struct link_question question = {0};
	int rc;

	pthread_cond_init(&question.answered, NULL);
	pthread_mutex_lock(&link->asking);
	question.id = ++link->last_id;
	question.next = link->questions;
	/* cppcheck-suppress autoVariables ; out of the list again before this ends */
	link->questions = &question;
	pthread_mutex_unlock(&link->asking);
	rc = link_send(link, kind, question.id, value, err);
	pthread_mutex_lock(&link->asking);
	while (rc == 0 && !question.answer && !link->is_lost)
		pthread_cond_wait(&question.answered, &link->asking);
	if (rc == 0 && !question.answer)
		rc = error_set(err, HR_CANCELLED, "the daemon is gone");
	question_forget(link, &question);
	pthread_mutex_unlock(&link->asking);
	pthread_cond_destroy(&question.answered);
	*ret_answer = question.answer;
	return rc;
}

void link_answer(struct link *link, enum wire_kind kind, uint64_t id, void *value)
{
	struct link_question *question;

	pthread_mutex_lock(&link->asking);
	for (question = link->questions; question; question = question->next)
		if (question->id == id)
			break;
	if (question) {
		question->answer = value;
		pthread_cond_signal(&question->answered);
	}
	pthread_mutex_unlock(&link->asking);
	if (!question)
		wire_free(kind, value);
}

void link_lose(struct link *link)
{
	pthread_mutex_lock(&link->asking);
	link->is_lost = true;
	for (struct link_question *at = link->questions; at; at = at->next)
		pthread_cond_signal(&at->answered);
	pthread_mutex_unlock(&link->asking);
}

/* ---- The backend --------------------------------------------------------------------------- */

static int backend_http(void *context, const struct call *call,
			const struct hr_http_request *request,
			struct hr_http_response *ret_response, struct hr_error *err)
{
	struct wire_http_answer *answer = NULL;
	struct wire_http message;
	int rc = exchange_request(call, request, &message, err);

	if (rc == 0)
		rc = link_ask(context, WIRE_HTTP, &message, (void **)&answer, err);
	wire_clear(WIRE_HTTP, &message);
	if (rc != 0)
		return -1;
	if (answer->result == HR_OK) {
		rc = exchange_response(call, answer, ret_response, err);
	} else {
		*err = answer->error;
		rc = -1;
	}
	wire_free(WIRE_HTTP_ANSWER, answer);
	return rc;
}

static int backend_secret(void *context, const struct call *call, const char *key, char **ret_value,
			  struct hr_error *err)
{
	struct wire_secret message = {.call = call->subject.number};
	struct wire_secret_answer *answer = NULL;
	int rc = 0;

	text_copy(message.key, sizeof(message.key), key);
	if (link_ask(context, WIRE_SECRET, &message, (void **)&answer, err) != 0)
		return -1;
	if (answer->result != HR_OK) {
		*err = answer->error;
		rc = -1;
	} else if (answer->value) {
		*ret_value = answer->value; /* it ends with a NUL beyond its length */
		answer->value = NULL;
	} else {
		*ret_value = strdup("");
		rc = *ret_value ? 0 : error_no_memory(err, "asking for a secret");
	}
	wire_free(WIRE_SECRET_ANSWER, answer);
	return rc;
}

static void backend_instance(void *context, const struct call *call, const char *instance_id)
{
	struct dispatch_answer *message = calloc(1, sizeof(*message));

	if (!message)
		return; /* the call's answer has it too */
	text_copy(message->instance_id, sizeof(message->instance_id), instance_id);
	link_send(context, WIRE_INSTANCE, call->subject.number, message, NULL);
	free(message);
}

static void backend_log(void *context, const struct call *call, int32_t level, const char *text)
{
	struct wire_log message = {.level = level};

	text_copy(message.text, sizeof(message.text), text);
	link_send(context, WIRE_LOG, call->subject.number, &message, NULL);
}

const struct host_backend link_backend_functions = {
	.http = backend_http,
	.secret = backend_secret,
	.instance = backend_instance,
	.log = backend_log,
};
