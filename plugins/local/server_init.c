/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Process 1 of a server: makes its files, starts sshd and the startup script, reaps everything,
 * stays until it is killed or sshd ends. Without namespaces it is a supervisor: what its
 * descendants leave comes to it, and asked to end (SIGTERM) it ends them all first.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server.h"

struct children {
	pid_t sshd, script;
	bool sshd_ended;
};

/* Field 22 of our own stat line: behind the name, which may hold anything. */
static unsigned long long own_start_time(void)
{
	char text[1024], *at;
	int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

/* A path that stands unquoted in sshd's configuration and in an environment. */
static bool path_is_plain(const char *path)
{
	return path[strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				 "/._-+=@,~")] == '\0';
}

/* Beside this program. */
static const char *names_library(void)
{
	static char path[PATH_MAX + 64];
	char self[PATH_MAX], *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n <= 0)
		return NULL;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	snprintf(path, sizeof(path), "%s/" NAMES_LIBRARY, self);
	return access(path, R_OK) == 0 ? path : NULL;
}

static bool supervisor_prepare(struct server *server)
{
	static char root[PATH_MAX];

	if (!realpath(FOLDER_ROOT, root)) {
		journal_failure(FAILURE_TRANSIENT, NULL, "The server's folder has no root: %s.",
				strerror(errno));
		return false;
	}
	server->root = root;
	server->names = names_library();
	if (!server->names) {
		journal_failure(FAILURE_INVALID, "helper",
				NAMES_LIBRARY " is not beside " SERVER_PROGRAM
					      ": install Headroom again.");
		return false;
	}
	if (!path_is_plain(root) || !path_is_plain(server->names)) {
		journal_failure(
			FAILURE_INVALID, "isolation",
			"Without namespaces, the path of the state folder may have letters, "
			"digits and /._-+=@,~ only: keep the state folder elsewhere.");
		return false;
	}
	return prctl(PR_SET_CHILD_SUBREAPER, 1) == 0;
}

static void signals_block(const struct server *server, sigset_t *ret_set)
{
	sigemptyset(ret_set);
	sigaddset(ret_set, SIGCHLD);
	/* In namespaces not: the kernel then keeps every signal from inside off process 1, and a
	 * session cannot end its server. */
	if (!server->namespaces)
		sigaddset(ret_set, SIGTERM);
	sigprocmask(SIG_BLOCK, ret_set, NULL);
}

static void end_note(const char *what, int status)
{
	if (WIFSIGNALED(status))
		journal_line("%s signal %d", what, WTERMSIG(status));
	else
		journal_line("%s exit %d", what, WEXITSTATUS(status));
}

static pid_t script_start(const struct server *server)
{
	const char *argv[] = {server_path(server, "/" FOLDER_SCRIPT "/" FILE_SCRIPT), NULL};
	pid_t pid;

	if (access(argv[0], F_OK))
		return 0;
	pid = child_start(server, argv, FD_SCRIPT_LOG);
	if (pid < 0)
		journal_line("script exit 127");
	else
		journal_line("script started");
	return pid < 0 ? 0 : pid;
}

/* The script holds the server's check-in token: once it is done, it goes. One that failed stays
 * for whoever looks why. */
static void script_ended(const struct server *server, int status)
{
	end_note("script", status);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		unlink(server_path(server, "/" FOLDER_SCRIPT "/" FILE_SCRIPT));
}

static void reap(const struct server *server, struct children *children)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == children->script) {
			children->script = 0;
			script_ended(server, status);
		} else if (pid == children->sshd) {
			children->sshd_ended = true;
			end_note("sshd", status);
		}
	}
}

static int supervisor_end(int status)
{
	if (children_end())
		journal_line("swept");
	return status;
}

static int serve(const struct server *server, const sigset_t *signals)
{
	struct children children = {0};
	unsigned port = 0;
	siginfo_t info;

	if (!files_write(server))
		return 1;
	children.sshd = sshd_start(server, &port);
	if (children.sshd < 0)
		return 1;
	journal_line("port %u", port);
	children.script = script_start(server);
	while (!children.sshd_ended) {
		int number = sigwaitinfo(signals, &info);

		if (number == SIGTERM)
			return 0;
		if (number < 0 && errno != EINTR)
			return 1;
		reap(server, &children);
	}
	return 1;
}

int server_init(struct server *server)
{
	sigset_t signals;
	int status;

	for (int fd = FD_JOURNAL; fd <= FD_SSHD_LOG; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	server->namespaces = !strcmp(server->isolation, "namespaces");
	server->shell = access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh";
	/* Sessions have our uid: they are not to reach the journal and its lock through us. */
	if (server->namespaces && prctl(PR_SET_DUMPABLE, 0))
		return 1;
	if (!journal_lock())
		return 0;
	if (!journal_start(server, own_start_time()))
		return 1;
	signals_block(server, &signals);
	if (server->namespaces)
		return serve(server, &signals);
	status = supervisor_prepare(server) ? serve(server, &signals) : 1;
	return supervisor_end(status);
}
