/* SPDX-License-Identifier: Apache-2.0 */
/* Serves another major version of the ABI only. */
#define BROKEN_SYMBOL headroom_provider_v2
#include "skeleton.h"
