/* SPDX-License-Identifier: Apache-2.0 */
/* Owner, mode and name of module files. Whoever may write one of them runs code as us. */
#include "host/file_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "host/refusal.h"
#include "provider/module_file.h"

/* The name without its suffix, cut to what an id can be; true when it is one. */
static bool id_of(const char *path, char ret_id[MODULE_ID_SIZE])
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *suffix = module_file_suffix(name);
	size_t n = suffix ? (size_t)(suffix - name) : strlen(name);

	text_format(ret_id, MODULE_ID_SIZE, "%.*s", (int)n, name);
	return suffix && n >= 2 && n < MODULE_ID_SIZE && name[0] >= 'a' && name[0] <= 'z' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789") == n;
}

struct subject {
	const char *id;
	const char *path;
};

/* Owner and mode of one file or folder; noun says which. */
static int check_one(const struct subject *s, const char *noun, const char *path,
		     const struct stat *st, struct hr_error *err)
{
	char todo[256], wanted[64];

	if (geteuid() == 0)
		text_copy(wanted, sizeof(wanted), "root");
	else
		text_format(wanted, sizeof(wanted), "root or uid %u", (unsigned)geteuid());
	if (st->st_uid != 0 && st->st_uid != geteuid()) {
		text_format(todo, sizeof(todo),
			    "find out who put it there, then run: chown root %s", path);
		return refusal_set(err, s->id, s->path, todo,
				   "the %s belongs to uid %u and must belong to %s", noun,
				   (unsigned)st->st_uid, wanted);
	}
	/* In a folder with the sticky bit nobody can take another's file away. */
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) &&
	    !(S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX))) {
		text_format(todo, sizeof(todo),
			    "make sure that nobody has changed it, then run: chmod go-w %s", path);
		return refusal_set(err, s->id, s->path, todo, "others may write the %s (mode %04o)",
				   noun, (unsigned)(st->st_mode & 07777));
	}
	return 0;
}

static int check_folder(const struct subject *s, const char *folder, struct hr_error *err)
{
	struct stat st;

	if (stat(folder, &st) != 0)
		return refusal_set(err, s->id, s->path, "look at the folder's path and rights",
				   "its folder cannot be looked at: %s", strerror(errno));
	return check_one(s, "folder", folder, &st, err);
}

/* A folder above the module's own. Whose it is, and which group may write it, is the administrator's to know:
 * /usr/local may be a group's, a checkout its user's. But where everybody may write, anybody can put another
 * folder in the place of ours. */
static int check_above(const struct subject *s, const char *folder, struct hr_error *err)
{
	char todo[256];
	struct stat st;

	if (stat(folder, &st) != 0 || !(st.st_mode & S_IWOTH) || (st.st_mode & S_ISVTX))
		return 0;
	text_format(todo, sizeof(todo),
		    "make sure that nobody has changed what is in it, then run: chmod o-w %s",
		    folder);
	return refusal_set(err, s->id, s->path, todo,
			   "everybody may write the folder above its own, %s (mode %04o)", folder,
			   (unsigned)(st.st_mode & 07777));
}

/* The file's folder, and all above it. */
static int check_folders_of(const struct subject *s, const char *path, struct hr_error *err)
{
	char *folder = strdup(path), *slash;
	int rc = folder ? 0 : error_no_memory(err, "looking at a module's folder");
	bool is_own = true;

	while (rc == 0 && strcmp(folder, "/") != 0 && (slash = strrchr(folder, '/')) != NULL) {
		slash[slash == folder ? 1 : 0] = '\0';
		rc = is_own ? check_folder(s, folder, err) : check_above(s, folder, err);
		is_own = false;
	}
	free(folder);
	return rc;
}

int file_check(const char *path, char ret_id[MODULE_ID_SIZE], struct hr_error *err)
{
	const struct subject s = {ret_id, path};
	bool id_good = id_of(path, ret_id);
	struct stat st;
	char *real;
	int rc;

	if (path[0] != '/')
		return refusal_set(err, ret_id, path, "give the folder by its absolute path",
				   "modules are loaded by absolute path only");
	real = realpath(path, NULL);
	if (!real || stat(real, &st) != 0) {
		rc = refusal_set(err, ret_id, path,
				 "install the module, or correct the folder's name",
				 "the file cannot be looked at: %s", strerror(errno));
		free(real);
		return rc;
	}
	if (!S_ISREG(st.st_mode))
		rc = refusal_set(err, ret_id, path, "remove it from the folder of the modules",
				 S_ISDIR(st.st_mode) ? "it is a folder, no module"
						     : "it is not a regular file");
	else
		rc = check_one(&s, "file", path, &st, err);
	if (rc == 0)
		rc = check_folders_of(&s, path, err);
	if (rc == 0 && strcmp(real, path) != 0)
		rc = check_folders_of(&s, real, err);
	free(real);
	if (rc == 0 && !id_good)
		rc = refusal_set(err, ret_id, path, "give the file the name of its module",
				 "a module's file is named after its id, [a-z][a-z0-9]{1,31}.so");
	return rc;
}
