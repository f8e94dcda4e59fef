/* SPDX-License-Identifier: Apache-2.0 */
/* Has no id. */
#define BROKEN_MEMBERS .id = 0,
#include "skeleton.h"
