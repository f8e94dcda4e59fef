/* SPDX-License-Identifier: Apache-2.0 */
/* A setting of a type that does not exist. */
#include <headroom/provider.h>

static const struct hr_setting table[] = {
	{.key = "region", .type = 99, .title = "Region", .help = "Where."},
};

#define BROKEN_MEMBERS                                                     \
	.settings = table, .n_settings = sizeof(table) / sizeof(table[0]), \
	.settings_stride = sizeof(struct hr_setting),
#include "skeleton.h"
