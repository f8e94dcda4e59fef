/* SPDX-License-Identifier: Apache-2.0 */
/* What the module says to the host: errors, steps under way, log lines. */
#ifndef LOCAL_REPORT_H
#define LOCAL_REPORT_H

#include "account.h"

#define REPORT_FORMAT(a, b) __attribute__((format(printf, a, b)))

/* Gives the details of an error to the host and returns result_class, so that an operation can
 * return it. setting: key of the setting at fault, or NULL. */
int32_t report_fault(const struct hr_call *call, int32_t result_class, const char *setting,
		     const char *format, ...) REPORT_FORMAT(4, 5);

/* The same for a check, which goes on after it. */
void report_problem(const struct hr_check_sink *sink, int32_t result_class, const char *setting,
		    const char *format, ...) REPORT_FORMAT(4, 5);

/* Asks for another call after delay_ms; returns HR_AGAIN. */
int32_t report_again(const struct hr_call *call, const char *token, int64_t delay_ms,
		     int32_t percent, const char *text);

/* A line for the daemon's log; nothing where the host has no log. */
void report_log(const struct hr_account *account, const struct hr_call *call, int32_t level,
		const char *format, ...) REPORT_FORMAT(4, 5);

/* Result class for a failed system call on the account's own folder. */
int32_t report_class_of_errno(int number);

struct hr_span span_of(const char *text);

#endif
