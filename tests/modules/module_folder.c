/* SPDX-License-Identifier: Apache-2.0 */
/* Folders of modules for tests. */
#include "module_folder.h"

#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

void module_folder_make(struct module_folder *folder)
{
	const char *tmp = getenv("TMPDIR");
	char template[200], *real;

	snprintf(template, sizeof(template), "%s/modules.XXXXXX", tmp && tmp[0] ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(template));
	real = realpath(template, NULL);
	ck_assert_ptr_nonnull(real);
	snprintf(folder->path, sizeof(folder->path), "%s", real);
	free(real);
	ck_assert_int_eq(chmod(folder->path, 0755), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void module_folder_remove(struct module_folder *folder)
{
	ck_assert_int_eq(nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static const char *path_in(const struct module_folder *folder, const char *name, char *ret_path,
			   size_t size)
{
	int n = snprintf(ret_path, size, "%s/%s", folder->path, name);

	ck_assert_msg(n > 0 && (size_t)n < size, "the path of %s is too long", name);
	return ret_path;
}

const char *module_folder_add(const struct module_folder *folder, const char *built,
			      const char *name, char *ret_path, size_t size)
{
	const char *top = getenv("HEADROOM_BUILDDIR");
	char from[600], block[16384];
	int in, out;
	ssize_t n;

	snprintf(from, sizeof(from), "%s/%s", top ? top : ".", built);
	path_in(folder, name, ret_path, size);
	in = open(from, O_RDONLY | O_CLOEXEC);
	ck_assert_msg(in >= 0, "%s is not built", from);
	out = open(ret_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ck_assert_int_ge(out, 0);
	while ((n = read(in, block, sizeof(block))) > 0)
		ck_assert_int_eq(write(out, block, (size_t)n), n);
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(fchmod(out, 0644), 0);
	close(in);
	close(out);
	return ret_path;
}

const char *module_folder_write(const struct module_folder *folder, const char *name,
				const char *text, char *ret_path, size_t size)
{
	FILE *file = fopen(path_in(folder, name, ret_path, size), "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(ret_path, 0644), 0);
	return ret_path;
}

const char *host_program(char *buf, size_t size)
{
	const char *build = getenv("HEADROOM_BUILDDIR");

	ck_assert_msg(build != NULL, "HEADROOM_BUILDDIR must name the build folder");
	snprintf(buf, size, "%s/headroom-host", build);
	return buf;
}

void module_describe(const char *path, char *ret_text, size_t size)
{
	char host[600];
	const char *const words[] = {host_program(host, sizeof(host)), "--describe", path, NULL};
	posix_spawn_file_actions_t actions;
	int fds[2], status;
	size_t used = 0;
	ssize_t n;
	pid_t pid;

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_eq(posix_spawn_file_actions_init(&actions), 0);
	ck_assert_int_eq(posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO), 0);
	ck_assert_int_eq(posix_spawn(&pid, host, &actions, NULL, (char *const *)(uintptr_t)words,
				     (char *const[]){NULL}),
			 0);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	while ((n = read(fds[0], ret_text + used, size - 1 - used)) > 0)
		used += (size_t)n;
	ret_text[used] = '\0';
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
