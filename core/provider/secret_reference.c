/* SPDX-License-Identifier: Apache-2.0 */
/* Resolution of secret references. Not here: which settings may hold them. */
#include "provider/secret_reference.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/cleanup.h"
#include "schema/secret_text.h"

#define CREDENTIAL_NAME_PREFIX "hr-"

void secret_free(char *value)
{
	if (value)
		OPENSSL_cleanse(value, strlen(value));
	free(value);
}

static int copy(const char *text, char **ret_value, struct hr_error *err)
{
	*ret_value = strdup(text);
	return *ret_value ? 0 : error_no_memory(err, "resolving a secret");
}

/* ---- Files ---------------------------------------------------------------------------------- */

/* Kernels or filters without openat2: each step of the path is opened by itself, without links, and
 * none is "..". Gives a descriptor, or -1 with errno. */
static int walk_beneath(int dir, const char *path)
{
	CLEANUP_FREE char *steps = strdup(path);
	CLEANUP_CLOSE int at = dir >= 0 ? dup(dir) : -1;
	char *rest = NULL, *step, *next;
	int fd;

	if (!steps || at < 0)
		return -1;
	if (path[0] == '/') {
		errno = EXDEV;
		return -1;
	}
	for (step = strtok_r(steps, "/", &rest); step; step = next) {
		next = strtok_r(NULL, "/", &rest);
		if (strcmp(step, "..") == 0) {
			errno = EXDEV;
			return -1;
		}
		fd = openat(at, step,
			    O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK |
				    (next ? O_PATH | O_DIRECTORY : O_RDONLY | O_NOCTTY));
		if (fd < 0 || !next)
			return fd;
		close(at);
		at = fd;
	}
	errno = ENOENT;
	return -1;
}

static int open_beneath(int dir, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		/* Links inside are followed: projected tokens of Kubernetes are such. */
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));

	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		return walk_beneath(dir, path);
	return fd;
}

/* Whether the open file is the store's key, by whatever path. */
static bool is_master_key(const struct secret_rules *rules, const struct stat *st)
{
	struct stat key;

	return rules->master_key_path && stat(rules->master_key_path, &key) == 0 &&
	       key.st_dev == st->st_dev && key.st_ino == st->st_ino;
}

static int check_file(const struct secret_rules *rules, int fd, const char *reference,
		      struct hr_error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return error_set(err, HR_INVALID, "%.200s cannot be looked at", reference);
	if (!S_ISREG(st.st_mode))
		return error_set(err, HR_INVALID, "%.200s is no regular file", reference);
	if (is_master_key(rules, &st))
		return error_set(err, HR_INVALID,
				 "%.200s is the store's own key, which is nobody's secret",
				 reference);
	return 0;
}

