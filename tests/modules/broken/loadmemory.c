/* SPDX-License-Identifier: Apache-2.0 */
/* Takes memory without end when it is loaded. */
#include <stdlib.h>
#include <string.h>

static void __attribute__((constructor)) when_loaded(void)
{
	for (;;)
		memset(malloc(1u << 20), 1, 1u << 20); /* ends at the limit, by the signal */
}

#include "skeleton.h"
