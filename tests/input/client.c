/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <jansson.h>

#define ANSWER_MAX ((size_t)8 << 20)

static int connect_unix(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		abort();
	memcpy(address.sun_path, path, strlen(path));
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int client_connect(const char *address, const char *from)
{
	struct sockaddr_in to = {.sin_family = AF_INET}, own = {.sin_family = AF_INET};
	const char *colon = strrchr(address, ':');
	char host[64];
	int fd;

	if (address[0] == '/')
		return connect_unix(address);
	if (!colon || (size_t)(colon - address) >= sizeof(host))
		abort();
	snprintf(host, sizeof(host), "%.*s", (int)(colon - address), address);
	to.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
	if (inet_pton(AF_INET, host, &to.sin_addr) != 1)
		abort();
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	if (from && from[0] && inet_pton(AF_INET, from, &own.sin_addr) == 1 &&
	    bind(fd, (const struct sockaddr *)&own, sizeof(own)) != 0)
		goto fail;
	if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
fail:
	close(fd);
	return -1;
}

bool client_send(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		at += n;
		len -= (size_t)n;
	}
	return true;
}

/* How long the answer in text is as a whole; 0: its head is not complete yet. */
static size_t whole_length(const char *text)
{
	const char *end = strstr(text, "\r\n\r\n");
	const char *length = strcasestr(text, "\r\nContent-Length:");
	size_t head = end ? (size_t)(end - text) + 4 : 0;

	if (!end || !length || length > end)
		return head;
	return head + strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
}

int client_answer(int fd, char **ret_body)
{
	char *text = calloc(1, ANSWER_MAX + 1);
	size_t len = 0, whole = 0;
	int status = 0;

	if (!text)
		abort();
	while (whole == 0 || len < whole) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (poll(&poll_fd, 1, CLIENT_WAIT_MS) != 1) {
			free(text);
			*ret_body = strdup("");
			return -1;
		}
		/* No more than this answer: another may follow it. */
		n = recv(fd, text + len, whole > 0 ? whole - len : 1, 0);
		if (n <= 0)
			break;
		len += (size_t)n;
		if (whole == 0)
			whole = whole_length(text);
		if (whole > ANSWER_MAX)
			abort();
	}
	if (whole > 0)
		status = (int)strtol(text + strcspn(text, " "), NULL, 10);
	*ret_body = strdup(whole > 0 ? strstr(text, "\r\n\r\n") + 4 : "");
	free(text);
	return status;
}

char *client_told(int status, const char *body)
{
	json_t *json = json_loads(body, 0, NULL);
	const char *detail = json_string_value(json_object_get(json, "detail"));
	const char *field = json_string_value(json_object_get(json, "field"));
	char *told = NULL;
	int rc;

	if (status <= 0)
		rc = asprintf(&told, "%s", status == 0 ? "closed" : "no answer");
	else if (!detail)
		rc = asprintf(&told, "%d", status);
	else
		rc = asprintf(&told, "%d%s%s: %s", status, field ? " " : "", field ? field : "",
			      detail);
	json_decref(json);
	if (rc < 0)
		abort();
	return told;
}
