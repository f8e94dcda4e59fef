/* SPDX-License-Identifier: Apache-2.0 */
/* Wants processes on this machine. */
#define BROKEN_PROFILE HR_PROFILE_LOCAL
#include "skeleton.h"
