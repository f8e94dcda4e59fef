/* SPDX-License-Identifier: Apache-2.0 */
/* What a module may ask of a call and say to it. Everything that it says is copied here, with
 * limits, and nothing of it is believed. */
#include "host/call.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/text.h"
#include "host/backend.h"

#define TEXT_LOOKED_AT 65536 /* of a text for people, that much at most */
#define FAULT_SIZE_MINOR_0 sizeof(struct hr_fault)
#define DELAY_MAX_MS (INT64_C(24) * 3600 * 1000)

struct arena_chunk {
	struct arena_chunk *next;
	uint64_t bytes;
	max_align_t data[];
};

struct call *call_of(const struct hr_call *abi)
{
	return (struct call *)(uintptr_t)abi;
}

static int64_t call_remaining_ms(const struct hr_call *abi)
{
	int64_t left = call_of(abi)->deadline_ms - clock_now().mono_ms;

	return left > 0 ? left : 0;
}

static int32_t call_cancelled(const struct hr_call *abi)
{
	return atomic_load(&call_of(abi)->cancelled);
}

bool call_is_spent(const struct hr_call *abi)
{
	struct call *call = call_of(abi);
	bool spent;

	pthread_mutex_lock(&call->mutex);
	spent = call->spent;
	pthread_mutex_unlock(&call->mutex);
	return spent;
}

void call_note_second(const struct hr_call *abi)
{
	struct call *call = call_of(abi);

	pthread_mutex_lock(&call->mutex);
	call->is_unsure = true;
	pthread_mutex_unlock(&call->mutex);
}

static void *call_alloc(const struct hr_call *abi, uint64_t bytes)
{
	struct call *call = call_of(abi);
	struct arena_chunk *chunk = NULL;

	if (bytes <= CALL_ARENA_MAX)
		chunk = calloc(1, sizeof(*chunk) + (bytes > 0 ? bytes : 1));
	pthread_mutex_lock(&call->mutex);
	if (!chunk || call->arena_bytes + bytes > CALL_ARENA_MAX) {
		call->spent = true;
		pthread_mutex_unlock(&call->mutex);
		free(chunk);
		return NULL;
	}
	chunk->bytes = bytes;
	call->arena_bytes += bytes;
	chunk->next = call->chunks;
	call->chunks = chunk;
	pthread_mutex_unlock(&call->mutex);
	return chunk->data;
}

void call_text(const struct call *call, struct hr_span span, char *buf, size_t size)
{
	uint64_t len = span.ptr ? span.len : 0;

	mask_text(call->subject.mask, span.ptr, len < TEXT_LOOKED_AT ? len : TEXT_LOOKED_AT, buf,
		  size);
}

bool call_is_name(struct hr_span span)
{
	if (!text_valid_utf8(span.ptr, span.len))
		return false;
	for (uint64_t i = 0; i < span.len; i++)
		if ((unsigned char)span.ptr[i] < 0x20 || span.ptr[i] == 0x7f)
			return false;
	return true;
}

bool call_name(struct call *call, const char *what, struct hr_span span, char *buf, size_t size)
{
	memset(buf, 0, size);
	if (!span.ptr || span.len == 0)
		return true;
	if (span.len >= size) {
		call_defect(call, "%s has %llu bytes, at most %zu are possible", what,
			    (unsigned long long)span.len, size - 1);
		return false;
	}
	if (!call_is_name(span)) {
		call_defect(call, "%s is no UTF-8 or holds control characters", what);
		return false;
	}
	memcpy(buf, span.ptr, span.len);
	return true;
}

void call_defect(struct call *call, const char *format, ...)
{
	va_list args;

	pthread_mutex_lock(&call->mutex);
	if (call->defect[0] == '\0') {
		va_start(args, format);
		text_formatv(call->defect, sizeof(call->defect), format, args);
		va_end(args);
	}
	pthread_mutex_unlock(&call->mutex);
}

bool call_fault(struct call *call, int32_t class, const struct hr_fault *fault,
		struct hr_error *ret_error)
{
	struct hr_fault f = {0};
	char setting[64];

