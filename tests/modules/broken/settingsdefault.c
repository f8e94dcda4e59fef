/* SPDX-License-Identifier: Apache-2.0 */
/* A setting whose default is not one of its values. */
#include <headroom/provider.h>

static const struct hr_setting table[] = {
	{.key = "size",
	 .type = HR_TYPE_INTEGER,
	 .title = "Size",
	 .help = "How large.",
	 .default_value = "many"},
};

#define BROKEN_MEMBERS                                                     \
	.settings = table, .n_settings = sizeof(table) / sizeof(table[0]), \
	.settings_stride = sizeof(struct hr_setting),
#include "skeleton.h"
