/* SPDX-License-Identifier: Apache-2.0 */
/* Values for the module's open; see open_values.h. */
#include "open_values.h"

#include <stdlib.h>
#include <string.h>

static const struct hr_setting *setting_at(const struct hr_provider *provider, uint32_t i)
{
	const void *at = (const char *)provider->settings + i * provider->settings_stride;

	return at;
}

static struct hr_span span_of(const char *text)
{
	return (struct hr_span){text, strlen(text)};
}

static void put(struct open_values *values, const struct hr_setting *setting, const char *text)
{
	uint32_t i = 0;

	while (i < values->n &&
	       strncmp(values->list[i].key.ptr, setting->key, values->list[i].key.len + 1) != 0)
		i++;
	if (i == OPEN_VALUES_MAX)
		abort();
	values->n += i == values->n;
	values->list[i] = (struct hr_value){
		.key = span_of(setting->key), .type = setting->type, .text = span_of(text)};
}

struct open_values open_values_of(const struct hr_provider *provider)
{
	struct open_values values = {.n = 0};

	for (uint32_t i = 0; i < provider->n_settings; i++)
		if (setting_at(provider, i)->default_value)
			put(&values, setting_at(provider, i),
			    setting_at(provider, i)->default_value);
	return values;
}

void open_values_set(struct open_values *values, const struct hr_provider *provider,
		     const char *key, const char *text)
{
	if (!text || text[0] == '\0')
		return;
	for (uint32_t i = 0; i < provider->n_settings; i++)
		if (strcmp(setting_at(provider, i)->key, key) == 0) {
			put(values, setting_at(provider, i), text);
			return;
		}
	abort(); /* no such setting */
}
