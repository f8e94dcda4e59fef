/* SPDX-License-Identifier: Apache-2.0 */
/* Asks a server's port whether it speaks what its users will speak: the built-in module probe. What
 * comes from there is hostile until proven otherwise; it is read here and in probe_words.c and
 * probe_tls.c only, in a process that can do nothing else. */
#ifndef HR_BUILTIN_PROBE_H
#define HR_BUILTIN_PROBE_H

#include "host/call.h"
#include "provider/dispatch.h"

/* On probe->descriptor, a socket that connects or has connected; it stays the caller's. HR_OK and who
 * speaks in call->text ("SSH-2.0-OpenSSH_9.2p1"), or the class of the call's fault: HR_NOT_FOUND (nobody
 * is there who speaks it; all other classes say nothing of the server), HR_CANCELLED, HR_UNSUPPORTED (no
 * such protocol), HR_INTERNAL. Ends with the call's deadline. Any thread. */
int32_t probe_run(struct call *call, const struct dispatch_probe *probe);

#endif
