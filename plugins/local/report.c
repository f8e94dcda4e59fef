/* SPDX-License-Identifier: Apache-2.0 */
/* What the module says to the host beside the SDK's functions: log lines, and classes of errno. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "report.h"

#define MESSAGE_MAX 1536

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
	account->log->write(call, level, hr_span_of(message));
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
