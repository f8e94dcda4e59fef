/* SPDX-License-Identifier: Apache-2.0 */
/* headroom-local-server: the command line, and what it writes into the journal. See server.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server.h"

static void line_write(const char *line, size_t n)
{
	if (write(FD_JOURNAL, line, n) != (ssize_t)n)
		fprintf(stderr, "the journal cannot be written: %s\n", strerror(errno));
}

void journal_line(const char *format, ...)
{
	char line[256];
	va_list list;
	int n;

	va_start(list, format);
	n = vsnprintf(line, sizeof(line) - 1, format, list);
	va_end(list);
	if (n < 0 || (size_t)n >= sizeof(line) - 1)
		return;
	line[n] = '\n';
	line_write(line, (size_t)n + 1);
}

bool journal_lock(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct stat st;

	if (fcntl(FD_JOURNAL, F_SETLK, &lock)) {
		if (errno == EACCES || errno == EAGAIN)
			fprintf(stderr, "this server runs already\n");
		else
			fprintf(stderr, "the journal cannot be locked: %s\n", strerror(errno));
		return false;
	}
	if (fstat(FD_JOURNAL, &st) || st.st_nlink == 0 || (st.st_mode & S_IXUSR)) {
		fprintf(stderr, "this server is being removed\n");
		return false;
	}
	return true;
}

bool journal_start(const struct server *server, unsigned long long start_time)
{
	struct stat st;

	if (fstat(FD_JOURNAL, &st)) {
		fprintf(stderr, "the journal cannot be looked at: %s\n", strerror(errno));
		return false;
	}
	journal_line("start %llu %llu:%llu %s", start_time, (unsigned long long)st.st_dev,
		     (unsigned long long)st.st_ino,
		     server->namespaces ? "namespaces" : "supervisor");
	return true;
}

void journal_failure(enum failure failure, const char *setting, const char *format, ...)
{
	char line[1024];
	va_list list;
	int n, m;

	n = snprintf(line, sizeof(line), "failed %s %s ",
		     failure == FAILURE_INVALID ? "invalid" : "transient", setting ? setting : "-");
	va_start(list, format);
	m = vsnprintf(line + n, sizeof(line) - 1 - (size_t)n, format, list);
	va_end(list);
	n = m < 0 ? n : n + m;
	if ((size_t)n > sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	for (int i = 0; i < n; i++) {
		if ((unsigned char)line[i] < 0x20)
			line[i] = ' ';
	}
	line[n] = '\n';
	fprintf(stderr, "%.*s\n", n, line);
	if (journal_lock())
		line_write(line, (size_t)n + 1);
}

static bool options_read(int argc, char **argv, struct server *server)
{
	const struct {
		const char *key;
		const char **value;
	} options[] = {
		{"--id", &server->id},           {"--host-name", &server->host_name},
		{"--address", &server->address}, {"--isolation", &server->isolation},
		{"--sshd", &server->sshd},       {"--bwrap", &server->bwrap},
	};
	size_t n_options = sizeof(options) / sizeof(options[0]);

	for (int i = 2; i + 1 < argc; i += 2) {
		size_t k = 0;

		while (k < n_options && strcmp(argv[i], options[k].key) != 0)
			k++;
		if (k == n_options)
			return false;
		*options[k].value = argv[i + 1];
	}
	for (size_t k = 0; k < n_options; k++) {
		if (!*options[k].value)
			return false;
	}
	return argc % 2 == 0;
}

int main(int argc, char **argv)
{
	struct server server = {.root = ""};
	const char *task = argc > 1 ? argv[1] : "";

	if (!strcmp(task, "true"))
		_exit(0);
	if (!options_read(argc, argv, &server)) {
		fprintf(stderr, "headroom-local-server is started by Headroom's module 'local', "
				"not by hand.\n");
		return 2;
	}
	if (geteuid() == 0) {
		journal_failure(FAILURE_INVALID, NULL, "A local server never runs as root.");
		return 1;
	}
	umask(022);
	setvbuf(stderr, NULL, _IOLBF, 0);
	/* _exit: nothing is to run at the end in a process that is somebody's process 1. */
	if (!strcmp(task, "launch"))
		_exit(server_launch(&server));
	if (!strcmp(task, "probe"))
		_exit(server_probe(&server));
	if (!strcmp(task, "init"))
		_exit(server_init(&server));
	if (!strcmp(task, "sweep"))
		_exit(server_sweep(&server));
	fprintf(stderr, "headroom-local-server: unknown task '%s'\n", task);
	return 2;
}
