/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of the raw server. */
#include "raw_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>

void raw_write(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;

	while (len > 0) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		at += n;
		len -= (size_t)n;
	}
}

void raw_text(int fd, const char *text)
{
	raw_write(fd, text, strlen(text));
}

void raw_answer(int fd, const char *status, const char *headers, const char *body)
{
	char *text = NULL;

	ck_assert_int_ge(asprintf(&text, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n%s", status,
				  strlen(body), headers, body),
			 0);
	raw_text(fd, text);
	free(text);
}

bool raw_is(const char *request, const char *path)
{
	const char *blank = strchr(request, ' ');
	size_t len = strlen(path);

	return blank && strncmp(blank + 1, path, len) == 0 && blank[1 + len] == ' ';
}

bool raw_server_saw(struct raw_server *server, const char *text)
{
	bool saw;

	pthread_mutex_lock(&server->mutex);
	saw = strcasestr(server->last, text) != NULL;
	pthread_mutex_unlock(&server->mutex);
	return saw;
}

static size_t body_len_of(const char *head)
{
	const char *line = strcasestr(head, "\r\nContent-Length:");

	return line ? strtoul(line + 17, NULL, 10) : 0;
}

/* One whole request into buf; false: the peer has gone. */
static bool read_request(int fd, char *buf)
{
	size_t len = 0, want = 0;

	while (want == 0 || len < want) {
		ssize_t n = recv(fd, buf + len, RAW_REQUEST_MAX - len, 0);
		char *end;

		if (n <= 0)
			return false;
		len += (size_t)n;
		buf[len] = '\0';
		end = strstr(buf, "\r\n\r\n");
		if (end && want == 0)
			want = (size_t)(end + 4 - buf) + body_len_of(buf);
		if (want > RAW_REQUEST_MAX || (want == 0 && len == RAW_REQUEST_MAX))
			return false;
	}
	return true;
}

struct peer {
	struct raw_server *server;
	int fd;
};

static void *serve(void *context)
{
	struct peer *peer = context;
	struct raw_server *server = peer->server;
	char *buf = malloc(RAW_REQUEST_MAX + 1);
	bool again = buf != NULL && !atomic_load(&server->hangs_up);

	while (again && read_request(peer->fd, buf)) {
		atomic_fetch_add(&server->n_requests, 1);
		pthread_mutex_lock(&server->mutex);
		memcpy(server->last, buf, strlen(buf) + 1);
		pthread_mutex_unlock(&server->mutex);
		again = server->handler(server, peer->fd, buf);
	}
	shutdown(peer->fd, SHUT_RDWR);
	free(buf);
	free(peer);
	return NULL;
}

static void *accept_all(void *context)
{
	struct raw_server *server = context;
	int fd;

	while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
		struct peer *peer = malloc(sizeof(*peer));

		if (!peer || server->n_threads == RAW_CONNECTIONS_MAX)
			abort();
		peer->server = server;
		peer->fd = fd;
		atomic_fetch_add(&server->n_connections, 1);
		server->fds[server->n_threads] = fd;
		if (pthread_create(&server->threads[server->n_threads++], NULL, serve, peer) != 0)
			abort();
	}
	return NULL;
}

void raw_server_start(struct raw_server *server, raw_handler handler)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	memset(server, 0, sizeof(*server));
	server->handler = handler;
	pthread_mutex_init(&server->mutex, NULL);
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(server->listener, 0);
	ck_assert_int_eq(bind(server->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(server->listener, 32), 0);
	ck_assert_int_eq(getsockname(server->listener, (struct sockaddr *)&address, &len), 0);
	server->port = ntohs(address.sin_port);
	ck_assert_int_eq(pthread_create(&server->thread, NULL, accept_all, server), 0);
}

void raw_server_stop(struct raw_server *server)
{
	atomic_store(&server->is_ending, true);
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->listener);
	for (int i = 0; i < server->n_threads; i++) {
		shutdown(server->fds[i], SHUT_RDWR);
		pthread_join(server->threads[i], NULL);
		close(server->fds[i]);
	}
	pthread_mutex_destroy(&server->mutex);
}
