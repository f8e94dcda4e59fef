/* SPDX-License-Identifier: Apache-2.0 */
/* Says that it has rules for hosts, and has no table. */
#include <headroom/provider.h>

static const struct hr_setting table[] = {
	{.key = "region", .type = HR_TYPE_STRING, .title = "Region", .help = "Where."},
};

#define BROKEN_MEMBERS                                                                    \
	.settings = table, .n_settings = 1, .settings_stride = sizeof(struct hr_setting), \
	.n_hosts = 2, .hosts_stride = sizeof(struct hr_host_rule),
#include "skeleton.h"
