/* SPDX-License-Identifier: Apache-2.0 */
/* A licence of 1025 bytes. */
static const char licence[] = {[0 ... 1024] = 'x', '\0'};

#define BROKEN_MEMBERS .licence = licence,
#include "skeleton.h"
