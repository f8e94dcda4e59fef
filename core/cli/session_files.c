/* SPDX-License-Identifier: Apache-2.0 */
/* Session folders: $XDG_RUNTIME_DIR/headroom-sessions/<id>, else /run/user/<uid> or, where neither
 * is there, /tmp/headroom-<uid>; always our own, 0700. */
#include "cli/session_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/id.h"
#include "base/json.h"
#include "base/text.h"

#define BASE_SIZE 3072
#define PATH_SIZE 4096

static const char *const file_names[] = {"key", "known_hosts", "daemon"};

/* A folder that is ours alone. */
static int folder_make(const char *path, struct hr_error *err)
{
	struct stat st;

	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return error_set_errno(err, errno, "cannot make the folder %s", path);
	if (lstat(path, &st) != 0)
		return error_set_errno(err, errno, "cannot look at %s", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return error_set(err, HR_INVALID,
				 "%s is not a folder of yours with mode 0700; remove it, or set "
				 "XDG_RUNTIME_DIR to one that is",
				 path);
	return 0;
}

/* Gives false when the path does not fit. */
static bool base_path(char buf[BASE_SIZE])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char fallback[64];

	text_format(fallback, sizeof(fallback), "/run/user/%u", (unsigned)geteuid());
	if (runtime != NULL && runtime[0] == '/')
		return text_format(buf, BASE_SIZE, "%s/headroom-sessions", runtime);
	if (access(fallback, W_OK) == 0)
		return text_format(buf, BASE_SIZE, "%s/headroom-sessions", fallback);
	return text_format(buf, BASE_SIZE, "/tmp/headroom-%u", (unsigned)geteuid());
}

/* ssh replaces %-words and ${variables} in the paths that it is given, and reads quotes. */
static int base_find(char buf[BASE_SIZE], struct hr_error *err)
{
	if (!base_path(buf))
		return error_set(
			err, HR_INVALID,
			"the path of the runtime folder is too long; set XDG_RUNTIME_DIR to a "
			"shorter one");
	for (const char *c = buf; *c != '\0'; c++) {
		if (strchr("%$\"\\", *c) != NULL || (unsigned char)*c < 0x20 || *c == 0x7f)
			return error_set(
				err, HR_INVALID,
				"the path of the runtime folder has a character that ssh does "
				"not take as it is (%% $ \" \\ or a control character); set "
				"XDG_RUNTIME_DIR to another folder of yours");
	}
	return 0;
}

/* The session's folder, new and empty. */
static int session_folder_make(const char *base, const char *folder, struct hr_error *err)
{
	/* Another command may remove the base between the two: it does when its last session ends. */
	for (int attempt = 0; attempt < 3; attempt++) {
		if (folder_make(base, err) != 0)
			return -1;
		if (mkdir(folder, 0700) == 0)
			return 0;
		if (errno != ENOENT)
			break;
	}
	return error_set_errno(err, errno, "cannot make the folder %s", folder);
}

static int file_write(const char *path, const char *text, struct hr_error *err)
{
	CLEANUP_CLOSE int fd =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	size_t len = strlen(text);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len || fsync(fd) != 0)
		return error_set_errno(err, errno, "cannot write %s", path);
	return 0;
}

/* Single-quoted for a shell where it needs that; the caller frees. */
static char *shell_quote(const char *text)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@=+,";
	char *quoted = malloc(4 * strlen(text) + 3);
	char *out = quoted;

	if (quoted == NULL)
		return NULL;
	if (text[0] != '\0' && strspn(text, plain) == strlen(text)) {
		memcpy(quoted, text, strlen(text) + 1);
		return quoted;
	}
	*out++ = '\'';
	for (; *text != '\0'; text++) {
		if (*text == '\'') {
			memcpy(out, "'\\''", 4);
			out += 4;
		} else {
			*out++ = *text;
		}
	}
	*out++ = '\'';
	*out = '\0';
	return quoted;
}

static int command_make(const char *key, const char *known_hosts, const char *username,
			const char *host, long long port, char **ret_command, struct hr_error *err)
{
	CLEANUP_FREE char *quoted_key = shell_quote(key);
	CLEANUP_FREE char *option = NULL;
	CLEANUP_FREE char *quoted_option = NULL;
	CLEANUP_FREE char *target = NULL;
	CLEANUP_FREE char *quoted_target = NULL;

	/* ssh splits this option's value at spaces unless it is quoted for ssh too. */
	if (asprintf(&option, "UserKnownHostsFile=\"%s\"", known_hosts) < 0 ||
	    asprintf(&target, "%s@%s", username, host) < 0)
		return error_no_memory(err, "writing the command");
	quoted_option = shell_quote(option);
	quoted_target = shell_quote(target);
	if (quoted_key == NULL || quoted_option == NULL || quoted_target == NULL ||
	    asprintf(ret_command,
		     "ssh -i %s -o IdentitiesOnly=yes -o %s -o GlobalKnownHostsFile=/dev/null "
		     "-o StrictHostKeyChecking=yes -p %lld %s",
		     quoted_key, quoted_option, port, quoted_target) < 0) {
		*ret_command = NULL;
		return error_no_memory(err, "writing the command");
	}
	return 0;
}

