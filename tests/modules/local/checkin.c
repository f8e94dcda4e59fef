/* SPDX-License-Identifier: Apache-2.0 */
/* A listener that takes the check-in of startup scripts; see checkin.h. */
#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "checkin.h"

#define REQUESTS_MAX (256 * 1024)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char requests[REQUESTS_MAX];
static size_t n_requests;
static int fixed_status;

/* Reads head and body (by Content-Length). */
static size_t request_read(int fd, char *text, size_t size)
{
	size_t have = 0;
	ssize_t n;

	while (have < size - 1 && (n = recv(fd, text + have, size - 1 - have, 0)) > 0) {
		const char *body, *length;

		have += (size_t)n;
		text[have] = '\0';
		body = strstr(text, "\r\n\r\n");
		length = strcasestr(text, "\r\ncontent-length:");
		if (body &&
		    (!length || have - (size_t)(body + 4 - text) >= strtoul(length + 17, NULL, 10)))
			break;
	}
	return have;
}

static void *serve(void *context)
{
	int listener = *(int *)context, refused = 0;
	static char text[65536];

	for (;;) {
		int fd = accept(listener, NULL, NULL), status = fixed_status ? fixed_status : 204;
		char answer[128];
		size_t n = request_read(fd, text, sizeof(text));

		pthread_mutex_lock(&lock);
		if (n_requests + n < REQUESTS_MAX - 2) {
			memcpy(requests + n_requests, text, n);
			n_requests += n;
			requests[n_requests++] = '\n';
			requests[n_requests] = '\0';
		}
		pthread_mutex_unlock(&lock);
		if (!fixed_status && !refused && strstr(text, "\"status\":\"running\"")) {
			refused = 1;
			status = 503;
		}
		snprintf(answer, sizeof(answer),
			 "HTTP/1.1 %d x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status);
		(void)!write(fd, answer, strlen(answer));
		close(fd);
	}
	return NULL;
}

unsigned checkin_listen(int status)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t n = sizeof(address);
	static int listener;
	pthread_t thread;

	fixed_status = status;
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(listener, 16), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &n), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, serve, &listener), 0);
	pthread_detach(thread);
	return ntohs(address.sin_port);
}

const char *checkin_requests(void)
{
	static char copy[REQUESTS_MAX];

	pthread_mutex_lock(&lock);
	memcpy(copy, requests, n_requests + 1);
	pthread_mutex_unlock(&lock);
	return copy;
}

unsigned checkin_count(const char *wanted)
{
	const char *at = checkin_requests();
	unsigned n = 0;

	while ((at = strstr(at, wanted))) {
		at += strlen(wanted);
		n++;
	}
	return n;
}
