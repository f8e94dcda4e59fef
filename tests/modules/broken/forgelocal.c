/* SPDX-License-Identifier: Apache-2.0 */
/* Describes itself in the place of its process, soundly, as one of profile local; and ends. */
#define FORGED_ID BROKEN_ID
#define FORGED_PROFILE "2"
#include "forge.h"
