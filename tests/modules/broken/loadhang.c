/* SPDX-License-Identifier: Apache-2.0 */
/* Never comes back when it is loaded. */
#include <unistd.h>

static void __attribute__((constructor)) when_loaded(void)
{
	for (;;)
		pause();
}

#include "skeleton.h"
