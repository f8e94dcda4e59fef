/* SPDX-License-Identifier: Apache-2.0 */
/* Aborts when it is loaded. */
#include <stdlib.h>

static void __attribute__((constructor)) when_loaded(void)
{
	abort();
}

#include "skeleton.h"
