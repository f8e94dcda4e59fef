/* SPDX-License-Identifier: Apache-2.0 */
/* Its id is not its file's. */
#define BROKEN_ID "other"
#include "skeleton.h"
