/* SPDX-License-Identifier: Apache-2.0 */
/* Uses a function that nobody has. */
#include <headroom/provider.h>

int32_t nobody_has_this(struct hr_account *account, const struct hr_call *call,
			const struct hr_step *step);

#define BROKEN_MEMBERS .destroy = nobody_has_this,
#include "skeleton.h"
