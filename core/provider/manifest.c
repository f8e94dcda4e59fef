/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest is believed where nobody but root and the daemon's user could have written it, and where
 * it names the digest of the very file that it stands beside. */
#include "provider/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "provider/module_file.h"
#include "provider/module_probe.h"
#include "provider/wire_json.h"

#define MODULE_MAX (256u << 20)
#define BLOCK 65536

/* ---- The digest ---------------------------------------------------------------------------- */

static int add_blocks(int fd, EVP_MD_CTX *hash, uint64_t *ret_size)
{
	CLEANUP_FREE char *block = malloc(BLOCK);
	uint64_t size = 0;
	ssize_t n = 1;

	while (block && n > 0 && size <= MODULE_MAX) {
		n = pread(fd, block, BLOCK, (off_t)size);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0 && EVP_DigestUpdate(hash, block, (size_t)n) == 1)
			size += (uint64_t)n;
		else if (n > 0)
			return -1;
	}
	*ret_size = size;
	return block && n == 0 ? 0 : -1;
}

int manifest_digest(int fd, char ret_digest[MANIFEST_DIGEST_SIZE], uint64_t *ret_size,
		    struct hr_error *err)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	struct stat st;
	EVP_MD_CTX *hash;
	bool made;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > MODULE_MAX)
		return error_set(err, HR_INVALID, "a module is a regular file of at most %u MiB",
				 MODULE_MAX >> 20);
	hash = EVP_MD_CTX_new();
	made = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 &&
	       add_blocks(fd, hash, ret_size) == 0 && EVP_DigestFinal_ex(hash, digest, &len) == 1 &&
	       2 * len + 1 == MANIFEST_DIGEST_SIZE;
	EVP_MD_CTX_free(hash);
	if (!made)
		return error_set(err, HR_INTERNAL, "a module's file cannot be read");
	for (unsigned i = 0; i < len; i++)
		text_format(ret_digest + (size_t)2 * i, 3, "%02x", digest[i]);
	return 0;
}

/* ---- Reading one --------------------------------------------------------------------------- */

struct beside {
	const char *module;
	char *path;
};

static enum manifest_state unsafe(const struct beside *b, const char *todo,
				  struct hr_error *ret_why, const struct stat *st)
{
	if (S_ISREG(st->st_mode) && (st->st_mode & (S_IWGRP | S_IWOTH)))
		error_set(ret_why, HR_INVALID,
			  "the manifest %.160s is not used: others may write the file (mode %04o); "
			  "make sure that nobody has changed it, then run: chmod go-w %.160s",
			  b->path, (unsigned)(st->st_mode & 07777), b->path);
	else
		error_set(ret_why, HR_INVALID, "the manifest %.160s is not used: %s", b->path,
			  todo);
	return MANIFEST_UNSAFE;
}

static enum manifest_state stale(const struct beside *b, const char *what, struct hr_error *ret_why)
{
	error_set(ret_why, HR_INVALID,
		  "the manifest %.140s is not used: %.120s; the module itself is asked; to make it "
		  "anew: headroom-host --describe %.140s",
		  b->path, what, b->module);
	return MANIFEST_STALE;
}

/* Nobody but root and ourselves may write it. */
static bool is_ours(const struct stat *st)
{
	bool owned = st->st_uid == 0 || st->st_uid == geteuid();

	/* In a folder with the sticky bit nobody can take another's file away. */
	return owned && (!(st->st_mode & (S_IWGRP | S_IWOTH)) ||
			 (S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX)));
}

/* As the host looks at modules, who refuses what is not so, and says why. -1: no such file. */
static int open_module(const char *path)
{
	CLEANUP_FREE char *folder = strdup(path);
	char *slash = folder ? strrchr(folder, '/') : NULL;
	struct stat st;
	int fd;

	if (!slash)
		return -1;
	slash[slash == folder ? 1 : 0] = '\0';
	if (stat(folder, &st) != 0 || !is_ours(&st))
		return -1;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || !is_ours(&st))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static char *read_text(int fd, size_t size)
{
	char *text = malloc(size + 1);
	size_t used = 0;
	ssize_t n = 1;

	while (text && used < size && n != 0) {
		n = read(fd, text + used, size - used);
		if (n < 0 && errno != EINTR)
			break;
		used += n > 0 ? (size_t)n : 0;
	}
	if (text && used == size)
		return text;
	free(text);
	return NULL;
}

static enum manifest_state understand(const struct beside *b, const char *text, size_t len,
				      struct description **ret_description,
				      struct hr_error *ret_why)
{
	enum wire_kind kind;
	void *value;

	if (wire_json_read(text, len, &kind, &value, ret_why) != 0) {
		struct hr_error why = *ret_why;

		return stale(b, why.message, ret_why);
	}
	if (kind != WIRE_DESCRIPTION) {
		wire_free(kind, value);
		return stale(b, "it describes no module", ret_why);
	}
	*ret_description = value;
	return MANIFEST_FOUND;
}

static enum manifest_state read_manifest(const struct beside *b,
					 struct description **ret_description,
					 struct hr_error *ret_why)
{
	CLEANUP_CLOSE int fd = open(b->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	CLEANUP_FREE char *text = NULL;
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return MANIFEST_MISSING;
	if (fd < 0 || fstat(fd, &st) != 0)
		return stale(b, "it cannot be opened", ret_why);
	if (!S_ISREG(st.st_mode) || !is_ours(&st))
		return unsafe(b,
			      "it is no regular file that belongs to root or to the daemon's user; "
			      "remove it",
			      ret_why, &st);
	if (st.st_size > PROBE_OUTPUT_MAX)
		return stale(b, "it is too long", ret_why);
	text = read_text(fd, (size_t)st.st_size);
	if (!text)
		return stale(b, "it cannot be read", ret_why);
	return understand(b, text, (size_t)st.st_size, ret_description, ret_why);
}

static bool is_of(const struct description *d, int module_fd)
{
	char digest[MANIFEST_DIGEST_SIZE];
	uint64_t size;
	struct stat st;

	/* The size alone tells most strangers, at once. */
	return d->file_sha256 && fstat(module_fd, &st) == 0 &&
	       d->file_size == (uint64_t)st.st_size &&
	       manifest_digest(module_fd, digest, &size, NULL) == 0 && size == d->file_size &&
	       strcmp(digest, d->file_sha256) == 0;
}

enum manifest_state manifest_read(const char *module, struct description **ret_description,
				  struct hr_error *ret_why)
{
	CLEANUP_CLOSE int module_fd = open_module(module);
	CLEANUP_FREE char *path = NULL;
	struct description *description = NULL;
	struct beside beside = {.module = module};
	const char *suffix = module_file_suffix(module);
	enum manifest_state state;

	if (module_fd < 0 || !suffix)
		return MANIFEST_MISSING;
	if (asprintf(&path, "%.*s.json", (int)(suffix - module), module) < 0) {
		path = NULL;
		return MANIFEST_MISSING;
	}
	beside.path = path;
	state = read_manifest(&beside, &description, ret_why);
	if (state != MANIFEST_FOUND)
		return state;
	if (!is_of(description, module_fd)) {
		module_probe_free(description);
		return stale(&beside, "it is of another build of the module", ret_why);
	}
	*ret_description = description;
	return MANIFEST_FOUND;
}
