/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that process 1 of a server starts. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server.h"

#define ENVIRONMENT_MAX 16

static void environment_fill(const struct server *server, const char **env)
{
	static char id[128], root[PATH_MAX], home[PATH_MAX], preload[PATH_MAX], names[PATH_MAX],
		shell[64];
	size_t n = 0;

	snprintf(id, sizeof(id), "HEADROOM_SERVER_ID=%s", server->id);
	snprintf(root, sizeof(root), "HEADROOM_SERVER_ROOT=%s", server->root);
	snprintf(home, sizeof(home), "HOME=%s", server_path(server, "/home/" SERVER_USER));
	snprintf(shell, sizeof(shell), "SHELL=%s", server->shell);
	env[n++] = "PATH=" SERVER_PATH;
	env[n++] = "LANG=C.UTF-8";
	env[n++] = "USER=" SERVER_USER;
	env[n++] = "LOGNAME=" SERVER_USER;
	env[n++] = home;
	env[n++] = shell;
	env[n++] = id;
	env[n++] = root;
	if (server->names) {
		snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", server->names);
		snprintf(names, sizeof(names), "HEADROOM_LOCAL_NAMES=%s",
			 server_path(server, "/etc"));
		env[n++] = preload;
		env[n++] = names;
	}
	env[n] = NULL;
}

static void child_exec(const struct server *server, const char **argv, int out)
{
	const char *env[ENVIRONMENT_MAX];
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	/* Without namespaces nothing else ends it when process 1 is killed. */
	if (!server->namespaces)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(126);
	if (chdir(server_path(server, "/home/" SERVER_USER)) && chdir("/"))
		_exit(126);
	environment_fill(server, env);
	execve(argv[0], (char *const *)(void *)argv, (char *const *)(void *)env);
	dprintf(2, "%s cannot be run: %s\n", argv[0], strerror(errno));
	_exit(127);
}

pid_t child_start(const struct server *server, const char **argv, int out)
{
	pid_t pid = fork();

	if (pid == 0)
		child_exec(server, argv, out);
	return pid;
}

int child_wait(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}
