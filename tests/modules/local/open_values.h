/* SPDX-License-Identifier: Apache-2.0 */
/* What the daemon would hand to the module's open: its settings' defaults, and what a test sets. Texts only. */
#ifndef HR_TESTS_OPEN_VALUES_H
#define HR_TESTS_OPEN_VALUES_H

#include <headroom/provider.h>

#define OPEN_VALUES_MAX 16

struct open_values {
	struct hr_value list[OPEN_VALUES_MAX];
	uint32_t n;
};

/* The defaults of a module's table. */
struct open_values open_values_of(const struct hr_provider *provider);

/* Another value for one of its settings; NULL or "": as it is. The text is borrowed. */
void open_values_set(struct open_values *values, const struct hr_provider *provider,
		     const char *key, const char *text);

#endif