/* The whole file, without one line end; refuses more than SECRET_MAX bytes, NUL, and nothing. */
static int read_secret(int fd, const char *reference, char **ret_value, struct hr_error *err)
{
	char *buf = calloc(1, SECRET_MAX + 2);
	size_t len = 0;
	ssize_t n = 1;

	if (!buf)
		return error_no_memory(err, "resolving a secret");
	while (n != 0 && len <= SECRET_MAX) {
		n = read(fd, buf + len, SECRET_MAX + 1 - len);
		if (n < 0 && errno != EINTR)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	if (len <= SECRET_MAX && len > 0 && buf[len - 1] == '\n')
		buf[--len] = '\0';
	if (len <= SECRET_MAX && len > 0 && buf[len - 1] == '\r')
		buf[--len] = '\0';
	if (n >= 0 && len > 0 && len <= SECRET_MAX && strlen(buf) == len) {
		*ret_value = buf;
		return 0;
	}
	OPENSSL_cleanse(buf, SECRET_MAX + 2);
	free(buf);
	if (n < 0)
		return error_set(err, HR_INVALID, "%.200s cannot be read", reference);
	return error_set(err, HR_INVALID,
			 "%.200s is empty, holds NUL bytes, or has more than %d bytes", reference,
			 SECRET_MAX);
}

static int resolve_below(const struct secret_rules *rules, const char *dir_path, const char *path,
			 const char *reference, char **ret_value, struct hr_error *err)
{
	CLEANUP_CLOSE int dir = open(dir_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CLEANUP_CLOSE int fd = -1;
	char reason_buf[128];

	if (dir < 0)
		return error_set(err, HR_INVALID, "%.200s cannot be resolved: there is no %.200s",
				 reference, dir_path);
	fd = open_beneath(dir, path);
	if (fd < 0 && (errno == EXDEV || errno == ELOOP))
		return error_set(err, HR_INVALID,
				 "%.200s leads out of %.200s, which is not followed", reference,
				 dir_path);
	if (fd < 0)
		return error_set(err, HR_INVALID, "%.200s cannot be opened below %.200s: %s",
				 reference, dir_path,
				 strerror_r(errno, reason_buf, sizeof(reason_buf)));
	if (check_file(rules, fd, reference, err) != 0)
		return -1;
	return read_secret(fd, reference, ret_value, err);
}

static int resolve_file(const struct secret_rules *rules, const char *path, const char *reference,
			char **ret_value, struct hr_error *err)
{
	if (!rules->secrets_dir || rules->secrets_dir[0] == '\0')
		return error_set(err, HR_INVALID,
				 "%.200s cannot be resolved: the daemon's secrets_dir is not set",
				 reference);
	return resolve_below(rules, rules->secrets_dir, path, reference, ret_value, err);
}

/* ---- The environment and credentials of systemd --------------------------------------------- */

static int resolve_env(const struct secret_rules *rules, const char *name, const char *reference,
		       char **ret_value, struct hr_error *err)
{
	const char *const *listed = rules->env_names;
	const char *value;

	while (listed && *listed && strcmp(*listed, name) != 0)
		listed++;
	if (!listed || !*listed)
		return error_set(err, HR_INVALID,
				 "%.200s cannot be resolved: the daemon's configuration does not "
				 "list that name",
				 reference);
	value = getenv(name);
	if (!value || value[0] == '\0')
		return error_set(err, HR_INVALID, "%.200s is not set in the daemon's environment",
				 reference);
	if (strlen(value) > SECRET_MAX)
		return error_set(err, HR_INVALID, "%.200s has more than %d bytes", reference,
				 SECRET_MAX);
	return copy(value, ret_value, err);
}

static int resolve_credential(const struct secret_rules *rules, const char *name,
			      const char *reference, char **ret_value, struct hr_error *err)
{
	if (!secret_text_after(name, CREDENTIAL_NAME_PREFIX) || strchr(name, '/'))
		return error_set(err, HR_INVALID,
				 "%.200s cannot be resolved: only credentials whose names begin "
				 "with " CREDENTIAL_NAME_PREFIX " are given",
				 reference);
	if (!rules->credentials_dir || rules->credentials_dir[0] == '\0')
		return error_set(err, HR_INVALID,
				 "%.200s cannot be resolved: the daemon was started without "
				 "credentials (LoadCredential= of its unit)",
				 reference);
	return resolve_below(rules, rules->credentials_dir, name, reference, ret_value, err);
}

int secret_resolve(const struct secret_rules *rules, const char *value, char **ret_value,
		   struct hr_error *err)
{
	const char *rest;

	if ((rest = secret_text_after(value, SECRET_TEXT_FILE)) != NULL)
		return resolve_file(rules, rest, value, ret_value, err);
	if ((rest = secret_text_after(value, SECRET_TEXT_ENV)) != NULL)
		return resolve_env(rules, rest, value, ret_value, err);
	if ((rest = secret_text_after(value, SECRET_TEXT_CREDENTIAL)) != NULL)
		return resolve_credential(rules, rest, value, ret_value, err);
	return copy(value, ret_value, err);
}
