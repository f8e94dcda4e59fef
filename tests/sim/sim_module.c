/* SPDX-License-Identifier: Apache-2.0 */
/* The host's side of the module: its own code for calls, sinks and results, and a backend that plays. */
#include "sim_module.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/account.h"
#include "host/backend.h"
#include "host/descriptor_check.h"
#include "host/run.h"

extern const struct hr_provider HR_PROVIDER_SYMBOL;

struct module_account {
	struct host_backend backend;
	struct account *account;
	char key[64];
	struct module_talk *talk; /* of the operation that is being played */
};

/* Checked as one that is loaded from a file is. */
static const struct module *the_module(void)
{
	static struct module module;
	struct hr_error err = {0};

	if (module.rows)
		return &module;
	text_copy(module.id, sizeof(module.id), "sim");
	text_copy(module.subject, sizeof(module.subject), "settings of provider sim");
	if (descriptor_copy(module.id, "plugins/sim", &HR_PROVIDER_SYMBOL,
			    sizeof(struct hr_provider), &module.provider, &err) < 0 ||
	    descriptor_check(&module, 0, &err) < 0) {
		fprintf(stderr, "check-sim: %s\n", err.message);
		abort();
	}
	return &module;
}

static char *copy(struct hr_span span)
{
	char *text = calloc(1, span.len + 1);

	if (!text)
		abort();
	if (span.len > 0)
		memcpy(text, span.ptr, span.len);
	return text;
}

static char *copy_header(const struct hr_http_request *request, const char *name)
{
	for (uint32_t i = 0; i < request->n_headers; i++)
		if (request->headers[i].name.len == strlen(name) &&
		    memcmp(request->headers[i].name.ptr, name, strlen(name)) == 0)
			return copy(request->headers[i].value);
	return copy((struct hr_span){0});
}

static void note(struct module_talk *talk, const struct hr_http_request *request)
{
	struct module_request *one;

	talk->requests = reallocarray(talk->requests, talk->n + 1, sizeof(*talk->requests));
	if (!talk->requests)
		abort();
	one = &talk->requests[talk->n++];
	*one = (struct module_request){.method = copy(request->method),
				       .url = copy(request->url),
				       .authorization = copy_header(request, "Authorization"),
				       .content_type = copy_header(request, "Content-Type"),
				       .body = copy(request->body),
				       .body_len = request->body.len};
}

static int backend_http(void *context, const struct call *call,
			const struct hr_http_request *request, struct hr_http_response *ret,
			struct hr_error *err)
{
	struct module_talk *talk = ((struct module_account *)context)->talk;
	const struct module_request *known;

	if (talk->at == talk->n) {
		if (!talk->waits)
			note(talk, request);
		talk->at = talk->n;
		talk->waits = true;
		return error_set(err, HR_CANCELLED, "it is played again, with an answer");
	}
	known = &talk->requests[talk->at++];
	if (known->error.class != 0) {
		*err = known->error;
		return -1;
	}
	if (known->is_second)
		call_note_second(&call->abi);
	*ret = (struct hr_http_response){
		.size = sizeof(*ret),
		.status = known->status,
		.body = {known->answer, strlen(known->answer)},
		.request_id = {known->request_id, strlen(known->request_id)},
		.retry_after_ms = known->retry_after_ms};
	return 0;
}

static int backend_secret(void *context, const struct call *call, const char *key, char **ret_value,
			  struct hr_error *err)
{
	(void)call;
	(void)key;
	*ret_value = strdup(((struct module_account *)context)->key);
	return *ret_value ? 0 : error_no_memory(err, "giving a secret");
}

static int32_t open_account(struct module_account *account, const struct dispatch_request *request,
			    struct hr_error *ret_error)
{
	struct call_subject subject = run_subject(account->account, request);
	struct call call;
	int32_t rc;

	if (call_init(&call, &subject, INT64_MAX, ret_error) != 0)
		return ret_error->class;
	rc = account_open(account->account, &call, ret_error);
	call_clear(&call);
	return rc;
}

int32_t module_open(const struct dispatch_request *request, const char *url, const char *key,
		    struct module_account **ret_account, uint64_t *ret_capabilities,
		    struct hr_error *ret_error)
{
	struct module_account *account = calloc(1, sizeof(*account));
	json_t *settings = json_pack("{ss ss}", "url", url, "key", key);
	struct account_options options = {.module = the_module(),
					  .id = request->account,
					  .installation = MODULE_INSTALLATION};
	int32_t rc = HR_INTERNAL;

	if (!account || !settings)
		abort();
	text_copy(account->key, sizeof(account->key), key);
	account->backend = (struct host_backend){
		.context = account, .http = backend_http, .secret = backend_secret};
	options.backend = &account->backend;
	if (account_new(&options, settings, &account->account, ret_error) == 0)
		rc = open_account(account, request, ret_error);
	json_decref(settings);
	if (rc != HR_OK) {
		module_close(account);
		return rc;
	}
	*ret_capabilities = options.module->provider.capabilities;
	*ret_account = account;
	return HR_OK;
}

void module_close(struct module_account *account)
{
	if (!account)
		return;
	account_close(account->account);
	free(account);
}

struct dispatch_answer *module_play(struct module_account *account,
				    const struct dispatch_request *request,
				    struct module_talk *talk)
{
	struct call_subject subject = run_subject(account->account, request);
	struct dispatch_answer *answer = dispatch_answer_new(request);
	struct hr_error err = {0};
	struct call call;

	if (!answer || call_init(&call, &subject, INT64_MAX, &err) != 0)
		abort();
	talk->at = 0;
	talk->waits = false;
	account->talk = talk;
	run_request(account->account, request, &call, answer);
	account->talk = NULL;
	call_clear(&call);
	if (!talk->waits)
		return answer;
	dispatch_answer_free(answer);
	return NULL;
}

void module_talk_clear(struct module_talk *talk)
{
	for (size_t i = 0; i < talk->n; i++) {
		struct module_request *one = &talk->requests[i];

		free(one->method);
		free(one->url);
		free(one->authorization);
		free(one->content_type);
		free(one->body);
		free(one->answer);
	}
	free(talk->requests);
	*talk = (struct module_talk){0};
}
