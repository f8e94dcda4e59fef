/* SPDX-License-Identifier: Apache-2.0 */
/* headroomd's command line. */
#ifndef HR_DAEMON_OPTIONS_H
#define HR_DAEMON_OPTIONS_H

enum daemon_mode {
	DAEMON_RUN,
	DAEMON_CHECK,          /* --check: is everything well? changes nothing */
	DAEMON_REMOVE_SERVERS, /* --remove-servers: destroy all servers, then end */
	DAEMON_CONFIRM_MOVED,  /* --confirm-moved: the state folder was moved, not copied */
	DAEMON_HELP,
	DAEMON_VERSION
};

struct daemon_options {
	enum daemon_mode mode;
	const char *config; /* NULL: the default place */
};

/* 0, or -1 after a line on standard error. */
int daemon_options_parse(int argc, char **argv, struct daemon_options *ret_options);

void daemon_options_help(void);

#endif
