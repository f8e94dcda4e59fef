/* SPDX-License-Identifier: Apache-2.0 */
/* Puts refusals of module files into words. */
#include "host/refusal.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"

#define PATH_SHOWN 160

int refusal_set(struct hr_error *err, const char *id, const char *path, const char *todo,
		const char *what, ...)
{
	char reason[320];
	const char *tail = path;
	const char *slash;
	va_list args;

	if (strlen(path) > PATH_SHOWN) {
		tail = path + strlen(path) - PATH_SHOWN;
		slash = strchr(tail, '/');
		if (slash)
			tail = slash;
	}
	va_start(args, what);
	text_formatv(reason, sizeof(reason), what, args);
	va_end(args);
	return error_set_field(err, HR_INVALID, "provider", NULL,
			       "provider \"%.32s\" (%s%s): %s; %s", id, tail == path ? "" : "…",
			       tail, reason, todo);
}
