/* SPDX-License-Identifier: Apache-2.0 */
/* What this machine has of a server; see traces.h. */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "traces.h"

static size_t file_text(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	size_t have = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && have < size && (n = read(fd, text + have, size - have)) > 0)
		have += (size_t)n;
	if (fd >= 0)
		close(fd);
	return have;
}

static bool file_has(pid_t pid, const char *name, const char *id)
{
	static char text[512 * 1024];
	size_t n = file_text(pid, name, text, sizeof(text));

	return n > 0 && memmem(text, n, id, strlen(id));
}

static bool link_has(pid_t pid, const char *name, const char *id)
{
	char path[64], target[4096];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	n = readlink(path, target, sizeof(target) - 1);
	return n > 0 && memmem(target, (size_t)n, id, strlen(id));
}

static bool bears(pid_t pid, const char *id)
{
	return file_has(pid, "cmdline", id) || file_has(pid, "environ", id) ||
	       file_has(pid, "mountinfo", id) || link_has(pid, "cwd", id) ||
	       link_has(pid, "root", id) || link_has(pid, "exe", id);
}

/* The command that serves: "init" in namespaces, "launch" without. bwrap's own command line ends
 * with that of the program, so its first word is not ours. */
static bool serves(pid_t pid, const char *id)
{
	char text[4096];
	size_t n = file_text(pid, "cmdline", text, sizeof(text) - 1);
	const char *task;

	text[n] = '\0';
	task = text + strlen(text) + 1;
	if (n == 0 || (!strstr(text, "headroom-local-server") && !strstr(text, "/proc/self/fd")))
		return false;
	if (strcmp(task, "init") != 0 && strcmp(task, "launch") != 0)
		return false;
	return memmem(text, n, id, strlen(id)) != NULL;
}

static pid_t parent_of(pid_t pid)
{
	char text[4096];
	size_t n = file_text(pid, "status", text, sizeof(text) - 1);
	const char *at;

	text[n] = '\0';
	at = strstr(text, "\nPPid:");
	return at ? (pid_t)strtol(at + 6, NULL, 10) : 0;
}

/* Its child has its command line until it runs a program of its own. */
static bool is_init(pid_t pid, const char *id)
{
	return serves(pid, id) && !serves(parent_of(pid), id);
}

static unsigned count(const char *id, bool (*test)(pid_t pid, const char *id), int *ret_pid)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	unsigned n = 0;

	while (dir && (entry = readdir(dir))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (pid > 0 && pid != getpid() && test(pid, id)) {
			*ret_pid = pid;
			n++;
		}
	}
	if (dir)
		closedir(dir);
	return n;
}

unsigned traces_processes(const char *id)
{
	int pid;

	return count(id, bears, &pid);
}

unsigned traces_inits(const char *id)
{
	int pid;

	return count(id, is_init, &pid);
}

int traces_init_pid(const char *id)
{
	int pid = 0;

	count(id, is_init, &pid);
	return pid;
}

static const char *wanted_name;
static unsigned n_names;

static int name_visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	if (strstr(path + ftw->base, wanted_name))
		n_names++;
	return 0;
}

unsigned traces_files(const char *folder, const char *id)
{
	wanted_name = id;
	n_names = 0;
	nftw(folder, name_visit, 16, FTW_PHYS);
	return n_names;
}

bool traces_port(unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)port),
				      .sin_addr = {htonl(INADDR_LOOPBACK)}};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool listens = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

	close(fd);
	return listens;
}
