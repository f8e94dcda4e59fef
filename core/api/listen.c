/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the sockets, with errors that say what to do. */
#include "api/listen.h"

#include <errno.h>
#include <libgen.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define BACKLOG 256
#define ATTEMPTS 20
#define PAUSE_MS 100

static int bad_address(const char *address, struct hr_error *err)
{
	return error_set_field(err, HR_INVALID, "listen", "127.0.0.1:8460",
			       "cannot listen on \"%s\": it must be an address and a port, such as "
			       "127.0.0.1:8460 or [::1]:8460",
			       address);
}

/* "host:port" or "[host]:port" in two parts. */
static int split_address(const char *address, char host[64], char port[8], struct hr_error *err)
{
	const char *colon = strrchr(address, ':');
	const char *begin = address;
	const char *end = colon;
	int64_t number;

	if (!colon || colon == address || text_to_int64(colon + 1, 0, 65535, &number) != 0)
		return bad_address(address, err);
	if (*begin == '[' && end[-1] == ']') {
		begin++;
		end--;
	} else if (memchr(begin, ':', (size_t)(end - begin))) {
		return bad_address(address, err);
	}
	if (end <= begin || !text_format(host, 64, "%.*s", (int)(end - begin), begin) ||
	    !text_copy(port, 8, colon + 1))
		return bad_address(address, err);
	return 0;
}

static int bind_error(int error, const char *address, struct hr_error *err)
{
	if (error == EADDRINUSE)
		return error_set_field(
			err, HR_CONFLICT, "listen", NULL,
			"cannot listen on %s: another program uses this port; see who with "
			"\"ss -ltnp\", stop it, or set another \"listen\" address",
			address);
	if (error == EACCES || error == EPERM)
		return error_set_field(
			err, HR_AUTH, "listen", "127.0.0.1:8460",
			"cannot listen on %s: this user has no right to; use a port from 1024 "
			"on",
			address);
	if (error == EADDRNOTAVAIL)
		return error_set_field(
			err, HR_INVALID, "listen", "127.0.0.1:8460",
			"cannot listen on %s: this machine has not that address; see \"ip "
			"address\"",
			address);
	return error_set_errno(err, error, "cannot listen on %s", address);
}

/* What the kernel made of it, the port above all. */
int listen_address(int fd, char buf[API_ADDRESS_SIZE], struct hr_error *err)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	char host[64], port[8];

	if (getsockname(fd, (struct sockaddr *)&address, &len) != 0 ||
	    getnameinfo((const struct sockaddr *)&address, len, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return error_set_errno(err, errno, "the address listened on is not known");
	text_format(buf, API_ADDRESS_SIZE, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
	return 0;
}

static void pause_shortly(void)
{
	const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};

	nanosleep(&pause, NULL);
}

/* Processes that a daemon was just starting as it was killed hold its sockets for moments more. */
static int bind_and_listen(int fd, const struct addrinfo *address)
{
	bool bound = false;

	for (int attempt = 1;; attempt++) {
		bound = bound || bind(fd, address->ai_addr, address->ai_addrlen) == 0;
		if (bound && listen(fd, BACKLOG) == 0)
			return 0;
		if (errno != EADDRINUSE || attempt == ATTEMPTS)
			return -1;
		pause_shortly();
	}
}

int api_listen(const char *address, int *ret_fd, char ret_address[API_ADDRESS_SIZE],
	       struct hr_error *err)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				       .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char host[64], port[8];
	int fd = -1, one = 1, code;

	if (split_address(address, host, port, err) != 0)
		return -1;
	code = getaddrinfo(host, port, &hints, &found);
	if (code != 0 || !found)
		return error_set_field(err, HR_INVALID, "listen", "127.0.0.1:8460",
				       "cannot listen on %s: the host \"%s\" is not known (%s)",
				       address, host, gai_strerror(code));
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		error_set_errno(err, errno, "cannot listen on %s", address);
	else if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
		 bind_and_listen(fd, found) != 0)
		bind_error(errno, address, err);
	else if (listen_address(fd, ret_address, err) == 0) {
		freeaddrinfo(found);
		*ret_fd = fd;
		return 0;
	}
	freeaddrinfo(found);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* ---- The unix socket ----------------------------------------------------------------------- */

static int make_folder(const char *path, struct hr_error *err)
{
	CLEANUP_FREE char *copy = strdup(path);
	const char *folder;

	if (!copy)
		return error_no_memory(err, "starting the API");
	folder = dirname(copy);
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return error_set_errno(
			err, errno,
			"cannot make the folder %s for the socket (set \"socket\" to a path "
			"that this user may write)",
			folder);
	return 0;
}

static bool answers_now(const struct sockaddr_un *address)
{
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;
}

static bool somebody_answers(const struct sockaddr_un *address)
{
	for (int attempt = 1; answers_now(address); attempt++) {
		if (attempt == ATTEMPTS)
			return true;
		pause_shortly();
	}
	return false;
}

/* What a daemon that was killed left behind goes; anything else stays. */
static int clear_place(const char *path, const struct sockaddr_un *address, struct hr_error *err)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return error_set_field(
			err, HR_CONFLICT, "socket", NULL,
			"%s is in the way and is no socket; remove it, or set another "
			"\"socket\" path",
			path);
	if (somebody_answers(address))
		return error_set_field(
			err, HR_CONFLICT, "socket", NULL,
			"another daemon answers on %s; stop it, or set another \"socket\" path",
			path);
	if (unlink(path) != 0)
		return error_set_errno(err, errno, "cannot remove the old socket %s", path);
	return 0;
}

int listen_local(const char *path, int *ret_fd, struct hr_error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (!text_copy(address.sun_path, sizeof(address.sun_path), path))
		return error_set_field(
			err, HR_INVALID, "socket", "/run/headroom/headroom.sock",
			"the socket's path %s is longer than the %zu bytes that the system "
			"allows; set a shorter \"socket\" path",
			path, sizeof(address.sun_path) - 1);
	if (make_folder(path, err) != 0 || clear_place(path, &address, err) != 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* Its mode is set before anybody can connect. */
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    chmod(path, 0600) != 0 || listen(fd, BACKLOG) != 0) {
		error_set_errno(err, errno, "cannot listen on the socket %s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	*ret_fd = fd;
	return 0;
}
