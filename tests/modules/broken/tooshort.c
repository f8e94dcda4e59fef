/* SPDX-License-Identifier: Apache-2.0 */
/* A descriptor shorter than the first version's. */
#define BROKEN_MEMBERS .size = 100,
#include "skeleton.h"
