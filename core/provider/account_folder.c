/* SPDX-License-Identifier: Apache-2.0 */
/* Folders and uids of accounts. A uid is never taken from an account while its folder is there,
 * since processes of it may run. */
#include "provider/account_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define ACCOUNTS "accounts"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* Opens <state_dir>/accounts, made where it is missing. Others may pass through it, not look. */
static int open_accounts(const char *state_dir, int *ret_fd, struct hr_error *err)
{
	CLEANUP_CLOSE int state = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mode_t mode = geteuid() == 0 ? 0711 : 0700;

	if (state < 0)
		return error_set_errno(err, errno, "cannot open the state folder %s", state_dir);
	if (mkdirat(state, ACCOUNTS, mode) != 0 && errno != EEXIST)
		return error_set_errno(err, errno, "cannot make the folder %s/" ACCOUNTS,
				       state_dir);
	*ret_fd = openat(state, ACCOUNTS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* The umask may have taken something away. */
	if (*ret_fd < 0 || fchmod(*ret_fd, mode) != 0)
		return error_set_errno(err, errno, "cannot open the folder %s/" ACCOUNTS,
				       state_dir);
	return 0;
}

/* Marks in taken (one byte for each uid of the range) the owners of the folders that there are. */
static int find_taken(int accounts, const struct account_folders *folders, char *taken,
		      struct hr_error *err)
{
	int copy = openat(accounts, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *entry;
	struct stat st;

	if (!dir) {
		error_set_errno(err, errno, "cannot list the folder %s/" ACCOUNTS,
				folders->state_dir);
		if (copy >= 0)
			close(copy);
		return -1;
	}
	while ((entry = readdir(dir)) != NULL)
		if (fstatat(accounts, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_uid >= folders->uid_first && st.st_uid <= folders->uid_last)
			taken[st.st_uid - folders->uid_first] = 1;
	closedir(dir);
	return 0;
}

/* A free uid: from a place that follows from the id on, so that other installations on this machine
 * mostly have others. */
static int choose_uid(int accounts, const struct account_folders *folders, const char *id,
		      uid_t *ret_uid, struct hr_error *err)
{
	CLEANUP_FREE char *taken = NULL;
	uint64_t hash = 1469598103934665603u, n;

	if (folders->uid_first < 1 || folders->uid_last < folders->uid_first ||
	    folders->uid_last >= UINT32_MAX || folders->uid_last - folders->uid_first >= 1 << 20)
		return error_set(err, HR_INVALID,
				 "%lld to %lld is no range of uids for accounts; correct host_uids",
				 (long long)folders->uid_first, (long long)folders->uid_last);
	n = (uint64_t)(folders->uid_last - folders->uid_first) + 1;
	taken = calloc(n, 1);
	if (!taken)
		return error_no_memory(err, "choosing a uid for an account");
	if (find_taken(accounts, folders, taken, err) != 0)
		return -1;
	for (const char *c = id; *c != '\0'; c++)
		hash = (hash ^ (unsigned char)*c) * 1099511628211u;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t at = (hash % n + i) % n;

		if (!taken[at]) {
			*ret_uid = (uid_t)(folders->uid_first + (int64_t)at);
			return 0;
		}
	}
	return error_set(err, HR_QUOTA,
			 "all %llu uids of host_uids (%lld to %lld) belong to accounts; delete a "
			 "provider config, or widen host_uids",
			 (unsigned long long)n, (long long)folders->uid_first,
			 (long long)folders->uid_last);
}

/* Gives a folder that is root's to a uid. One that has an owner keeps it. */
static int give_away(int accounts, int folder, const struct account_folders *folders,
		     const char *id, struct hr_error *err)
{
	struct stat st;
	uid_t uid = 0;

	if (fstat(folder, &st) != 0)
		return error_set_errno(err, errno, "cannot look at the folder of account %s", id);
	if (st.st_uid != 0 && st.st_gid != 0)
		return 0;
	if (choose_uid(accounts, folders, id, &uid, err) != 0)
		return -1;
	if (fchown(folder, uid, (gid_t)uid) != 0)
		return error_set_errno(err, errno, "cannot give the folder of account %s to uid %u",
				       id, (unsigned)uid);
	return 0;
}

static int make(const struct account_folders *folders, const char *id, struct hr_error *err)
{
	CLEANUP_CLOSE int accounts = -1;
	CLEANUP_CLOSE int folder = -1;

	if (open_accounts(folders->state_dir, &accounts, err) != 0)
		return -1;
	if (mkdirat(accounts, id, 0700) != 0 && errno != EEXIST)
		return error_set_errno(err, errno, "cannot make the folder %s/" ACCOUNTS "/%s",
				       folders->state_dir, id);
	folder = openat(accounts, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0 || fchmod(folder, 0700) != 0)
		return error_set_errno(err, errno, "cannot open the folder %s/" ACCOUNTS "/%s",
				       folders->state_dir, id);
	return geteuid() == 0 ? give_away(accounts, folder, folders, id, err) : 0;
}

static char *folder_path(const struct account_folders *folders, const char *id)
{
	char *path = NULL;

	if (asprintf(&path, "%s/" ACCOUNTS "/%s", folders->state_dir, id) < 0)
		return NULL;
	return path;
}

int account_folder_make(const struct account_folders *folders, const char *id, char **ret_path,
			struct hr_error *err)
{
	CLEANUP_FREE char *path = folder_path(folders, id);
	int rc;

	if (!path)
		return error_no_memory(err, "making an account's folder");
	if (id[0] == '\0' || strchr(id, '/') || id[0] == '.')
		return error_set(err, HR_INVALID, "\"%.64s\" is no id of an account", id);
	pthread_mutex_lock(&mutex);
	rc = make(folders, id, err);
	pthread_mutex_unlock(&mutex);
	if (rc != 0)
		return -1;
	*ret_path = realpath(path, NULL);
	if (!*ret_path)
		return error_set_errno(err, errno, "cannot find the folder %s", path);
	return 0;
}

void account_folder_remove(const struct account_folders *folders, const char *id)
{
	CLEANUP_FREE char *path = folder_path(folders, id);
	CLEANUP_FREE char *started = NULL;

	if (path &&
	    asprintf(&started, "%s/" ACCOUNTS "/.%s" ACCOUNT_STARTED, folders->state_dir, id) < 0)
		started = NULL;
	pthread_mutex_lock(&mutex);
	if (started && rmdir(path) == 0)
		unlink(started);
	pthread_mutex_unlock(&mutex);
}
