/* SPDX-License-Identifier: Apache-2.0 */
/* bench-start TEXT PROGRAM ARGUMENT…: starts the daemon and waits until its log says TEXT, which is what a
 * correct plan says; ends it. Prints the time from before the fork until then, in ms. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

#define LIMIT_MS 20000

static pid_t child;
static char output[1 << 18];

_Noreturn static void start(char **argv, int fd)
{
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	execv(argv[0], argv);
	_exit(127);
}

/* Reads until the text is there; false: it ended, or said too much, or the time is up. */
static bool await(int fd, const char *text)
{
	size_t len = 0;

	while (len < sizeof(output) - 1) {
		struct pollfd one = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (poll(&one, 1, LIMIT_MS) <= 0)
			return false;
		n = read(fd, output + len, sizeof(output) - 1 - len);
		if (n <= 0)
			return false;
		len += (size_t)n;
		output[len] = '\0';
		if (strstr(output, text))
			return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	int64_t begun_ns;
	double took_ms;
	int fds[2];
	bool said;

	if (argc < 3 || pipe(fds) != 0)
		measure_fail("bench-start TEXT PROGRAM ARGUMENT...");
	begun_ns = measure_now_ns();
	child = fork();
	if (child == 0)
		start(argv + 2, fds[1]);
	close(fds[1]);
	if (child < 0)
		measure_fail("no process: %s", strerror(errno));
	said = await(fds[0], argv[1]);
	took_ms = (double)(measure_now_ns() - begun_ns) / 1e6;
	kill(child, SIGTERM);
	while (said && read(fds[0], output, sizeof(output)) > 0)
		;
	waitpid(child, NULL, 0);
	if (!said)
		measure_fail("the daemon did not say \"%s\"; it said: %s", argv[1], output);
	measure_tell("start_ms", took_ms);
	return 0;
}
