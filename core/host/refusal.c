/* SPDX-License-Identifier: Apache-2.0 */
/* Puts refusals of module files into words. */
#include "host/refusal.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"

#define PATH_SHOWN 160

/* The end of a path that is too long to be shown. */
static const char *tail_of(const char *path)
{
	const char *tail = path, *slash;

	if (strlen(path) > PATH_SHOWN) {
		tail = path + strlen(path) - PATH_SHOWN;
		slash = strchr(tail, '/');
		if (slash)
			tail = slash;
	}
	return tail;
}

int refusal_set(struct hr_error *err, const char *id, const char *path, const char *todo,
		const char *what, ...)
{
	const char *tail = tail_of(path);
	char reason[320];
	va_list args;

	va_start(args, what);
	text_formatv(reason, sizeof(reason), what, args);
	va_end(args);
	return error_set_field(err, HR_INVALID, "provider", NULL,
			       "provider \"%.32s\" (%s%s): %s; %s", id, tail == path ? "" : "…",
			       tail, reason, todo);
}

int refusal_head(struct hr_error *err, const char *id, const char *path)
{
	const char *tail = tail_of(path);

	text_copy(err->field, sizeof(err->field), "provider");
	return error_prefix(err, "provider \"%.32s\" (%s%s)", id, tail == path ? "" : "…", tail);
}
