/* SPDX-License-Identifier: Apache-2.0 */
/* References by their beginnings. */
#include "schema/secret_text.h"

#include <string.h>

const char *secret_text_after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

bool secret_text_is_reference(const char *text)
{
	return secret_text_after(text, SECRET_TEXT_FILE) ||
	       secret_text_after(text, SECRET_TEXT_ENV) ||
	       secret_text_after(text, SECRET_TEXT_CREDENTIAL);
}
