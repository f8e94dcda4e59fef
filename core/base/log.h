/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's log: one line per event on standard error, for people on a terminal, JSON
 * otherwise. Any thread. Nothing secret is ever given to it. */
#ifndef HR_BASE_LOG_H
#define HR_BASE_LOG_H

#include <stdbool.h>

enum log_level {
	LOG_LEVEL_NONE = 0, /* to log_setup only: no lines at all */
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_INFO = 6,
	LOG_LEVEL_DEBUG = 7
};
enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* What a line is about; NULL members are left out. Borrowed during the call. Objects are named by
 * their ids, which everybody knows and nobody changes; the text has a name where there is one. */
struct log_subject {
	const char *pool;
	const char *server;
	const char *session;
	const char *operation;
	const char *operation_kind; /* "create", ... */
	const char *call;           /* of a module: the same in all lines of one call */
	const char *account;        /* a provider config */
	const char *request;        /* to the API */
};

/* Before the first thread starts. */
void log_setup(enum log_level level, enum log_format format);

/* One line; control characters in the text are escaped. subject may be NULL. */
void log_line(enum log_level level, const struct log_subject *subject, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

bool log_enabled(enum log_level level);

/* "error", "warning", "info", "debug"; -1 when the name is none of them. */
int log_level_number(const char *name);

#endif
