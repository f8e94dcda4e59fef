/* SPDX-License-Identifier: Apache-2.0 */
/* Says that it has settings and has no table. */
#define BROKEN_MEMBERS .n_settings = 3, .settings_stride = sizeof(struct hr_setting),
#include "skeleton.h"
