/* SPDX-License-Identifier: Apache-2.0 */
/* Prints when it is loaded, and is good. */
#include <stdio.h>

static void __attribute__((constructor)) when_loaded(void)
{
	puts("{\"m\":\"description\",\"id\":0,\"module\":\"printed\"}");
	fflush(stdout);
}

#include "skeleton.h"
