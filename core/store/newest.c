/* SPDX-License-Identifier: Apache-2.0 */
/* The file headroom.newest: one line of always the same length, within one sector, so that a power cut
 * leaves the old or the new one. */
#include "store/newest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

#define LINE "commits %020" PRIu64 " born %020" PRId64 "\n"
#define LINE_SIZE 64
#define SETTLE_US INT64_C(5000000)

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* When the file was made: whatever copies or unpacks a folder makes other files. */
static int64_t born_of(int fd)
{
	struct statx info;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &info) < 0 || !(info.stx_mask & STATX_BTIME))
		return 0;
	return info.stx_btime.tv_sec * INT64_C(1000000000) + info.stx_btime.tv_nsec;
}

static int write_line(int fd, uint64_t commits, int64_t born_ns)
{
	char line[LINE_SIZE];
	size_t len;

	text_format(line, sizeof(line), LINE, commits, born_ns);
	len = strlen(line);
	return pwrite(fd, line, len, 0) == (ssize_t)len ? 0 : -1;
}

static void read_line(struct newest *newest)
{
	char line[LINE_SIZE] = "", again[LINE_SIZE];
	ssize_t n = pread(newest->fd, line, sizeof(line) - 1, 0);
	const char *born = n > 0 ? strstr(line, " born ") : NULL;

	if (!born || strncmp(line, "commits ", 8) != 0)
		return;
	newest->commits = strtoull(line + 8, NULL, 10);
	newest->born_ns = strtoll(born + 6, NULL, 10);
	text_format(again, sizeof(again), LINE, newest->commits, newest->born_ns);
	newest->is_sound = strcmp(line, again) == 0 && newest->commits <= INT64_MAX / 2;
}

int newest_open(const char *folder, bool read_only, bool sync, struct newest *ret,
		struct hr_error *err)
{
	int64_t born_ns;

	*ret = (struct newest){.fd = -1, .sync = sync};
	if (asprintf(&ret->path, "%s/headroom.newest", folder) < 0) {
		ret->path = NULL;
		return error_no_memory(err, "opening the store");
	}
	ret->fd = open(ret->path,
		       (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	if (ret->fd < 0 && errno == ENOENT)
		return 0;
	if (ret->fd < 0)
		return error_set_errno(err, errno,
				       "cannot open %s (the daemon's user needs to read and write "
				       "it and its folder)",
				       ret->path);
	read_line(ret);
	born_ns = born_of(ret->fd);
	ret->is_copy = born_ns != 0 && ret->born_ns != 0 && born_ns != ret->born_ns;
	return 0;
}

/* The folder that the file is in. */
static bool folder_of(const char *path, char *ret_folder, size_t size)
{
	char *slash;

	text_copy(ret_folder, size, path);
	slash = strrchr(ret_folder, '/');
	if (slash)
		*slash = '\0';
	return slash != NULL;
}

static int sync_folder(const char *path)
{
	char folder[4096];
	int fd, rc;

	if (!folder_of(path, folder, sizeof(folder)))
		return 0;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

/* What root makes (sudo headroomd --confirm-moved) is for the daemon's user, whose the database is. */
static int give_to_owner(int fd, const char *path)
{
	char folder[4096], database[4096 + 16];
	struct stat info;

	if (geteuid() != 0 || !folder_of(path, folder, sizeof(folder)))
		return 0;
	text_format(database, sizeof(database), "%s/headroom.db", folder);
	if (stat(database, &info) < 0 && (errno != ENOENT || stat(folder, &info) < 0))
		return -1;
	return info.st_uid == 0 && info.st_gid == 0 ? 0 : fchown(fd, info.st_uid, info.st_gid);
}

static int replace(struct newest *newest, const char *beside, uint64_t commits)
{
	int fd = open(beside, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	int64_t born_ns = fd < 0 ? 0 : born_of(fd);
	int code;

	if (fd >= 0 && write_line(fd, commits, born_ns) == 0 &&
	    give_to_owner(fd, newest->path) == 0 && (!newest->sync || fsync(fd) == 0) &&
	    rename(beside, newest->path) == 0 &&
	    (!newest->sync || sync_folder(newest->path) == 0)) {
		if (newest->fd >= 0)
			close(newest->fd);
		newest->fd = fd;
		newest->born_ns = born_ns;
		newest->commits = commits;
		newest->is_sound = true;
		newest->is_copy = false;
		return 0;
	}
	code = errno;
	if (fd >= 0)
		close(fd);
	errno = code;
	return -1;
}

int newest_make(struct newest *newest, uint64_t commits, struct hr_error *err)
{
	char *beside = NULL;
	int rc = 0;

	if (asprintf(&beside, "%s.new", newest->path) < 0)
		return error_no_memory(err, "opening the store");
	errno = 0;
	if (replace(newest, beside, commits) < 0)
		rc = error_set_errno(err, errno ? errno : ENOSPC,
				     "cannot write %s (the daemon's user needs to write it and its "
				     "folder)",
				     newest->path);
	free(beside);
	return rc;
}

void newest_note(struct newest *newest, uint64_t commits)
{
	if (newest->fd < 0)
		return;
	errno = 0;
	if (write_line(newest->fd, commits, newest->born_ns) == 0) {
		newest->dirty = true;
		newest->failed = false;
	} else if (!newest->failed) {
		newest->failed = true;
		log_line(LOG_LEVEL_WARNING, NULL,
			 "cannot write %s: %s; should headroom.db be put back from a backup, it "
			 "may not be noticed",
			 newest->path, strerror(errno ? errno : ENOSPC));
	}
}

void newest_settle(struct newest *newest)
{
	if (!newest->sync || !newest->dirty || now_us() - newest->synced_us < SETTLE_US)
		return;
	/* What did not reach the disk is written again by the next commit. */
	newest->dirty = fdatasync(newest->fd) < 0;
	newest->synced_us = now_us();
}

void newest_close(struct newest *newest)
{
	newest->synced_us = INT64_MIN / 2;
	newest_settle(newest);
	if (newest->fd >= 0)
		close(newest->fd);
	free(newest->path);
	*newest = (struct newest){.fd = -1};
}

bool newest_proves_use(const struct newest *newest)
{
	return newest->fd >= 0 && (!newest->is_sound || newest->commits > 0);
}

bool newest_contradicts(const struct newest *newest, uint64_t commits, char *ret_why, size_t size)
{
	if (newest->fd < 0 && commits > 0)
		text_format(ret_why, size,
			    "headroom.db was in use, and %s, which is then beside it, is missing: "
			    "headroom.db was put back from a backup",
			    newest->path);
	else if (newest->fd >= 0 && !newest->is_sound)
		text_format(ret_why, size,
			    "%s does not hold what headroomd writes into it, so nothing says "
			    "whether headroom.db is the newest",
			    newest->path);
	else if (newest->fd >= 0 && newest->commits > commits)
		text_format(ret_why, size,
			    "headroom.db has %" PRIu64 " commits, and %" PRIu64
			    " were made (%s): an older copy was put back, or its newest part is "
			    "lost (headroom.db-wal)",
			    commits, newest->commits, newest->path);
	else if (newest->is_copy)
		text_format(ret_why, size,
			    "%s is a copy of the file that was made here: the state folder was put "
			    "back from a backup, or copied",
			    newest->path);
	else
		return false;
	return true;
}
