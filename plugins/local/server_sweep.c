/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ending the processes of a server that has no pid namespace. The supervisor ends its own
 * children, again and again, as the children's children come to it. When the supervisor itself
 * was killed, a sweep looks through the machine instead, by what a server's processes bear: its
 * id in their environment or command line, or a connection on its port.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "server.h"

#define PASSES 1000 /* of 10 ms */
#define SOCKETS_MAX 256

static void pass_pause(void)
{
	const struct timespec pause = {.tv_nsec = 10L * 1000 * 1000};

	nanosleep(&pause, NULL);
}

/* Reads up to size - 1 bytes; -1 when it cannot. */
static ssize_t text_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t n;

	if (fd < 0)
		return -1;
	while (have < size - 1 && (n = read(fd, text + have, size - 1 - have)) > 0)
		have += (size_t)n;
	close(fd);
	text[have] = '\0';
	return (ssize_t)have;
}

void processes_visit(bool (*visit)(pid_t pid, void *context), void *context)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	struct stat st;

	while (dir && (entry = readdir(dir))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid <= 0 || pid == getpid() || fstatat(dirfd(dir), entry->d_name, &st, 0))
			continue;
		if (st.st_uid == getuid() && !visit(pid, context))
			break;
	}
	if (dir)
		closedir(dir);
}

static bool child_kill(pid_t pid, void *context)
{
	char path[64], text[1024], *at;
	int *n_children = context;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (text_read(path, text, sizeof(text)) <= 0)
		return true;
	at = strrchr(text, ')');
	if (at && strlen(at) > 4 && strtol(at + 4, NULL, 10) == getpid()) {
		kill(pid, SIGKILL);
		++*n_children;
	}
	return true;
}

bool children_end(void)
{
	for (int pass = 0; pass < PASSES; pass++) {
		int n_children = 0;

		processes_visit(child_kill, &n_children);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (n_children == 0 && waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
			return true;
		pass_pause();
	}
	return false;
}

struct sweep {
	char in_environment[128];
	char in_command[128];
	unsigned long sockets[SOCKETS_MAX];
	size_t n_sockets;
	int n_found;
};

/* Whether text, made of NUL-terminated words, holds word whole (or, in part, anywhere). */
static bool holds(const char *text, size_t n, const char *word, bool whole)
{
	const char *at = text;

	while ((at = memmem(at, n - (size_t)(at - text), word, strlen(word)))) {
		if (!whole || ((at == text || at[-1] == '\0') && at[strlen(word)] == '\0'))
			return true;
		at++;
	}
	return false;
}

/* Inodes of the sockets on a port, from the kernel's table. */
static void sockets_find(struct sweep *sweep, const char *table, unsigned port)
{
	char line[512];
	FILE *stream = port ? fopen(table, "re") : NULL;

	while (stream && fgets(line, sizeof(line), stream) && sweep->n_sockets < SOCKETS_MAX) {
		unsigned local;
		unsigned long inode;

		/* NOLINTNEXTLINE(cert-err34-c): the kernel's numbers */
		if (sscanf(line, "%*s %*[0-9A-Fa-f]:%x %*s %*s %*s %*s %*s %*s %*s %lu", &local,
			   &inode) == 2 &&
		    local == port && inode)
			sweep->sockets[sweep->n_sockets++] = inode;
	}
	if (stream)
		fclose(stream);
}

static bool has_socket(const struct sweep *sweep, pid_t pid)
{
	char path[64], target[64];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = sweep->n_sockets ? opendir(path) : NULL;
	while (dir && !found && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		unsigned long inode;

		if (n <= 0)
			continue;
		target[n] = '\0';
		/* NOLINTNEXTLINE(cert-err34-c): the kernel's number */
		if (sscanf(target, "socket:[%lu]", &inode) != 1)
			continue;
		for (size_t i = 0; i < sweep->n_sockets; i++)
			found = found || sweep->sockets[i] == inode;
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool sweep_one(pid_t pid, void *context)
{
	static char text[256 * 1024];
	struct sweep *sweep = context;
	char path[64], name[32] = "";
	ssize_t n;
	bool ours;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	n = text_read(path, text, sizeof(text));
	ours = n > 0 && holds(text, (size_t)n, sweep->in_environment, true);
	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	n = text_read(path, text, sizeof(text));
	ours = ours || (n > 0 && holds(text, (size_t)n, sweep->in_command, false));
	/* Only sshd: another process on that port may be the client. */
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	if (!ours && text_read(path, name, sizeof(name)) > 0 && !strncmp(name, "sshd", 4))
		ours = has_socket(sweep, pid);
	if (ours) {
		kill(pid, SIGKILL);
		sweep->n_found++;
	}
	return true;
}

/* The last port in the journal, which is in the working directory. */
static unsigned port_read(void)
{
	char line[512];
	unsigned port = 0;
	FILE *stream = fopen(FILE_JOURNAL, "re");

	while (stream && fgets(line, sizeof(line), stream))
		/* NOLINTNEXTLINE(cert-err34-c): what this program wrote */
		(void)!sscanf(line, "port %u", &port);
	if (stream)
		fclose(stream);
	return port;
}

int server_sweep(const struct server *server)
{
	static struct sweep sweep;
	unsigned port = port_read();
	int quiet = 0;

	snprintf(sweep.in_environment, sizeof(sweep.in_environment), "HEADROOM_SERVER_ID=%s",
		 server->id);
	snprintf(sweep.in_command, sizeof(sweep.in_command), "/servers/%s/" FOLDER_ROOT "/",
		 server->id);
	for (int pass = 0; pass < PASSES && quiet < 2; pass++) {
		sweep.n_found = 0;
		sweep.n_sockets = 0;
		sockets_find(&sweep, "/proc/net/tcp", port);
		sockets_find(&sweep, "/proc/net/tcp6", port);
		processes_visit(sweep_one, &sweep);
		quiet = sweep.n_found ? 0 : quiet + 1;
		if (quiet < 2)
			pass_pause();
	}
	if (quiet < 2)
		return 1;
	journal_line("swept");
	return 0;
}
