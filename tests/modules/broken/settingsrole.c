/* SPDX-License-Identifier: Apache-2.0 */
/* A setting with a role that is the daemon's own. */
#include <headroom/provider.h>

static const struct hr_setting table[] = {
	{.key = "pool",
	 .type = HR_TYPE_STRING,
	 .role = HR_ROLE_REFERENCE,
	 .title = "Pool",
	 .help = "Which."},
};

#define BROKEN_MEMBERS                                                     \
	.settings = table, .n_settings = sizeof(table) / sizeof(table[0]), \
	.settings_stride = sizeof(struct hr_setting),
#include "skeleton.h"
