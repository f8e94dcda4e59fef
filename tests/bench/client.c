/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and answers over plain sockets and epoll. */
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "measure.h"

static void read_token(const char *path, char *buf, size_t size)
{
	FILE *file = fopen(path, "r");

	if (!file || !fgets(buf, (int)size, file))
		measure_fail("there is no token in %s", path);
	fclose(file);
	buf[strcspn(buf, "\n")] = '\0';
}

static void connect_one(struct client *client, struct client_conn *conn, int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = conn};
	int on = 1;

	conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (conn->fd < 0 ||
	    connect(conn->fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
	    setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
	    epoll_ctl(client->epoll_fd, EPOLL_CTL_ADD, conn->fd, &event) != 0)
		measure_fail("no connection to port %d: %s", port, strerror(errno));
}

void client_open(struct client *client, int port, const char *token_file, size_t n)
{
	memset(client, 0, sizeof(*client));
	if (token_file)
		read_token(token_file, client->token, sizeof(client->token));
	client->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	client->conns = calloc(n, sizeof(*client->conns));
	client->n = n;
	if (client->epoll_fd < 0 || !client->conns)
		measure_fail("out of memory or descriptors");
	for (size_t i = 0; i < n; i++) {
		client->conns[i].index = i;
		connect_one(client, &client->conns[i], port);
	}
}

void client_close(struct client *client)
{
	for (size_t i = 0; i < client->n; i++)
		close(client->conns[i].fd);
	close(client->epoll_fd);
	free(client->conns);
}

void client_send(struct client *client, struct client_conn *conn, const char *method,
		 const char *path, const char *body)
{
	char request[2048], authorization[192] = "", content[96] = "";
	size_t len;

	if (client->token[0])
		text_format(authorization, sizeof(authorization), "Authorization: Bearer %s\r\n",
			    client->token);
	if (body)
		text_format(content, sizeof(content),
			    "Content-Type: application/json\r\nContent-Length: %zu\r\n",
			    strlen(body));
	if (!text_format(request, sizeof(request),
			 "%s %s HTTP/1.1\r\nHost: localhost\r\n%s%s\r\n%s", method, path,
			 authorization, content, body ? body : ""))
		measure_fail("a request is too long");
	len = strlen(request);
	conn->busy = true;
	conn->len = 0;
	if (send(conn->fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
		measure_fail("a request could not be sent: %s", strerror(errno));
}

/* Whether the answer is all there. */
static bool is_whole(struct client_conn *conn)
{
	static const char length[] = "\r\nContent-Length: ";
	const char *end = strstr(conn->answer, "\r\n\r\n"), *field;
	size_t head, body = 0;

	if (!end)
		return false;
	head = (size_t)(end - conn->answer) + 4;
	field = strcasestr(conn->answer, length);
	if (field && field < end)
		body = strtoul(field + sizeof(length) - 1, NULL, 10);
	if (head + body >= sizeof(conn->answer))
		measure_fail("an answer is longer than %d bytes", CLIENT_ANSWER_MAX);
	if (conn->len < head + body)
		return false;
	conn->status = (int)strtol(conn->answer + strlen("HTTP/1.1 "), NULL, 10);
	conn->body = conn->answer + head;
	return true;
}

static bool take(struct client_conn *conn)
{
	ssize_t n = recv(conn->fd, conn->answer + conn->len, sizeof(conn->answer) - 1 - conn->len,
			 MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0)
		measure_fail("the server closed a connection");
	conn->len += (size_t)n;
	conn->answer[conn->len] = '\0';
	if (!conn->busy || !is_whole(conn))
		return false;
	conn->busy = false;
	return true;
}

void client_wait(struct client *client, int timeout_ms,
		 void (*done)(void *context, struct client_conn *conn), void *context)
{
	struct epoll_event events[256];
	int n = epoll_wait(client->epoll_fd, events, 256, timeout_ms);

	for (int i = 0; i < n; i++)
		if (take(events[i].data.ptr))
			done(context, events[i].data.ptr);
}
