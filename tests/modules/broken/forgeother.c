/* SPDX-License-Identifier: Apache-2.0 */
/* Describes another module in the place of its process, soundly; and ends. */
#define FORGED_ID "mock"
#define FORGED_PROFILE "1"
#include "forge.h"
