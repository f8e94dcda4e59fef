/* SPDX-License-Identifier: Apache-2.0 */
/* A rule for hosts that names a setting which there is not. */
#include <headroom/provider.h>

static const struct hr_setting table[] = {
	{.key = "region", .type = HR_TYPE_STRING, .title = "Region", .help = "Where."},
};

static const struct hr_host_rule rules[] = {{.pattern = "{zone}.acme.example"}};

#define BROKEN_MEMBERS                                                                    \
	.settings = table, .n_settings = 1, .settings_stride = sizeof(struct hr_setting), \
	.hosts = rules, .n_hosts = 1, .hosts_stride = sizeof(struct hr_host_rule),
#include "skeleton.h"
