/* SPDX-License-Identifier: Apache-2.0 */
/* What the module says to the host: errors, steps under way, log lines. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

#define MESSAGE_MAX 1536

struct hr_span span_of(const char *text)
{
	return (struct hr_span){text, text ? strlen(text) : 0};
}

static struct hr_fault fault_of(const char *setting, const char *message)
{
	return (struct hr_fault){
		.size = sizeof(struct hr_fault),
		.message = span_of(message),
		.setting = span_of(setting),
	};
}

int32_t report_fault(const struct hr_call *call, int32_t result_class, const char *setting,
		     const char *format, ...)
{
	char message[MESSAGE_MAX];
	struct hr_fault fault;
	va_list list;

	va_start(list, format);
	vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	fault = fault_of(setting, message);
	call->fail(call, &fault);
	return result_class;
}

void report_problem(const struct hr_check_sink *sink, int32_t result_class, const char *setting,
		    const char *format, ...)
{
	char message[MESSAGE_MAX];
	struct hr_fault fault;
	va_list list;

	va_start(list, format);
	vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	fault = fault_of(setting, message);
	sink->problem(sink, result_class, &fault);
}

int32_t report_again(const struct hr_call *call, const char *token, int64_t delay_ms,
		     int32_t percent, const char *text)
{
	call->again(call, span_of(token), delay_ms, percent, span_of(text));
	return HR_AGAIN;
}

void report_log(const struct hr_account *account, const struct hr_call *call, int32_t level,
		const char *format, ...)
{
	char message[MESSAGE_MAX];
	va_list list;

	if (!account->log)
		return;
	va_start(list, format);
	vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	account->log->write(call, level, span_of(message));
}

int32_t report_class_of_errno(int number)
{
	switch (number) {
	case ENOSPC:
	case EDQUOT:
	case ENFILE:
	case EMFILE: return HR_CAPACITY;
	case EACCES:
	case EPERM:
	case EROFS: return HR_AUTH;
	case ECANCELED: return HR_CANCELLED;
	default: return HR_TRANSIENT;
	}
}
