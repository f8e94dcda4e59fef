/* SPDX-License-Identifier: Apache-2.0 */
/* A free port on the loopback address, and the sshd that listens there. */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "server.h"

#define TRIES 10
#define LISTEN_TRIES 300 /* of 50 ms */

static int socket_for(const char *address, const char *port, struct addrinfo **ret_info)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
	int fd;

	if (getaddrinfo(address, port, &hints, ret_info))
		return -1;
	fd = socket((*ret_info)->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		freeaddrinfo(*ret_info);
	return fd;
}

/* A port that nobody has, kept by a socket that does not listen: the kernel gives it to no one
 * who asks for any port, and sshd, which asks for this one, gets it. */
static int port_reserve(const char *address, unsigned *ret_port)
{
	struct sockaddr_storage bound;
	socklen_t n = sizeof(bound);
	struct addrinfo *info;
	char port[16];
	int one = 1, fd = socket_for(address, "0", &info);
	bool done;

	if (fd < 0)
		return -1;
	done = bind(fd, info->ai_addr, info->ai_addrlen) == 0 &&
	       setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
	       getsockname(fd, (struct sockaddr *)&bound, &n) == 0 &&
	       getnameinfo((struct sockaddr *)&bound, n, NULL, 0, port, sizeof(port),
			   NI_NUMERICSERV) == 0;
	freeaddrinfo(info);
	if (!done) {
		close(fd);
		return -1;
	}
	*ret_port = (unsigned)strtoul(port, NULL, 10);
	return fd;
}

/* Whether somebody greets as an SSH server there. */
static bool port_greets(const char *address, unsigned port)
{
	char text[8], number[16];
	struct addrinfo *info;
	struct pollfd wait;
	bool greets = false;

	snprintf(number, sizeof(number), "%u", port);
	wait.fd = socket_for(address, number, &info);
	wait.events = POLLIN;
	if (wait.fd < 0)
		return false;
	if (connect(wait.fd, info->ai_addr, info->ai_addrlen) == 0 && poll(&wait, 1, 2000) == 1)
		greets = recv(wait.fd, text, 4, MSG_WAITALL) == 4 && !memcmp(text, "SSH-", 4);
	freeaddrinfo(info);
	close(wait.fd);
	return greets;
}

static bool sshd_wait(const struct server *server, pid_t pid, unsigned port)
{
	const struct timespec pause = {.tv_nsec = 50L * 1000 * 1000};

	for (int i = 0; i < LISTEN_TRIES; i++) {
		bool greets = port_greets(server->address, port);

		/* Dead, it was somebody else who greeted. */
		if (waitpid(pid, NULL, WNOHANG) != 0)
			return false;
		if (greets)
			return true;
		nanosleep(&pause, NULL);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return false;
}

pid_t sshd_start(const struct server *server, unsigned *ret_port)
{
	const char *argv[] = {server->sshd, "-D", "-e", "-f", NULL, NULL};

	if (access(server->sshd, X_OK)) {
		journal_failure(FAILURE_INVALID, "sshd",
				"The SSH server %s cannot be run: %s. Install openssh-server, or "
				"set 'sshd' to where it is.",
				server->sshd, strerror(errno));
		return -1;
	}
	for (int i = 0; i < TRIES; i++) {
		int reserved = port_reserve(server->address, ret_port);
		bool listens;
		pid_t pid;

		if (reserved < 0) {
			journal_failure(FAILURE_INVALID, "address",
					"No port can be had on address %s: %s.", server->address,
					strerror(errno));
			return -1;
		}
		if (!sshd_config_write(server, *ret_port)) {
			close(reserved);
			return -1;
		}
		/* Again each time: the buffers of server_path take turns. */
		argv[4] = server_path(server, "/etc/ssh/sshd_config");
		pid = child_start(server, argv, FD_SSHD_LOG);
		listens = pid > 0 && sshd_wait(server, pid, *ret_port);
		close(reserved);
		if (listens)
			return pid;
	}
	journal_failure(
		FAILURE_TRANSIENT, NULL,
		"sshd was started %d times and did not listen: see sshd.log in the server's "
		"folder.",
		TRIES);
	return -1;
}
