/* SPDX-License-Identifier: Apache-2.0 */
/* bench-bare-http BYTES: libmicrohttpd alone, with the flags that the daemon has it run with. Prints the
 * port, answers everything with so many bytes of JSON, until it is ended. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

#include "measure.h"

static char *text;

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *data_size, void **request)
{
	static int begun;
	struct MHD_Response *response;
	enum MHD_Result result;

	(void)context;
	(void)url;
	(void)method;
	(void)version;
	(void)data;
	if (!*request) {
		*request = &begun;
		return MHD_YES;
	}
	*data_size = 0;
	response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_PERSISTENT);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
	result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

int main(int argc, char **argv)
{
	size_t size = argc == 2 ? (size_t)measure_count(argv[1]) : 0;
	const union MHD_DaemonInfo *info;
	struct MHD_Daemon *daemon;

	text = calloc(1, size + 1);
	if (!text || size < 2)
		measure_fail("bench-bare-http BYTES");
	memset(text, ' ', size);
	text[0] = '{';
	text[size - 1] = '}';
	daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0, NULL,
		NULL, answer, NULL, MHD_OPTION_CONNECTION_LIMIT, 1000, MHD_OPTION_END);
	if (!daemon)
		measure_fail("libmicrohttpd did not start");
	info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
	printf("%u\n", info ? info->port : 0);
	fflush(stdout);
	for (;;)
		pause();
}
