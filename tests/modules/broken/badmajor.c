/* SPDX-License-Identifier: Apache-2.0 */
/* Says another major version than its symbol. */
#define BROKEN_MEMBERS .abi_major = 1, .abi_minor = 2,
#include "skeleton.h"
