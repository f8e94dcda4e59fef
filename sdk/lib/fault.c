/* SPDX-License-Identifier: Apache-2.0 */
/* Errors: their details, and which class an answer has by a module's table. */
#include <headroom/sdk.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MESSAGE_MAX 1536

static struct hr_fault fault_of(const char *setting, const char *message)
{
	struct hr_fault fault = {.size = sizeof(fault)};

	fault.message = hr_span_of(message);
	fault.setting = hr_span_of(setting);
	return fault;
}

int32_t hr_fail(const struct hr_call *call, int32_t result_class, const char *setting,
		const char *format, ...)
{
	char message[MESSAGE_MAX];
	struct hr_fault fault;
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	fault = fault_of(setting, message);
	call->fail(call, &fault);
	return result_class;
}

void hr_problem(const struct hr_check_sink *sink, int32_t result_class, const char *setting,
		const char *format, ...)
{
	char message[MESSAGE_MAX];
	struct hr_fault fault;
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	fault = fault_of(setting, message);
	sink->problem(sink, result_class, &fault);
}

static struct hr_error_row error_by_status(int32_t status)
{
	struct hr_error_row row = {.status = status, .result_class = HR_INVALID};

	switch (status) {
	case 401:
	case 403: row.result_class = HR_AUTH; return row;
	case 404:
	case 410: row.result_class = HR_NOT_FOUND; return row;
	case 408:
	case 504: row.result_class = HR_TIMEOUT; break;
	case 409:
	case 423: row.result_class = HR_CONFLICT; return row;
	case 429: row.result_class = HR_THROTTLED; return row;
	default:
		if (status >= 400 && status < 500)
			return row;
		row.result_class = HR_TRANSIENT;
	}
	row.flags = HR_FAULT_OUTCOME_UNKNOWN;
	return row;
}

struct hr_error_row hr_error_find(const struct hr_error_row *rows, size_t n_rows, int32_t status,
				  const char *code)
{
	for (size_t i = 0; i < n_rows; i++)
		if ((rows[i].status == 0 || rows[i].status == status) &&
		    (!rows[i].code || strcmp(rows[i].code, code) == 0))
			return rows[i];
	return error_by_status(status);
}
