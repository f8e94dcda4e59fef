/* SPDX-License-Identifier: Apache-2.0 */
/* Settings whose rows are shorter than the first version's. */
#include <headroom/provider.h>

static const struct hr_setting table[] = {
	{.key = "region", .type = HR_TYPE_STRING, .title = "Region", .help = "Where."},
};

#define BROKEN_MEMBERS \
	.settings = table, .n_settings = sizeof(table) / sizeof(table[0]), .settings_stride = 24,
#include "skeleton.h"
