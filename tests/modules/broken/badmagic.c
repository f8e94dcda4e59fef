/* SPDX-License-Identifier: Apache-2.0 */
/* Begins with something else than the magic number. */
#define BROKEN_MEMBERS .magic = 0x12345678,
#include "skeleton.h"
