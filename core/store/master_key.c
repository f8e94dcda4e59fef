/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and makes the master key file. What it wraps: installation.c. */
#include "store/master_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/id.h"

/* So that the file's name, not only its bytes, is on disk before the database relies on it. */
static int sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int fd, rc = -1;

	if (!folder)
		return -1;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (fd < 0)
		return -1;
	if (fsync(fd) == 0)
		rc = 0;
	close(fd);
	return rc;
}

static int make(const char *path, struct seal_key *ret_key, struct hr_error *err)
{
	int fd, rc = -1;

	if (random_system(NULL, ret_key->bytes, sizeof(ret_key->bytes)) < 0)
		return error_set(err, HR_INTERNAL, "the system gives no random bytes for the key");
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_set_errno(err, errno,
				       "cannot make the master key file %s (setting master_key)",
				       path);
	if (write(fd, ret_key->bytes, sizeof(ret_key->bytes)) == (ssize_t)sizeof(ret_key->bytes) &&
	    fsync(fd) == 0 && sync_folder(path) == 0)
		rc = 0;
	else
		error_set_errno(err, errno, "cannot write the master key file %s", path);
	close(fd);
	if (rc < 0)
		unlink(path);
	return rc;
}

static int check_and_read(int fd, const char *path, struct seal_key *ret_key, struct hr_error *err)
{
	uint8_t bytes[SEAL_KEY_SIZE + 1]; /* one more shows a file that is too long */
	struct stat info;
	ssize_t n;
	int rc = 0;

	if (fstat(fd, &info) < 0)
		return error_set_errno(err, errno, "cannot look at the master key file %s", path);
	if (!S_ISREG(info.st_mode))
		return error_set(err, HR_INVALID,
				 "the master key %s is not a file (setting master_key)", path);
	if (info.st_mode & 077)
		return error_set(err, HR_INVALID,
				 "the master key file %s may be read by others (mode %04o); run: "
				 "chmod 600 %s",
				 path, (unsigned)(info.st_mode & 07777), path);
	n = read(fd, bytes, sizeof(bytes));
	if (n < 0)
		rc = error_set_errno(err, errno, "cannot read the master key file %s", path);
	else if (n != SEAL_KEY_SIZE)
		rc = error_set(err, HR_INVALID,
			       "the master key file %s holds %lld bytes, a key is %d; put back a "
			       "copy of the right file",
			       path, (long long)info.st_size, SEAL_KEY_SIZE);
	else
		memcpy(ret_key->bytes, bytes, sizeof(ret_key->bytes));
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return rc;
}

int master_key_load(const char *path, bool may_make, struct seal_key *ret_key, struct hr_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int rc;

	if (fd < 0 && errno == ENOENT) {
		if (may_make)
			return make(path, ret_key, err);
		return error_set(err, HR_NOT_FOUND,
				 "the master key file %s is missing; the store's secrets cannot be "
				 "read without it: put back a copy of it (setting master_key)",
				 path);
	}
	if (fd < 0)
		return error_set_errno(err, errno,
				       "cannot open the master key file %s (setting master_key)",
				       path);
	rc = check_and_read(fd, path, ret_key, err);
	close(fd);
	return rc;
}
