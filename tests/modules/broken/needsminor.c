/* SPDX-License-Identifier: Apache-2.0 */
/* Cannot live without a newer minor version. */
#define BROKEN_MEMBERS .abi_minor = HR_ABI_MINOR + 3, .flags = HR_PROVIDER_NEEDS_MINOR,
#include "skeleton.h"
