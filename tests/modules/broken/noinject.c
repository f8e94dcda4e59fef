/* SPDX-License-Identifier: Apache-2.0 */
/* Wants scripts after boot and cannot inject them. */
#define BROKEN_MEMBERS .windows_scripts = HR_SCRIPT_AFTER_BOOT,
#include "skeleton.h"
