/* SPDX-License-Identifier: Apache-2.0 */
/* What the text of a secret setting may be besides the secret: a reference to where it is. Not here:
 * how references are resolved (core/provider/secret_reference.h). */
#ifndef HR_SCHEMA_SECRET_TEXT_H
#define HR_SCHEMA_SECRET_TEXT_H

#include <stdbool.h>

#define SECRET_TEXT_FILE "file:"             /* and a path */
#define SECRET_TEXT_ENV "env:"               /* and a variable's name */
#define SECRET_TEXT_CREDENTIAL "credential:" /* and a name */

/* What follows the prefix, or NULL. */
const char *secret_text_after(const char *text, const char *prefix);

bool secret_text_is_reference(const char *text);

#endif
