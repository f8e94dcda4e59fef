/* SPDX-License-Identifier: Apache-2.0 */
/* Wants out when it is loaded, again and again. */
#include <sys/socket.h>

static void __attribute__((constructor)) when_loaded(void)
{
	for (;;)
		(void)socket(AF_INET, SOCK_STREAM, 0);
}

#include "skeleton.h"
