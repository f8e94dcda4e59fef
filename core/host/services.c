/* SPDX-License-Identifier: Apache-2.0 */
/* The table of host services, and those that are only a few lines: log, http and secret, which
 * the backend does. */
#include "host/services.h"

#include <string.h>

#include <openssl/crypto.h>

#include <headroom/clock.h>
#include <headroom/crypto.h>
#include <headroom/http.h>
#include <headroom/log.h>
#include <headroom/process.h>
#include <headroom/random.h>
#include <headroom/secret.h>

#include "base/log.h"
#include "base/text.h"
#include "host/backend.h"
#include "host/call.h"
#include "host/clock.h"
#include "host/crypto.h"
#include "host/process.h"
#include "host/random.h"

#define LOG_TEXT_MAX 4096

static enum log_level level_of(int32_t level)
{
	if (level <= HR_LOG_ERROR)
		return LOG_LEVEL_ERROR;
	if (level <= HR_LOG_WARNING)
		return LOG_LEVEL_WARNING;
	return level <= HR_LOG_INFO ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
}

static const char *text_or_null(const char *text)
{
	return text && text[0] != '\0' ? text : NULL;
}

static void log_write(const struct hr_call *abi, int32_t level, struct hr_span text)
{
	const struct call *call = call_of(abi);
	const struct host_backend *backend = call->subject.backend;
	char masked[LOG_TEXT_MAX + 1], number[24];
	const struct log_subject subject = {
		.account = call->subject.account,
		.server = text_or_null(call->subject.server),
		.operation = text_or_null(call->subject.operation_id),
		.operation_kind = call->subject.operation,
		.call = call->subject.ticket != 0 ? number : NULL,
		.request = text_or_null(call->subject.request_id),
	};

	if (!backend && !log_enabled(level_of(level)))
		return;
	call_text(call, text, masked, sizeof(masked));
	if (backend && backend->log) {
		backend->log(backend->context, call, level, masked);
		return;
	}
	text_format(number, sizeof(number), "%llu", (unsigned long long)call->subject.ticket);
	log_line(level_of(level), &subject, "%s: %s", call->subject.module->id, masked);
}

/* ---- http/1 and secret/1 -------------------------------------------------------------------- */

#define HTTP_REQUEST_SIZE_MINOR_0 sizeof(struct hr_http_request)

static int32_t http_perform_service(const struct hr_call *abi,
				    const struct hr_http_request *request,
				    struct hr_http_response *ret_response)
{
	struct call *call = call_of(abi);
	const struct host_backend *backend = call->subject.backend;
	struct hr_error error = {0};

	if (request->size < HTTP_REQUEST_SIZE_MINOR_0)
		return call_refuse(abi, HR_INTERNAL,
				   "a request has a size of %u bytes, at least %zu are wanted",
				   request->size, HTTP_REQUEST_SIZE_MINOR_0);
	if (call_is_spent(abi))
		return call_refuse(abi, HR_INTERNAL, CALL_SPENT, "request is sent");
	if (!backend || !backend->http)
		return call_refuse(abi, HR_UNSUPPORTED, "no request can be made from here");
	if (backend->http(backend->context, call, request, ret_response, &error) != 0)
		return call_refuse_error(abi, &error);
	return HR_OK;
}

static int32_t secret_get(const struct hr_call *abi, struct hr_span key, struct hr_span *ret_value)
{
	struct call *call = call_of(abi);
	const struct host_backend *backend = call->subject.backend;
	struct hr_error error = {0};
	char name[64], *value = NULL, *copy;
	size_t len;

	if (key.len == 0 || key.len >= sizeof(name))
		return call_refuse(abi, HR_INVALID, "a secret is asked for that has no name");
	/* The daemon would end the process for such a name. */
	if (!call_is_name(key))
		return call_refuse(abi, HR_INVALID,
				   "a secret is asked for by a name that is no UTF-8 text, or "
				   "holds control characters");
	memcpy(name, key.ptr, key.len);
	name[key.len] = '\0';
	if (!backend || !backend->secret)
		return call_refuse(abi, HR_UNSUPPORTED, "no secret can be asked for from here");
	if (backend->secret(backend->context, call, name, &value, &error) != 0)
		return call_refuse_error(abi, &error);
	len = strlen(value);
	/* Before the module has it: from then on it may turn up in any text. */
	if (call->subject.mask && mask_add(call->subject.mask, value) != 0) {
		OPENSSL_clear_free(value, len);
		return call_refuse(abi, HR_INTERNAL, "there is no memory for a secret");
	}
	copy = call->abi.alloc(abi, len + 1);
	if (copy)
		memcpy(copy, value, len);
	OPENSSL_clear_free(value, len);
	if (!copy)
		return call_refuse(abi, HR_INTERNAL, "there is no memory for a secret");
	*ret_value = (struct hr_span){copy, len};
	return HR_OK;
}

static const struct hr_http_service http_service = {
	.size = sizeof(http_service),
	.perform = http_perform_service,
};

static const struct hr_secret_service secret_service = {
	.size = sizeof(secret_service),
	.get = secret_get,
};

static const struct hr_log_service log_service = {
	.size = sizeof(log_service),
	.write = log_write,
};

static const void *service_any(const struct hr_host *host, const char *name)
{
	(void)host;
	if (strcmp(name, HR_LOG_SERVICE) == 0)
		return &log_service;
	if (strcmp(name, HR_CLOCK_SERVICE) == 0)
		return &clock_service;
	if (strcmp(name, HR_HTTP_SERVICE) == 0)
		return &http_service;
	if (strcmp(name, HR_SECRET_SERVICE) == 0)
		return &secret_service;
	if (strcmp(name, HR_RANDOM_SERVICE) == 0)
		return &random_service;
	if (strcmp(name, HR_CRYPTO_SERVICE) == 0)
		return &crypto_service;
	return NULL;
}

static const void *service_local(const struct hr_host *host, const char *name)
{
	if (strcmp(name, HR_PROCESS_SERVICE) == 0)
		return &process_service;
	return service_any(host, name);
}

#define HOST_WITH(function)                                                                   \
	{                                                                                     \
		.magic = HR_ABI_MAGIC, .abi_major = HR_ABI_MAJOR, .abi_minor = HR_ABI_MINOR,  \
		.size = sizeof(struct hr_host), .draft = HR_ABI_DRAFT, .service = (function), \
	}

const struct hr_host *services_host(uint32_t profile)
{
	static const struct hr_host compute = HOST_WITH(service_any);
	static const struct hr_host local = HOST_WITH(service_local);

	return profile == HR_PROFILE_LOCAL ? &local : &compute;
}
