/* SPDX-License-Identifier: Apache-2.0 */
/* The same messages as by process, without the channel between. */
#include "provider/inline_backend.h"

#include <string.h>

#include "host/http_exchange.h"
#include "provider/http_message.h"

static int is_cancelled(void *context)
{
	const struct call *call = context;

	return call->abi.cancelled(&call->abi);
}

static int perform(const struct inline_backend *backend, const struct call *call,
		   const struct wire_http *message, struct hr_http_response *ret_response,
		   struct hr_error *err)
{
	struct http_answer *answer = NULL;
	struct wire_http_answer back;
	struct http_request request;
	int rc = -1;

	if (http_message_request(message, call->abi.remaining_ms(&call->abi), &request, err) != 0)
		return -1;
	if (http_perform(backend->services.http, &request, is_cancelled, (void *)(uintptr_t)call,
			 &answer) != 0)
		return error_no_memory(err, "making a request");
	http_message_answer(answer, &back);
	if (back.result == HR_OK)
		rc = exchange_response(call, &back, ret_response, err);
	else
		*err = back.error;
	http_answer_free(answer);
	return rc;
}

static int backend_http(void *context, const struct call *call,
			const struct hr_http_request *request,
			struct hr_http_response *ret_response, struct hr_error *err)
{
	const struct inline_backend *backend = context;
	struct wire_http message;
	int rc;

	if (!backend->services.http)
		return error_set(err, HR_UNSUPPORTED, "there is no HTTP service");
	rc = exchange_request(call, request, &message, err);
	if (rc == 0)
		rc = perform(backend, call, &message, ret_response, err);
	wire_clear(WIRE_HTTP, &message);
	return rc;
}

static int backend_secret(void *context, const struct call *call, const char *key, char **ret_value,
			  struct hr_error *err)
{
	const struct inline_backend *backend = context;

	(void)call;
	if (account_services_secret(&backend->services, &backend->secrets, key, ret_value, err) !=
	    0)
		return -1;
	if (!*ret_value)
		*ret_value = strdup("");
	return *ret_value ? 0 : error_no_memory(err, "giving a secret");
}

int inline_backend_open(struct inline_backend *backend,
			const struct account_services_options *options, const json_t *settings,
			struct hr_error *err)
{
	backend->functions = (struct host_backend){
		.context = backend,
		.http = backend_http,
		.secret = backend_secret,
	};
	backend->secrets = options->secrets;
	return account_services_open(options, settings, &backend->services, err);
}

void inline_backend_close(struct inline_backend *backend)
{
	account_services_close(&backend->services);
}
