/* SPDX-License-Identifier: Apache-2.0 */
/* Built with the headers of the next draft. */
#define BROKEN_MEMBERS .draft = HR_ABI_DRAFT + 1,
#include "skeleton.h"
