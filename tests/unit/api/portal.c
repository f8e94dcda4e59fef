/* SPDX-License-Identifier: Apache-2.0 */
/* A module whose settings say where its password is sent. */
#include <headroom/provider.h>

static const struct hr_setting table[] = {
	{.key = "url",
	 .type = HR_TYPE_STRING,
	 .role = HR_ROLE_ENDPOINT,
	 .default_value = "https://one.example",
	 .title = "URL",
	 .help = "Where it is asked."},
	{.key = "password",
	 .type = HR_TYPE_SECRET,
	 .title = "Password",
	 .help = "What it is shown."},
	{.key = "project",
	 .type = HR_TYPE_STRING,
	 .flags = HR_SETTING_IMMUTABLE,
	 .default_value = "first",
	 .title = "Project",
	 .help = "Where its instances are."},
	{.key = "note", .type = HR_TYPE_STRING, .title = "Note", .help = "Anything."},
};

#define BROKEN_ID "portal"
#define BROKEN_TITLE "Portal"
#define BROKEN_MEMBERS                                                     \
	.settings = table, .n_settings = sizeof(table) / sizeof(table[0]), \
	.settings_stride = sizeof(struct hr_setting),
#include "../../modules/broken/skeleton.h"
