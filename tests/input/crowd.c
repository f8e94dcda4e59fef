/* SPDX-License-Identifier: Apache-2.0 */
/* crowd ADDRESS FROM N WHAT SECONDS: N connections at once from the address FROM of 127.0.0.0/8 ("":
 * any), none of which asks for anything yet. Then each sends by WHAT:
 *   idle      nothing
 *   drip      one byte of a request's head every half second: slow-loris
 *   drip-body the head of a request with a body, then a byte of that every half second
 *   ask       GET /healthz
 * and is watched for SECONDS. Prints how many connected, were answered, and were closed by the other
 * side; with ask every one is answered or closed before the end. */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

static const char head[] = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n";
static const char body[] = "POST /api/set_server_status HTTP/1.1\r\nHost: h\r\nContent-Type: "
			   "application/json\r\nContent-Length: 1000\r\n\r\n";
static const char slow[] = "GET /healthz HTTP/1.1\r\nHost: h\r\nX-Slow: ";

struct visitor {
	int fd;
	bool answered, closed;
};

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void look(struct visitor *visitors, long n)
{
	for (long i = 0; i < n; i++) {
		char buf[4096];
		ssize_t got;

		if (visitors[i].fd < 0 || visitors[i].closed)
			continue;
		got = recv(visitors[i].fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (got > 0)
			visitors[i].answered = true;
		else if (got == 0 || (errno != EAGAIN && errno != EINTR))
			visitors[i].closed = true;
	}
}

static bool all_done(const struct visitor *visitors, long n)
{
	for (long i = 0; i < n; i++)
		if (visitors[i].fd >= 0 && !visitors[i].answered && !visitors[i].closed)
			return false;
	return true;
}

static void drip(struct visitor *visitors, long n, char byte)
{
	for (long i = 0; i < n; i++)
		if (visitors[i].fd >= 0 && !visitors[i].closed)
			send(visitors[i].fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void begin(struct visitor *visitors, long n, const char *text)
{
	for (long i = 0; i < n; i++)
		if (visitors[i].fd >= 0)
			client_send(visitors[i].fd, text, strlen(text));
}

int main(int argc, char **argv)
{
	struct rlimit limit = {8192, 8192};
	long n = argc == 6 ? strtol(argv[3], NULL, 10) : 0;
	struct visitor *visitors = calloc((size_t)n + 1, sizeof(*visitors));
	long connected = 0, answered = 0, closed = 0;
	bool drips = argc == 6 && strncmp(argv[4], "drip", 4) == 0;
	bool asks = argc == 6 && strcmp(argv[4], "ask") == 0;
	double end;

	if (n <= 0 || !visitors)
		return 2;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (long i = 0; i < n; i++)
		visitors[i].fd = client_connect(argv[1], argv[2]);
	if (asks)
		begin(visitors, n, head);
	if (drips)
		begin(visitors, n, strcmp(argv[4], "drip") == 0 ? slow : body);
	printf("here\n");
	fflush(stdout);
	end = now_s() + strtod(argv[5], NULL);
	while (now_s() < end && !all_done(visitors, n)) {
		if (drips)
			drip(visitors, n, strcmp(argv[4], "drip") == 0 ? 'x' : ' ');
		poll(NULL, 0, drips ? 500 : 50);
		look(visitors, n);
	}
	for (long i = 0; i < n; i++) {
		connected += visitors[i].fd >= 0;
		answered += visitors[i].answered;
		closed += visitors[i].closed;
	}
	printf("%ld connected, %ld answered, %ld closed\n", connected, answered, closed);
	return 0;
}
