/* SPDX-License-Identifier: Apache-2.0 */
/* Needs a library that is not installed. */
#include <headroom/provider.h>

int32_t gone_destroy(struct hr_account *account, const struct hr_call *call,
		     const struct hr_step *step);

#define BROKEN_MEMBERS .destroy = gone_destroy,
#include "skeleton.h"
