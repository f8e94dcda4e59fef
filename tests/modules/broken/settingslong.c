/* SPDX-License-Identifier: Apache-2.0 */
/* Good: rows longer than ours, as a newer SDK makes them. */
#include <headroom/provider.h>

static const struct {
	struct hr_setting row;
	const char *newer;
} table[] = {
	{{.key = "region", .type = HR_TYPE_STRING, .title = "Region", .help = "Where."}, "x"},
	{{.key = "token", .type = HR_TYPE_SECRET, .title = "Token", .help = "Who."}, "y"},
};

#define BROKEN_MEMBERS \
	.settings = &table[0].row, .n_settings = 2, .settings_stride = sizeof(table[0]),
#include "skeleton.h"
