/* SPDX-License-Identifier: Apache-2.0 */
/* Is refused a process when it is loaded, and crashes of that. */
#include <stdlib.h>
#include <unistd.h>

static void __attribute__((constructor)) when_loaded(void)
{
	if (fork() < 0)
		abort();
}

#include "skeleton.h"
