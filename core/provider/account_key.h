/* SPDX-License-Identifier: Apache-2.0 */
/* What several accounts share one rate budget by: their provider's own account, as far as the module's
 * settings tell it. */
#ifndef HR_PROVIDER_ACCOUNT_KEY_H
#define HR_PROVIDER_ACCOUNT_KEY_H

#include <jansson.h>

#include "provider/registry.h"

#define ACCOUNT_KEY_SIZE 65 /* SHA-256 in hexadecimal, or an id */

/* From the values of the settings marked HR_SETTING_ACCOUNT_KEY (normalised, secrets included) and the
 * module's id: their SHA-256, so that no value is told. Where none is marked: the account's id. An
 * unset setting is a value too. HR_INTERNAL: no memory. Any thread. */
int account_key(const struct registry_module *module, const json_t *settings, const char *account,
		char ret_key[ACCOUNT_KEY_SIZE], struct hr_error *err);

#endif
