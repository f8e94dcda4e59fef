/* SPDX-License-Identifier: Apache-2.0 */
/* Settings whose rows cannot be aligned. */
#include <headroom/provider.h>

static const struct hr_setting table[] = {
	{.key = "region", .type = HR_TYPE_STRING, .title = "Region", .help = "Where."},
};

#define BROKEN_MEMBERS                                                     \
	.settings = table, .n_settings = sizeof(table) / sizeof(table[0]), \
	.settings_stride = sizeof(struct hr_setting) + 1,
#include "skeleton.h"
