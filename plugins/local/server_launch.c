/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way into a server. Namespaces are tried with exactly the command that will be used; where
 * they do not work, isolation "auto" goes on without.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server.h"

#define WORDS_MAX 128
#define PROGRAM_INSIDE "/.headroom-local-server"

struct words {
	const char *words[WORDS_MAX];
	size_t n;
};

static void add(struct words *words, const char *word)
{
	if (words->n + 1 < WORDS_MAX)
		words->words[words->n++] = word;
}

static void add3(struct words *words, const char *option, const char *from, const char *to)
{
	add(words, option);
	add(words, from);
	add(words, to);
}

/* Whether the working directory can be reached by its path. */
static bool folder_reachable(char *ret_path, size_t size)
{
	struct stat here, there;

	return getcwd(ret_path, size) && stat(".", &here) == 0 && stat(ret_path, &there) == 0 &&
	       here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

/* The machine's system folders: /bin and so on are links on most machines, folders on others. A
 * link is made here: bwrap would refuse one that is there already. */
static void add_system(struct words *words, const struct server *server, const char *root)
{
	static const char *const folders[] = {"/bin",   "/sbin",  "/lib",
					      "/lib32", "/lib64", "/libx32"};
	static const char *const files[] = {
		"/etc/alternatives", "/etc/ca-certificates", "/etc/crypto-policies",
		"/etc/ld.so.cache",  "/etc/localtime",       "/etc/pki",
		"/etc/resolv.conf",  "/etc/ssl/certs",       "/etc/ssl/openssl.cnf",
		"/etc/terminfo",
	};
	char target[256], link_path[PATH_MAX + 128];

	add3(words, "--ro-bind", "/usr", "/usr");
	for (size_t i = 0; i < 6; i++) {
		ssize_t n = readlink(folders[i], target, sizeof(target) - 1);

		if (n <= 0) {
			add3(words, "--ro-bind-try", folders[i], folders[i]);
			continue;
		}
		target[n] = '\0';
		snprintf(link_path, sizeof(link_path), "%s%s", root, folders[i]);
		if (symlink(target, link_path) && errno != EEXIST)
			fprintf(stderr, "%s cannot be made: %s\n", link_path, strerror(errno));
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		add3(words, "--ro-bind-try", files[i], files[i]);
	if (strncmp(server->sshd, "/usr/", 5) != 0 && strncmp(server->sshd, "/sbin/", 6) != 0)
		add3(words, "--ro-bind-try", server->sshd, server->sshd);
}

/* bwrap's command line up to the program; base is the path of the server's folder. */
static void add_namespaces(struct words *words, const struct server *server, const char *base)
{
	static char self[PATH_MAX], root[PATH_MAX + 16], uid[16];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = '\0';
	snprintf(root, sizeof(root), "%s/" FOLDER_ROOT, base);
	snprintf(uid, sizeof(uid), "%d", SERVER_UID_INSIDE);
	add(words, server->bwrap);
	add(words, "--unshare-user");
	add(words, "--unshare-pid");
	add(words, "--unshare-ipc");
	add(words, "--unshare-uts");
	add(words, "--unshare-cgroup-try");
	add(words, "--hostname");
	add(words, server->host_name);
	add(words, "--uid");
	add(words, uid);
	add(words, "--gid");
	add(words, uid);
	add(words, "--as-pid-1");
	add3(words, "--bind", root, "/");
	add_system(words, server, root);
	add(words, "--proc");
	add(words, "/proc");
	add(words, "--dev");
	add(words, "/dev");
	add3(words, "--ro-bind", self, PROGRAM_INSIDE);
	add(words, "--chdir");
	add(words, "/");
}

static void add_init(struct words *words, const struct server *server)
{
	add(words, "--");
	add3(words, PROGRAM_INSIDE, "init", "--id");
	add(words, server->id);
	add3(words, "--host-name", server->host_name, "--address");
	add3(words, server->address, "--sshd", server->sshd);
	add3(words, "--bwrap", server->bwrap, "--isolation");
	add(words, "namespaces");
}

/* Runs bwrap with these namespaces and a program that does nothing. What bwrap says when it
 * cannot goes to ret_why. */
static bool namespaces_try(const struct words *words, char *ret_why, size_t size)
{
	struct words trial = *words;
	size_t have = 0;
	ssize_t n;
	int ends[2], status = 0;
	pid_t pid;

	add(&trial, "--die-with-parent");
	add3(&trial, "--", PROGRAM_INSIDE, "true");
	snprintf(ret_why, size, "no process can be started");
	if (pipe2(ends, O_CLOEXEC))
		return false;
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], 2);
		execv(trial.words[0], (char *const *)(void *)trial.words);
		_exit(127);
	}
	close(ends[1]);
	while (pid > 0 && have < size - 1 &&
	       (n = read(ends[0], ret_why + have, size - 1 - have)) > 0)
		have += (size_t)n;
	close(ends[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	ret_why[have] = '\0';
	ret_why[strcspn(ret_why, "\n")] = '\0';
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (!ret_why[0])
		snprintf(ret_why, size, "%s ended with status %d", trial.words[0], status);
	return false;
}

/* Fills bwrap's command line and tries it. */
static bool namespaces_prepare(const struct server *server, const char *base, struct words *words,
			       char *ret_why, size_t size)
{
	if (access(server->bwrap, X_OK)) {
		snprintf(ret_why, size, "%s cannot be run: %s", server->bwrap, strerror(errno));
		return false;
	}
	add_namespaces(words, server, base);
	return namespaces_try(words, ret_why, size);
}

/* Settles how the server runs. False: not at all, and the journal has the reason. */
static bool isolation_settle(struct server *server, struct words *words, bool *ret_namespaces)
{
	static char base[PATH_MAX];
	char why[512] = "";

	*ret_namespaces = false;
	if (!folder_reachable(base, sizeof(base))) {
		journal_failure(
			FAILURE_INVALID, NULL,
			"Uid %u cannot reach the server's folder, since a folder above it is "
			"closed to others: open it (chmod o+x) or keep the state folder "
			"elsewhere.",
			(unsigned)getuid());
		return false;
	}
	if (!strcmp(server->isolation, "supervisor"))
		return true;
	*ret_namespaces = namespaces_prepare(server, base, words, why, sizeof(why));
	if (*ret_namespaces)
		return true;
	if (!strcmp(server->isolation, "namespaces")) {
		journal_failure(FAILURE_INVALID,
				access(server->bwrap, X_OK) ? "bwrap" : "isolation",
				"Namespaces cannot be used: %s. Install bubblewrap and allow "
				"unprivileged user namespaces on this machine, or set isolation to "
				"'supervisor'.",
				why);
		return false;
	}
	fprintf(stderr, "going on without namespaces: %s\n", why);
	return true;
}

int server_launch(struct server *server)
{
	static struct words words;
	bool namespaces;

	if (!isolation_settle(server, &words, &namespaces))
		return 1;
	if (!namespaces) {
		server->isolation = "supervisor";
		return server_init(server);
	}
	add_init(&words, server);
	execv(words.words[0], (char *const *)(void *)words.words);
	journal_failure(FAILURE_INVALID, "bwrap", "%s cannot be run: %s", server->bwrap,
			strerror(errno));
	return 1;
}

int server_probe(struct server *server)
{
	static struct words words;
	bool namespaces;

	if (access(server->sshd, X_OK))
		journal_failure(FAILURE_INVALID, "sshd",
				"The SSH server %s cannot be run: %s. Install openssh-server, or "
				"set 'sshd' to where it is.",
				server->sshd, strerror(errno));
	if (access(KEYGEN_PROGRAM, X_OK))
		journal_failure(FAILURE_INVALID, NULL,
				KEYGEN_PROGRAM " cannot be run: %s. Install openssh-client.",
				strerror(errno));
	if (isolation_settle(server, &words, &namespaces))
		journal_line("usable %s", namespaces ? "namespaces" : "supervisor");
	return 0;
}
