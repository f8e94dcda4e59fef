/* SPDX-License-Identifier: Apache-2.0 */
/* What the module says to the host beside the SDK's functions: log lines, and classes of errno. */
#ifndef LOCAL_REPORT_H
#define LOCAL_REPORT_H

#include <headroom/sdk.h>

#include "account.h"

/* A line for the daemon's log; nothing where the host has no log. */
void report_log(const struct hr_account *account, const struct hr_call *call, int32_t level,
		const char *format, ...) HR_PRINTS(4, 5);

/* Result class for a failed system call on the account's own folder. */
int32_t report_class_of_errno(int number);

#endif
