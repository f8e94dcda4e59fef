/* SPDX-License-Identifier: Apache-2.0 */
/* headroomd's command line. */
#include "daemon_options.h"

#include <getopt.h>
#include <stdio.h>

void daemon_options_help(void)
{
	puts("usage: headroomd [--config FILE] [--check | --remove-servers | --confirm-moved]\n\n"
	     "  --config FILE      configuration (default: /etc/headroom/headroom.conf as root,\n"
	     "                     else ~/.config/headroom/headroom.conf)\n"
	     "  --check            check configuration, store and provider modules, then end\n"
	     "  --remove-servers   destroy every server that this installation has, then end\n"
	     "  --confirm-moved    the state folder was moved to where it is now, and nothing uses the\n"
	     "                     old one any more; or its database, put back from a backup, is the\n"
	     "                     one to go on with; then end\n"
	     "  --version, --help\n\n"
	     "It runs in the foreground. SIGTERM or Ctrl-C stops it; servers live on, and the next\n"
	     "start finds them.");
}

int daemon_options_parse(int argc, char **argv, struct daemon_options *ret_options)
{
	static const struct option known[] = {
		{"config", required_argument, NULL, 'c'},
		{"check", no_argument, NULL, 'k'},
		{"remove-servers", no_argument, NULL, 'r'},
		{"confirm-moved", no_argument, NULL, 'm'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	int option;

	*ret_options = (struct daemon_options){.mode = DAEMON_RUN};
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 'c')
			ret_options->config = optarg;
		else if (option == 'k')
			ret_options->mode = DAEMON_CHECK;
		else if (option == 'r')
			ret_options->mode = DAEMON_REMOVE_SERVERS;
		else if (option == 'm')
			ret_options->mode = DAEMON_CONFIRM_MOVED;
		else if (option == 'h')
			ret_options->mode = DAEMON_HELP;
		else if (option == 'v')
			ret_options->mode = DAEMON_VERSION;
		else
			return -1;
	}
	if (optind == argc)
		return 0;
	fprintf(stderr, "headroomd: superfluous argument \"%s\"; see: headroomd --help\n",
		argv[optind]);
	return -1;
}
