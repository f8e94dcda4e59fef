/* SPDX-License-Identifier: Apache-2.0 */
/* The process of nghttpd and its files. */
#include "h2_server.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>

#define PATIENCE_MS 20000

static const char *const files[] = {"key", "cert", "hello", "large", "huge", "log"};

/* Also before Check runs a test, hence without its assertions. Debian has it where only root's PATH
 * leads. */
static const char *program(void)
{
	static char path[4096];
	const char *folders = getenv("PATH");
	char *text = NULL, *rest, *folder;
	bool found = false;

	if (asprintf(&text, "%s:/usr/sbin", folders ? folders : "") < 0)
		return NULL;
	rest = text;
	while (!found && (folder = strsep(&rest, ":")) != NULL) {
		snprintf(path, sizeof(path), "%s/nghttpd", folder);
		found = folder[0] == '/' && access(path, X_OK) == 0;
	}
	free(text);
	return found ? path : NULL;
}

bool h2_server_is_there(void)
{
	return program() != NULL;
}

static void in_folder(const struct h2_server *server, const char *name, char ret_path[128])
{
	snprintf(ret_path, 128, "%s/%s", server->folder, name);
}

static void write_file(const struct h2_server *server, const char *name, const char *text,
		       size_t size)
{
	char path[128];
	int fd;

	in_folder(server, name, path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(ftruncate(fd, (off_t)(size > 0 ? size : strlen(text))), 0);
	close(fd);
}

static struct sockaddr_in address_of(int port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons((uint16_t)port),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int free_port(void)
{
	struct sockaddr_in address = address_of(0);
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return ntohs(address.sin_port);
}

/* false: the process has ended, since somebody else has taken the port. */
static bool wait_until_it_listens(struct h2_server *server)
{
	const struct sockaddr_in address = address_of(server->port);

	for (int i = 0; i < PATIENCE_MS / 10; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		bool listens = connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;

		close(fd);
		if (waitpid(server->pid, NULL, WNOHANG) == server->pid)
			return false;
		if (listens)
			return true;
		usleep(10000);
	}
	ck_abort_msg("nghttpd does not listen");
	return false;
}

static bool start_process(struct h2_server *server, int streams_max)
{
	char key[128], cert[128], log[128], port[16], streams[16];
	const char *words[] = {
		program(), "-a",    "127.0.0.1", "-d", server->folder, "--echo-upload",
		"-m",      streams, port,        key,  cert,           NULL};
	posix_spawn_file_actions_t actions;

	in_folder(server, "key", key);
	in_folder(server, "cert", cert);
	in_folder(server, "log", log);
	snprintf(port, sizeof(port), "%d", server->port);
	snprintf(streams, sizeof(streams), "%d", streams_max);
	ck_assert_int_eq(posix_spawn_file_actions_init(&actions), 0);
	for (int fd = 1; fd <= 2; fd++)
		ck_assert_int_eq(posix_spawn_file_actions_addopen(
					 &actions, fd, log, O_WRONLY | O_CREAT | O_APPEND, 0600),
				 0);
	ck_assert_int_eq(posix_spawn(&server->pid, words[0], &actions, NULL,
				     (char *const *)(uintptr_t)words, environ),
			 0);
	posix_spawn_file_actions_destroy(&actions);
	return wait_until_it_listens(server);
}

static void end_process(struct h2_server *server)
{
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
}

void h2_server_start(struct h2_server *server, const struct certificate *own, int streams_max)
{
	bool started = false;

	snprintf(server->folder, sizeof(server->folder), "/tmp/headroom-h2.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(server->folder));
	write_file(server, "key", own->key_pem, 0);
	write_file(server, "cert", own->cert_pem, 0);
	write_file(server, "hello", "hello", 0);
	write_file(server, "large", "", 1u << 20);
	write_file(server, "huge", "", 17u << 20);
	for (int i = 0; i < 5 && !started; i++) {
		server->port = free_port();
		started = start_process(server, streams_max);
	}
	ck_assert(started);
}

void h2_server_restart(struct h2_server *server, int streams_max)
{
	end_process(server);
	ck_assert(start_process(server, streams_max));
}

void h2_server_stop(struct h2_server *server)
{
	char path[128];

	end_process(server);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		in_folder(server, files[i], path);
		unlink(path);
	}
	rmdir(server->folder);
}
