/* SPDX-License-Identifier: Apache-2.0 */
/* Good: of a newer minor version, but content with this one. */
#define BROKEN_MEMBERS .abi_minor = HR_ABI_MINOR + 3,
#include "skeleton.h"
