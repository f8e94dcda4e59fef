/* SPDX-License-Identifier: Apache-2.0 */
/* A descriptor that ends before its draft number. */
#define BROKEN_MEMBERS .size = 16, .draft = 77,
#include "skeleton.h"
