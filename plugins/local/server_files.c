/* SPDX-License-Identifier: Apache-2.0 */
/* The files that a server begins with: user names, hosts, sshd's configuration, its host key. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server.h"

#define HOST_KEY "/etc/ssh/ssh_host_ed25519_key"

const char *server_path(const struct server *server, const char *path)
{
	static char paths[16][PATH_MAX + 128];
	static unsigned turn;
	char *at = paths[turn++ % 16];

	snprintf(at, sizeof(paths[0]), "%s%s", server->root, path);
	return at;
}

static bool fail(const char *path)
{
	journal_failure(FAILURE_TRANSIENT, NULL, "The server's file %s cannot be made: %s.", path,
			strerror(errno));
	return false;
}

static bool folder(const struct server *server, const char *path, mode_t mode)
{
	const char *at = server_path(server, path);

	if ((mkdir(at, mode) && errno != EEXIST) || chmod(at, mode))
		return fail(path);
	return true;
}

static bool file(const struct server *server, const char *path, mode_t mode, const char *format,
		 ...) SERVER_FORMAT(4, 5);

static bool file(const struct server *server, const char *path, mode_t mode, const char *format,
		 ...)
{
	int fd = open(server_path(server, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	va_list list;
	int n;

	if (fd < 0)
		return fail(path);
	va_start(list, format);
	n = vdprintf(fd, format, list);
	va_end(list);
	if (fchmod(fd, mode) || n < 0) {
		fail(path);
		close(fd);
		return false;
	}
	return close(fd) == 0 || fail(path);
}

static bool folders_make(const struct server *server)
{
	return folder(server, "/etc", 0755) && folder(server, "/etc/ssh", 0755) &&
	       folder(server, "/home", 0755) && folder(server, "/home/" SERVER_USER, 0750) &&
	       folder(server, "/root", 0700) && folder(server, "/run", 0755) &&
	       folder(server, "/tmp", 01777) && folder(server, "/var", 0755) &&
	       folder(server, "/var/log", 0755) && folder(server, "/var/tmp", 01777);
}

/* The host key is new for each start of a server. */
static bool host_key_make(const struct server *server)
{
	const char *key = server_path(server, HOST_KEY);
	const char *argv[] = {KEYGEN_PROGRAM,    "-q", "-t", "ed25519", "-N", "", "-C",
			      server->host_name, "-f", key,  NULL};
	pid_t pid;

	if (unlink(key) && errno != ENOENT)
		return fail(HOST_KEY);
	pid = child_start(server, argv, 2);
	if (pid < 0 || child_wait(pid)) {
		journal_failure(FAILURE_TRANSIENT, NULL,
				"The host key cannot be made by " KEYGEN_PROGRAM
				": see init.log in the server's folder.");
		return false;
	}
	return true;
}

bool files_write(const struct server *server)
{
	unsigned uid = getuid(), gid = getgid();
	const char *home;

	/* No group "tty": sshd then gives terminals to the user's own group, the only one that an
	 * unprivileged sshd can give them to. */
	if (!folders_make(server))
		return false;
	home = server_path(server, "/home/" SERVER_USER);
	return file(server, "/etc/passwd", 0644,
		    "root:x:0:0:root:/root:/usr/sbin/nologin\n" SERVER_USER
		    ":x:%u:%u:server:%s:%s\n"
		    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
		    uid, gid, home, server->shell) &&
	       file(server, "/etc/group", 0644,
		    "root:x:0:\n" SERVER_USER ":x:%u:\nnogroup:x:65534:\n", gid) &&
	       file(server, "/etc/hosts", 0644,
		    "127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s\n", server->host_name) &&
	       file(server, "/etc/hostname", 0644, "%s\n", server->host_name) &&
	       file(server, "/etc/nsswitch.conf", 0644,
		    "passwd: files\ngroup: files\nhosts: files dns\n") &&
	       host_key_make(server);
}

bool sshd_config_write(const struct server *server, unsigned port)
{
	bool own_names = server->names != NULL;

	return file(server, "/etc/ssh/sshd_config", 0644,
		    "ListenAddress %s\nPort %u\nHostKey %s\n"
		    "PidFile none\nUsePAM no\nUseDNS no\nLogLevel INFO\n"
		    "AuthenticationMethods publickey\nPubkeyAuthentication yes\n"
		    "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
		    "HostbasedAuthentication no\nPermitRootLogin no\nPermitEmptyPasswords no\n"
		    "StrictModes yes\nAuthorizedKeysFile .ssh/authorized_keys\n"
		    "PermitUserEnvironment no\nPermitUserRC no\nX11Forwarding no\nPrintMotd no\n"
		    "PrintLastLog no\nAcceptEnv LANG LC_*\nSubsystem sftp internal-sftp\n"
		    "SetEnv HEADROOM_SERVER_ID=%s HEADROOM_SERVER_ROOT=%s%s%s%s%s\n",
		    server->address, port, server_path(server, HOST_KEY), server->id, server->root,
		    own_names ? " LD_PRELOAD=" : "", own_names ? server->names : "",
		    own_names ? " HEADROOM_LOCAL_NAMES=" : "",
		    own_names ? server_path(server, "/etc") : "");
}
