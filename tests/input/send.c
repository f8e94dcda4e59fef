/* SPDX-License-Identifier: Apache-2.0 */
/* send ADDRESS [--half] [--answers N]: sends standard input as it is, closes its
 * half of the connection with --half, and prints what is told for each of N answers (else one), and
 * "closed" where there is none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

#define INPUT_MAX ((size_t)16 << 20)

int main(int argc, char **argv)
{
	char *input = malloc(INPUT_MAX);
	long answers = 1;
	bool half = false;
	size_t len;
	int fd;

	if (argc < 2 || !input)
		return 2;
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--half") == 0)
			half = true;
		else if (strcmp(argv[i], "--answers") == 0 && i + 1 < argc)
			answers = strtol(argv[++i], NULL, 10);
		else
			return 2;
	}
	len = fread(input, 1, INPUT_MAX, stdin);
	fd = client_connect(argv[1], NULL);
	if (fd < 0) {
		perror("connect");
		return 1;
	}
	/* Where it is refused early, the other side closes before all is sent. */
	client_send(fd, input, len);
	if (half)
		shutdown(fd, SHUT_WR);
	for (long i = 0; i < answers; i++) {
		char *body, *told;
		int status = client_answer(fd, &body);

		told = client_told(status, body);
		printf("%s%s", i > 0 ? " + " : "", told);
		free(told);
		free(body);
	}
	printf("\n");
	close(fd);
	free(input);
	return 0;
}
