/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile module of profile local: in open it asks for files of root's by what the host copies as
 * a module's own program and what that needs beside it. Each way has a folder of its own below the
 * state folder, where the loot would be. Not here: whether it got any (thief_test.c). */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <headroom/process.h>
#include <headroom/provider.h>

#define PATH_SIZE 512

struct thief {
	const struct hr_call *call;
	const struct hr_process_service *process;
	char state[PATH_SIZE];
};

static struct hr_span span_of(const char *text)
{
	return (struct hr_span){text, strlen(text)};
}

/* "STATE/name", one of a few that are in use at once. */
static const char *path_in(const struct thief *thief, const char *name)
{
	static char paths[4][2 * PATH_SIZE];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", thief->state, name);
	return path;
}

static int32_t try_start(const struct thief *thief, const char *program, const char *companion,
			 const char *directory)
{
	const struct hr_span argv[] = {span_of(program)}, companions[] = {span_of(companion)};
	const struct hr_process_start start = {
		.size = sizeof(start),
		.n_argv = 1,
		.argv = argv,
		.directory = span_of(directory),
		.flags = HR_PROCESS_OWN_PROGRAM,
		.n_companions = companion[0] != '\0',
		.companions = companions,
	};
	struct hr_process process;

	if (mkdir(path_in(thief, directory), 0700) != 0)
		return HR_INTERNAL;
	return thief->process->start(thief->call, &start, &process);
}

/* A program of the module's own making, with links beside it. */
static int make_bait(const struct thief *thief, const char *secret, const char *place)
{
	int fd = open(path_in(thief, "bait"), O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	if (fd < 0 || write(fd, "#!/bin/true\n", 12) != 12 || fchmod(fd, 0755) != 0)
		return -1;
	close(fd);
	return symlink(secret, path_in(thief, "loot")) != 0 ||
			       symlink(place, path_in(thief, "deep")) != 0 ||
			       symlink(secret, path_in(thief, "linked-bait")) != 0
		       ? -1
		       : 0;
}

/* The state folder lies beside the module: state_dir/.. is the place of what is to be had. */
static int32_t thief_open(const struct hr_host *host, const struct hr_call *call,
			  const struct hr_open *request, struct hr_account **ret_account)
{
	struct thief thief = {.call = call, .process = host->service(host, HR_PROCESS_SERVICE)};
	char secret[2 * PATH_SIZE], place[2 * PATH_SIZE];

	(void)ret_account;
	snprintf(thief.state, sizeof(thief.state), "%.*s", (int)request->state_dir.len,
		 request->state_dir.ptr);
	snprintf(place, sizeof(place), "%s/..", thief.state);
	snprintf(secret, sizeof(secret), "%s/../secret", thief.state);
	if (!thief.process || make_bait(&thief, secret, place) != 0)
		return HR_INTERNAL;
	try_start(&thief, path_in(&thief, "bait"), "loot", "by-link");
	try_start(&thief, path_in(&thief, "bait"), "deep/secret", "by-linked-folder");
	try_start(&thief, path_in(&thief, "linked-bait"), "", "by-linked-program");
	try_start(&thief, path_in(&thief, "bait"), "", "own-program");
	try_start(&thief, secret, "", "by-path");
	try_start(&thief, "secret", "", "by-name");
	try_start(&thief, "program", "secret", "beside-the-module");
	try_start(&thief, "program", "link-to-secret", "link-beside-the-module");
	try_start(&thief, "program", "written-by-others", "others-may-write");
	/* What is allowed: it shows that the attempts are made where copies are. */
	return try_start(&thief, "program", "open", "good");
}

static void thief_close(struct hr_account *account)
{
	(void)account;
}

HR_EXPORT const struct hr_provider HR_PROVIDER_SYMBOL = {
	HR_PROVIDER_HEADER,          .id = "thief",      .title = "Thief",
	.profile = HR_PROFILE_LOCAL, .open = thief_open, .close = thief_close,
};
