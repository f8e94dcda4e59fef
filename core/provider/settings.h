/* SPDX-License-Identifier: Apache-2.0 */
/* The "settings" of a provider config: checked by the module's table, its secrets kept apart. */
#ifndef HR_PROVIDER_SETTINGS_H
#define HR_PROVIDER_SETTINGS_H

#include <jansson.h>

#include "base/error.h"
#include "provider/registry.h"

/* input: an object from a person, or NULL (as if empty). ret_settings: with canonical keys, typed
 * values and defaults, every secret replaced by "***"; it is what is stored in the config's body
 * and shown. ret_secrets: an object from dotted paths ("settings.password") to the secrets' texts,
 * as the store takes it. With SCHEMA_ALLOW_MASKED in flags, "***" stands for a secret that is kept:
 * it is not in ret_secrets then. HR_INVALID with field "settings.KEY" and example. The caller owns
 * both and frees the second with provider_settings_free. Any thread. */
int provider_settings_normalize(const struct registry_module *module, const json_t *input,
				unsigned flags, json_t **ret_settings, json_t **ret_secrets,
				struct hr_error *err);

/* An edit that keeps secrets: takes into secrets (of the edit) those of stored (as the store gives
 * them, may be NULL) whose places in settings say "***". HR_INVALID with field where there is none
 * to keep. */
int provider_settings_keep(const struct registry_module *module, const json_t *settings,
			   json_t *secrets, const json_t *stored, struct hr_error *err);

/* The other way: settings with their secrets, as a module gets them. HR_INVALID with field where
 * one is missing. The caller frees *ret_plain with provider_settings_free. Any thread. */
int provider_settings_merge(const struct registry_module *module, const json_t *settings,
			    const json_t *secrets, json_t **ret_plain, struct hr_error *err);

/* Wipes the texts that nobody else has a share of, and frees. */
void provider_settings_free(json_t *settings);

#endif