/* A name that ssh takes: DOMAIN\user too. */
static bool user_safe(const char *text)
{
	for (const char *c = text; *c != '\0'; c++) {
		if (strchr(" \"'`;&<>|(){}", *c) != NULL || (unsigned char)*c < 0x20 || *c == 0x7f)
			return false;
	}
	return text[0] != '\0' && text[0] != '-' && text[strlen(text) - 1] != '\\';
}

/* A name or address, and no pattern of known_hosts. */
static bool host_safe(const char *text)
{
	return text[0] != '\0' && text[0] != '-' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:") ==
		       strlen(text);
}

/* What the daemon said, and that nothing in it is more than it says: one line stays one line. */
static int connection_check(const json_t *connection, struct hr_error *err)
{
	const char *host_key = json_string_or(connection, "host_key", "");
	long long port = json_integer_or(connection, "port", 0);

	if (!host_safe(json_string_or(connection, "host", "")) ||
	    !user_safe(json_string_or(connection, "username", "")) || port < 1 || port > 65535 ||
	    strpbrk(host_key, "\r\n") != NULL)
		return error_set(
			err, HR_INTERNAL,
			"the daemon's answer does not say whom to reach where, in a form that "
			"ssh takes; see: headroom session show");
	if (host_key[0] == '\0')
		return error_set(
			err, HR_CONFLICT,
			"the server told no SSH host key with its check-in, so ssh could not "
			"be sure whom it talks to; its startup script must send ssh_host_key");
	if (json_string_or(connection, "private_key", "")[0] == '\0')
		return error_set(
			err, HR_CONFLICT,
			"there is no SSH key for this session; it needs a role that may see "
			"secrets, and a pool whose connection type is SSH");
	return 0;
}

static int files_write(const char *folder, const char *daemon, const json_t *connection,
		       char **ret_command, struct hr_error *err)
{
	const char *host = json_string_or(connection, "host", "");
	const char *host_key = json_string_or(connection, "host_key", "");
	long long port = json_integer_or(connection, "port", 0);
	char key[PATH_SIZE], known_hosts[PATH_SIZE], told[PATH_SIZE];
	CLEANUP_FREE char *line = NULL;
	int len;

	text_format(key, sizeof(key), "%s/key", folder);
	text_format(known_hosts, sizeof(known_hosts), "%s/known_hosts", folder);
	text_format(told, sizeof(told), "%s/daemon", folder);
	/* ssh looks for port 22 under the bare name. */
	len = port == 22 ? asprintf(&line, "%s %s\n", host, host_key)
			 : asprintf(&line, "[%s]:%lld %s\n", host, port, host_key);
	if (len < 0) {
		line = NULL;
		return error_no_memory(err, "writing known_hosts");
	}
	if (file_write(told, daemon, err) != 0 ||
	    file_write(key, json_string_or(connection, "private_key", ""), err) != 0 ||
	    file_write(known_hosts, line, err) != 0)
		return -1;
	return command_make(key, known_hosts, json_string_or(connection, "username", ""), host,
			    port, ret_command, err);
}

int session_files_write(const char *session_id, const char *daemon, const json_t *connection,
			char **ret_command, struct hr_error *err)
{
	char base[BASE_SIZE], folder[PATH_SIZE];

	if (!id_valid(session_id))
		return error_set(err, HR_INTERNAL, "the daemon's answer names no session");
	if (connection_check(connection, err) != 0 || base_find(base, err) != 0)
		return -1;
	text_format(folder, sizeof(folder), "%s/%s", base, session_id);
	session_files_remove(session_id);
	if (session_folder_make(base, folder, err) != 0)
		return -1;
	if (files_write(folder, daemon, connection, ret_command, err) != 0) {
		session_files_remove(session_id);
		return -1;
	}
	return 0;
}

void session_files_remove(const char *session_id)
{
	char base[BASE_SIZE], path[PATH_SIZE];

	if (!id_valid(session_id) || !base_path(base))
		return;
	for (size_t i = 0; i < sizeof(file_names) / sizeof(file_names[0]); i++) {
		text_format(path, sizeof(path), "%s/%s/%s", base, session_id, file_names[i]);
		unlink(path);
	}
	text_format(path, sizeof(path), "%s/%s", base, session_id);
	rmdir(path);
	rmdir(base);
}

static bool written_for(const char *base, const char *session_id, const char *daemon)
{
	char path[PATH_SIZE], told[PATH_SIZE] = "";
	FILE *file;

	text_format(path, sizeof(path), "%s/%s/daemon", base, session_id);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	told[fread(told, 1, sizeof(told) - 1, file)] = '\0';
	fclose(file);
	return strcmp(told, daemon) == 0;
}

void session_files_each(const char *daemon, void (*each)(void *context, const char *session_id),
			void *context)
{
	char base[BASE_SIZE];
	struct dirent *entry;
	DIR *folder;

	folder = base_path(base) ? opendir(base) : NULL;
	if (folder == NULL)
		return;
	while ((entry = readdir(folder)) != NULL) {
		if (id_valid(entry->d_name) && written_for(base, entry->d_name, daemon))
			each(context, entry->d_name);
	}
	closedir(folder);
}
