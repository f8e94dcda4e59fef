/* SPDX-License-Identifier: Apache-2.0 */
/* No thread model. */
#define BROKEN_MEMBERS .thread_model = 0,
#include "skeleton.h"
