/* SPDX-License-Identifier: Apache-2.0 */
/* Ends its process well when it is loaded. */
#include <stdlib.h>

static void __attribute__((constructor)) when_loaded(void)
{
	exit(0);
}

#include "skeleton.h"
