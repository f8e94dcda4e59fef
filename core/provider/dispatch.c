/* SPDX-License-Identifier: Apache-2.0 */
/* What every dispatcher needs: copies of requests, making and freeing of answers. */
#include "provider/dispatch.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/log.h"
#include "base/text.h"
#include "provider/settings.h"

static void free_secret(const char *text)
{
	if (text)
		OPENSSL_clear_free((void *)(uintptr_t)text, strlen(text));
}

/* NULL stays NULL. */
static const char *copy_text(const char *text)
{
	return text ? strdup(text) : NULL;
}

/* 0, or -1: no memory, and what was copied is in *ret_ids. */
static int copy_ids(const char *const *ids, size_t n, const char *const **ret_ids)
{
	char **copies = calloc(n + 1, sizeof(*copies));

	*ret_ids = (const char *const *)copies;
	for (size_t i = 0; copies && i < n; i++) {
		copies[i] = strdup(ids[i]);
		if (!copies[i])
			return -1;
	}
	return copies ? 0 : -1;
}

struct dispatch_request *dispatch_request_copy(const struct dispatch_request *request)
{
	struct dispatch_request *copy = malloc(sizeof(*copy));
	struct dispatch_step *step;
	json_t *settings;
	int rc;

	if (!copy)
		return NULL;
	*copy = *request;
	step = &copy->step;
	settings = json_deep_copy(request->settings);
	copy->settings = settings;
	copy->provider = copy_text(copy->provider);
	step->resume_token = copy_text(step->resume_token);
	step->script = copy_text(step->script);
	step->overrides = copy_text(step->overrides);
	rc = copy_ids(request->instance_ids, request->n_instance_ids, &copy->instance_ids);
	if (rc != 0 || (request->settings && !settings) || (request->provider && !copy->provider) ||
	    (request->step.resume_token && !step->resume_token) ||
	    (request->step.script && !step->script) ||
	    (request->step.overrides && !step->overrides)) {
		dispatch_request_free(copy);
		return NULL;
	}
	return copy;
}

void dispatch_request_free(struct dispatch_request *request)
{
	if (!request)
		return;
	if (request->settings)
		provider_settings_free((json_t *)(uintptr_t)request->settings);
	free((void *)(uintptr_t)request->provider);
	free((void *)(uintptr_t)request->step.resume_token);
	free_secret(request->step.script);
	free_secret(request->step.overrides);
	for (size_t i = 0; request->instance_ids && i < request->n_instance_ids; i++)
		free((void *)(uintptr_t)request->instance_ids[i]);
	free((void *)(uintptr_t)request->instance_ids);
	free(request);
}

struct dispatch_answer *dispatch_answer_new(const struct dispatch_request *request)
{
	struct dispatch_answer *answer = calloc(1, sizeof(*answer));

	if (!answer)
		return NULL;
	answer->kind = request->kind;
	answer->ticket = request->ticket;
	answer->percent = -1;
	text_copy(answer->account, sizeof(answer->account), request->account);
	text_copy(answer->server_id, sizeof(answer->server_id), request->step.server_id);
	return answer;
}

void dispatch_tell(struct mailbox *answers, const char *account, enum dispatch_news news,
		   const char *format, ...)
{
	struct dispatch_answer *answer = calloc(1, sizeof(*answer));
	char text[sizeof(answer->error.message)];
	va_list args;

	va_start(args, format);
	text_formatv(text, sizeof(text), format, args);
	va_end(args);
	if (!answer) {
		log_line(LOG_LEVEL_WARNING, &(struct log_subject){.account = account}, "%s", text);
		return;
	}
	answer->kind = DISPATCH_NEWS;
	answer->news = news;
	text_copy(answer->account, sizeof(answer->account), account);
	text_copy(answer->error.message, sizeof(answer->error.message), text);
	mailbox_push(answers, &answer->mail);
}

void dispatch_answer_free(struct dispatch_answer *answer)
{
	if (!answer)
		return;
	free(answer->resume_token);
	free(answer->instances);
	free(answer->problems);
	free(answer);
}
