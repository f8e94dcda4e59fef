/* SPDX-License-Identifier: Apache-2.0 */
/* A descriptor that says that it is larger than it is. */
#define BROKEN_MEMBERS .size = sizeof(struct hr_provider) + 4096,
#include "skeleton.h"
