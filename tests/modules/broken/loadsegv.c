/* SPDX-License-Identifier: Apache-2.0 */
/* Crashes when it is loaded. */
#include <stddef.h>

static void __attribute__((constructor)) when_loaded(void)
{
	volatile char *volatile nowhere = NULL;

	*nowhere = 1;
}

#include "skeleton.h"
