/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headroom-local-names.so: user and group names for a server without a mount namespace, where
 * /etc/passwd is the machine's. Loaded before others (LD_PRELOAD) into such a server's programs:
 * the passwd and group files in the folder HEADROOM_LOCAL_NAMES are asked first.
 *
 * As in the server's own /etc/group there is no group "tty", see server_files.c.
 */
#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define BUFFER_BYTES 4096

static FILE *names_open(const char *name)
{
	const char *folder = getenv("HEADROOM_LOCAL_NAMES");
	char path[4096];
	int n = folder ? snprintf(path, sizeof(path), "%s/%s", folder, name) : -1;

	return n < 0 || (size_t)n >= sizeof(path) ? NULL : fopen(path, "re");
}

/* The first entry of this name (or, without a name, uid): 0, ENOENT, or ERANGE. */
static int user_find(const char *name, uid_t uid, struct passwd *user, char *buffer, size_t size)
{
	FILE *stream = names_open("passwd");
	struct passwd *found = NULL;
	int result = ENOENT;

	while (stream && (result = fgetpwent_r(stream, user, buffer, size, &found)) == 0) {
		if (name ? !strcmp(user->pw_name, name) : user->pw_uid == uid)
			break;
	}
	if (stream)
		fclose(stream);
	return result;
}

static int group_find(const char *name, gid_t gid, struct group *group, char *buffer, size_t size)
{
	FILE *stream = names_open("group");
	struct group *found = NULL;
	int result = ENOENT;

	while (stream && (result = fgetgrent_r(stream, group, buffer, size, &found)) == 0) {
		if (name ? !strcmp(group->gr_name, name) : group->gr_gid == gid)
			break;
	}
	if (stream)
		fclose(stream);
	return result;
}

EXPORT struct passwd *getpwnam(const char *name)
{
	static struct passwd user;
	static char buffer[BUFFER_BYTES];
	struct passwd *(*next)(const char *);

	if (user_find(name, 0, &user, buffer, sizeof(buffer)) == 0)
		return &user;
	*(void **)&next = dlsym(RTLD_NEXT, "getpwnam");
	return next ? next(name) : NULL;
}

EXPORT struct passwd *getpwuid(uid_t uid)
{
	static struct passwd user;
	static char buffer[BUFFER_BYTES];
	struct passwd *(*next)(uid_t);

	if (user_find(NULL, uid, &user, buffer, sizeof(buffer)) == 0)
		return &user;
	*(void **)&next = dlsym(RTLD_NEXT, "getpwuid");
	return next ? next(uid) : NULL;
}

EXPORT int getpwnam_r(const char *name, struct passwd *user, char *buffer, size_t size,
		      struct passwd **result)
{
	int (*next)(const char *, struct passwd *, char *, size_t, struct passwd **);
	int found = user_find(name, 0, user, buffer, size);

	*result = found == 0 ? user : NULL;
	if (found != ENOENT)
		return found;
	*(void **)&next = dlsym(RTLD_NEXT, "getpwnam_r");
	return next ? next(name, user, buffer, size, result) : 0;
}

EXPORT int getpwuid_r(uid_t uid, struct passwd *user, char *buffer, size_t size,
		      struct passwd **result)
{
	int (*next)(uid_t, struct passwd *, char *, size_t, struct passwd **);
	int found = user_find(NULL, uid, user, buffer, size);

	*result = found == 0 ? user : NULL;
	if (found != ENOENT)
		return found;
	*(void **)&next = dlsym(RTLD_NEXT, "getpwuid_r");
	return next ? next(uid, user, buffer, size, result) : 0;
}

EXPORT struct group *getgrnam(const char *name)
{
	static struct group group;
	static char buffer[BUFFER_BYTES];
	struct group *(*next)(const char *);

	if (group_find(name, 0, &group, buffer, sizeof(buffer)) == 0)
		return &group;
	if (!strcmp(name, "tty"))
		return NULL;
	*(void **)&next = dlsym(RTLD_NEXT, "getgrnam");
	return next ? next(name) : NULL;
}

EXPORT struct group *getgrgid(gid_t gid)
{
	static struct group group;
	static char buffer[BUFFER_BYTES];
	struct group *(*next)(gid_t);

	if (group_find(NULL, gid, &group, buffer, sizeof(buffer)) == 0)
		return &group;
	*(void **)&next = dlsym(RTLD_NEXT, "getgrgid");
	return next ? next(gid) : NULL;
}
