/* SPDX-License-Identifier: Apache-2.0 */
/* A vendor that is no UTF-8. */
#define BROKEN_MEMBERS .vendor = "\xff\xfe",
#include "skeleton.h"
