/* SPDX-License-Identifier: Apache-2.0 */
/* Has no title. */
#define BROKEN_TITLE ""
#include "skeleton.h"
