/* SPDX-License-Identifier: Apache-2.0 */
/* One required operation, which the build line names, is missing. */
#define BROKEN_MEMBERS .BROKEN_OPERATION = 0,
#include "skeleton.h"