	memset(ret_error, 0, sizeof(*ret_error));
	ret_error->class = class;
	if (!fault || fault->size < FAULT_SIZE_MINOR_0) {
		call_defect(call,
			    "an error's details have a size of %u bytes, at least %zu are wanted",
			    fault ? fault->size : 0, FAULT_SIZE_MINOR_0);
		return false;
	}
	memcpy(&f, fault, sizeof(f));
	ret_error->flags = f.flags & (HR_FAULT_OUTCOME_UNKNOWN | HR_FAULT_PROTECTED);
	ret_error->http_status = f.http_status;
	ret_error->retry_after_ms = f.retry_after_ms > 0 ? f.retry_after_ms : 0;
	if (ret_error->retry_after_ms > DELAY_MAX_MS)
		ret_error->retry_after_ms = DELAY_MAX_MS;
	call_text(call, f.message, ret_error->message, sizeof(ret_error->message));
	call_text(call, f.provider_code, ret_error->provider_code,
		  sizeof(ret_error->provider_code));
	call_text(call, f.request_id, ret_error->request_id, sizeof(ret_error->request_id));
	call_text(call, f.setting, setting, sizeof(setting));
	/* What has control characters is no setting's key; the daemon would end the process for it. */
	if (setting[0] != '\0' && call_is_name(f.setting))
		text_format(ret_error->field, sizeof(ret_error->field), "settings.%s", setting);
	return true;
}

static void call_fail(const struct hr_call *abi, const struct hr_fault *fault)
{
	struct call *call = call_of(abi);
	struct hr_error error;

	if (!call_fault(call, 0, fault, &error))
		return;
	pthread_mutex_lock(&call->mutex);
	call->has_fault = true;
	call->fault = error;
	pthread_mutex_unlock(&call->mutex);
}

int32_t call_refuse(const struct hr_call *abi, int32_t class, const char *format, ...)
{
	struct call *call = call_of(abi);
	char message[512];
	va_list args;

	va_start(args, format);
	text_formatv(message, sizeof(message), format, args);
	va_end(args);
	pthread_mutex_lock(&call->mutex);
	memset(&call->fault, 0, sizeof(call->fault));
	text_copy(call->fault.message, sizeof(call->fault.message), message);
	call->has_fault = true;
	pthread_mutex_unlock(&call->mutex);
	return class;
}

int32_t call_refuse_error(const struct hr_call *abi, const struct hr_error *error)
{
	struct call *call = call_of(abi);

	pthread_mutex_lock(&call->mutex);
	call->fault = *error;
	call->has_fault = true;
	pthread_mutex_unlock(&call->mutex);
	return error->class;
}

/* Keeps the first id that is reported. false: it is not the one that was known before. */
static bool keep_instance(struct call *call, const char *id)
{
	char before[INSTANCE_ID_SIZE] = "";
	const char *known;

	pthread_mutex_lock(&call->mutex);
	known = call->instance_id[0] ? call->instance_id : call->subject.instance_id;
	if (known && known[0] && strcmp(known, id) != 0)
		text_copy(before, sizeof(before), known);
	else
		memcpy(call->instance_id, id, sizeof(call->instance_id));
	pthread_mutex_unlock(&call->mutex);
	if (before[0])
		call_defect(call,
			    "the instance id %.64s is reported, but %.64s was before; a server has "
			    "one instance",
			    id, before);
	return before[0] == '\0';
}

static void call_instance(const struct hr_call *abi, struct hr_span instance_id)
{
	struct call *call = call_of(abi);
	char id[INSTANCE_ID_SIZE];

	if (!call->subject.is_step) {
		call_defect(call, "an instance id is reported, which only steps do");
		return;
	}
	if (call_is_spent(abi))
		return;
	if (instance_id.len == 0) {
		call_defect(call, "an empty instance id is reported");
		return;
	}
	if (!call_name(call, "the instance id", instance_id, id, sizeof(id)) ||
	    !keep_instance(call, id))
		return;
	if (call->subject.backend && call->subject.backend->instance)
		call->subject.backend->instance(call->subject.backend->context, call, id);
}

/* The token's copy; NULL and a defect where it cannot be kept. */
static char *copy_token(struct call *call, struct hr_span token)
{
	char *copy;

	if (token.len > HR_RESUME_TOKEN_MAX) {
		call_defect(call, "the resume token has %llu bytes, at most %d are possible",
			    (unsigned long long)token.len, HR_RESUME_TOKEN_MAX);
		return NULL;
	}
	if (token.len > 0 && (!token.ptr || !text_valid_utf8(token.ptr, token.len))) {
		call_defect(call, "the resume token is no UTF-8 text");
		return NULL;
	}
	copy = calloc(1, token.len + 1);
	if (!copy)
		call_defect(call, "there was no memory for its resume token");
	else if (token.len > 0)
		memcpy(copy, token.ptr, token.len);
	return copy;
}

