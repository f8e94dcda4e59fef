/* SPDX-License-Identifier: Apache-2.0 */
/* More settings than any module can have. */
#include <headroom/provider.h>

static const struct hr_setting table[] = {
	{.key = "region", .type = HR_TYPE_STRING, .title = "Region", .help = "Where."},
};

#define BROKEN_MEMBERS \
	.settings = table, .n_settings = 100000, .settings_stride = sizeof(struct hr_setting),
#include "skeleton.h"
