/* SPDX-License-Identifier: Apache-2.0 */
/* See probe_module.h. */
#include "provider/probe_module.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <headroom/provider.h>

#include "base/text.h"

static const struct hr_setting no_rows[1];

const struct registry_module probe_module = {
	.id = "probe",
	.usable = true,
	.title = "Protocol probes",
	.profile = HR_PROFILE_COMPUTE,
	.thread_model = HR_THREADS_PARALLEL,
	.max_concurrency = 32, /* each holds a descriptor, of the 64 that a process may have */
	.schema = {.subject = "settings of the built-in module probe",
		   .rows = no_rows,
		   .n_rows = 0,
		   .stride = sizeof(no_rows[0])},
};

int probe_connect(const struct dispatch_probe *probe, int *ret_fd, struct hr_error *err)
{
	const struct addrinfo numbers = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
					 .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	char port[16];
	int fd, why;

	text_format(port, sizeof(port), "%lld", (long long)probe->port);
	if (probe->port < 1 || probe->port > 65535 ||
	    getaddrinfo(probe->address, port, &numbers, &found) != 0 || !found)
		return error_set(err, HR_UNSUPPORTED,
				 "\"%.100s\" is no numeric address, and names are not resolved for "
				 "probes; have the provider report one, or set probe to false",
				 probe->address);
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) != 0 &&
	    errno != EINPROGRESS && errno != EAGAIN) {
		why = errno;
		close(fd);
		errno = why;
		fd = -1;
	}
	freeaddrinfo(found);
	if (fd < 0) /* only a refusal is the server's word; no route may be for want of one here */
		return error_set(err, errno == ECONNREFUSED ? HR_NOT_FOUND : HR_TRANSIENT, "%s",
				 strerrordesc_np(errno));
	*ret_fd = fd;
	return 0;
}
