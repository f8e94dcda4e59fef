/* SPDX-License-Identifier: Apache-2.0 */
/* See host_sandbox.h. */
#include "provider/host_sandbox.h"

#include <stddef.h>

#include "provider/wire.h"

const char *host_sandbox_word(uint32_t flags)
{
	if (!(flags & WIRE_SANDBOX_FILTER))
		return "off";
	return flags & WIRE_SANDBOX_LANDLOCK ? "whole" : "no Landlock";
}

const char *host_sandbox_warning(uint32_t flags)
{
	if (!(flags & WIRE_SANDBOX_FILTER))
		return "the sandbox of modules is off: their processes may open files, use the "
		       "network, start programs and take all memory, since this is a build with "
		       "sanitizers; use it with modules that you trust, or build without "
		       "--enable-sanitizers";
	if (!(flags & WIRE_SANDBOX_LANDLOCK))
		return "modules' processes run without Landlock, which this kernel does not offer: "
		       "while it is loaded a module can read every file that its process's user "
		       "may read, and one of profile local can go on to read and write such files; "
		       "use Linux 5.13 or newer, with landlock in the list of the kernel's option "
		       "lsm=";
	return NULL;
}
