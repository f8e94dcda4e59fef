/* SPDX-License-Identifier: Apache-2.0 */
/* A profile that does not exist. */
#define BROKEN_MEMBERS .profile = 9,
#include "skeleton.h"
