/* SPDX-License-Identifier: Apache-2.0 */
/* A descriptor larger than any can be. */
#define BROKEN_MEMBERS .size = 65537,
#include "skeleton.h"
