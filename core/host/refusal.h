/* SPDX-License-Identifier: Apache-2.0 */
/* The one form in which a module file is refused. */
#ifndef HR_HOST_REFUSAL_H
#define HR_HOST_REFUSAL_H

#include "base/error.h"

/* HR_INVALID, field "provider": `provider "ID" (PATH): WHAT; WHAT TO DO`. what is a printf format: what is
 * wanted and what is offered; todo: what to do. A long path is shortened from its beginning.
 * Gives -1. */
int refusal_set(struct hr_error *err, const char *id, const char *path, const char *todo,
		const char *what, ...) __attribute__((format(printf, 5, 6)));

/* Puts `provider "ID" (PATH): ` before a message that says what and what to do, as above; its class stays.
 * Gives -1. */
int refusal_head(struct hr_error *err, const char *id, const char *path);

#endif
