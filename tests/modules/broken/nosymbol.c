/* SPDX-License-Identifier: Apache-2.0 */
/* Exports nothing that Headroom knows. */
#define BROKEN_SYMBOL something_else
#include "skeleton.h"
