/* SPDX-License-Identifier: Apache-2.0 */
/* The points at frames of the channel, in daemon and host: kind and moment tell which of them it is. */
#include "base/kill_point.h"
#include "base/text.h"
#include "kill_table.h"
#include "provider/wire.h"

void kill_point_frame(int wire_kind, enum kill_moment moment)
{
	static const char *const moments[] = {
		[KILL_SENDING] = "sending", [KILL_SENT] = "sent", [KILL_RECEIVED] = "received"};
	const struct wire_message *message = &wire_messages[wire_kind];
	bool in_daemon = (message->from == WIRE_DAEMON) == (moment != KILL_RECEIVED);
	char name[KILL_NAME_SIZE];

	text_format(name, sizeof(name), "%s.%s.%s", in_daemon ? "daemon" : "host", moments[moment],
		    message->name);
	kill_table_pass(name);
}