static void call_again(const struct hr_call *abi, struct hr_span resume_token, int64_t delay_ms,
		       int32_t percent, struct hr_span text)
{
	struct call *call = call_of(abi);
	char shown[sizeof(call->text)];
	char *token, *old;

	if (!call->subject.is_step) {
		call_defect(call, "a further call is asked for, which only steps may do");
		return;
	}
	token = copy_token(call, resume_token);
	if (!token)
		return;
	call_text(call, text, shown, sizeof(shown));
	pthread_mutex_lock(&call->mutex);
	old = call->resume_token;
	call->resume_token = token;
	call->has_again = true;
	call->delay_ms = delay_ms < 0 ? 0 : delay_ms < DELAY_MAX_MS ? delay_ms : DELAY_MAX_MS;
	call->percent = percent >= 0 && percent <= 100 ? percent : -1;
	memcpy(call->text, shown, sizeof(shown));
	pthread_mutex_unlock(&call->mutex);
	free(old);
}

int call_init(struct call *call, const struct call_subject *subject, int64_t deadline_ms,
	      struct hr_error *err)
{
	memset(call, 0, sizeof(*call));
	call->abi.size = sizeof(call->abi);
	call->abi.remaining_ms = call_remaining_ms;
	call->abi.cancelled = call_cancelled;
	call->abi.alloc = call_alloc;
	call->abi.fail = call_fail;
	call->abi.instance = call_instance;
	call->abi.again = call_again;
	call->subject = *subject;
	call->deadline_ms = deadline_ms;
	call->percent = -1;
	atomic_init(&call->cancelled, 0);
	if (pthread_mutex_init(&call->mutex, NULL) != 0)
		return error_no_memory(err, "preparing a call of a module");
	return 0;
}

void call_clear(struct call *call)
{
	struct arena_chunk *chunk = call->chunks;

	while (chunk) {
		struct arena_chunk *next = chunk->next;

		OPENSSL_cleanse(chunk->data, chunk->bytes);
		free(chunk);
		chunk = next;
	}
	free(call->resume_token);
	pthread_mutex_destroy(&call->mutex);
}

void call_cancel(struct call *call)
{
	atomic_store(&call->cancelled, 1);
}

void call_instance_id(struct call *call, char ret_id[INSTANCE_ID_SIZE])
{
	pthread_mutex_lock(&call->mutex);
	memcpy(ret_id, call->instance_id, INSTANCE_ID_SIZE);
	pthread_mutex_unlock(&call->mutex);
}

static bool is_class(int32_t result)
{
	return result >= HR_AUTH && result <= HR_INTERNAL;
}

static int32_t defect_result(const struct call *call, struct hr_error *ret_error)
{
	const struct module *m = call->subject.module;

	error_set(ret_error, HR_INTERNAL,
		  "the module %s %.32s is at fault in %s: %s; report this to its vendor, %.64s",
		  m->id, m->provider.version, call->subject.operation, call->defect,
		  m->provider.vendor);
	/* Whatever it was about to say of the outcome is not to be relied upon. */
	if (call->subject.is_step)
		ret_error->flags = HR_FAULT_OUTCOME_UNKNOWN;
	return HR_INTERNAL;
}

static int32_t spent_result(const struct call *call, struct hr_error *ret_error)
{
	error_set(ret_error, HR_INTERNAL,
		  "the module %s found no memory left in %s; a call may have %u MiB, and the "
		  "module's process what its limit allows",
		  call->subject.module->id, call->subject.operation, CALL_ARENA_MAX >> 20);
	if (call->subject.is_step)
		ret_error->flags = HR_FAULT_OUTCOME_UNKNOWN;
	return HR_INTERNAL;
}

int32_t call_result(struct call *call, int32_t result, struct hr_error *ret_error)
{
	memset(ret_error, 0, sizeof(*ret_error));
	/* First: what else is wrong may come of it. */
	if (call->spent && (result == HR_OK || result == HR_AGAIN))
		return spent_result(call, ret_error);
	if (result == HR_AGAIN && !call->subject.is_step)
		call_defect(call, "it asks to be called again, which only steps may do");
	else if (result == HR_AGAIN && !call->has_again)
		call_defect(call, "it asks to be called again and gives no resume token");
	else if (result != HR_OK && result != HR_AGAIN && !is_class(result))
		call_defect(call, "it gives the unknown result %d", result);
	if (call->defect[0] != '\0')
		return defect_result(call, ret_error);
	if (result == HR_OK || result == HR_AGAIN)
		return result;
	if (call->has_fault)
		*ret_error = call->fault;
	ret_error->class = result;
	if (call->is_unsure && call->subject.is_step)
		ret_error->flags |= HR_FAULT_OUTCOME_UNKNOWN;
	if (ret_error->message[0] == '\0')
		text_format(ret_error->message, sizeof(ret_error->message),
			    "the module %s fails in %s with \"%s\" and says nothing more",
			    call->subject.module->id, call->subject.operation,
			    error_class_name(result));
	return result;
}
