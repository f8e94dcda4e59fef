/* SPDX-License-Identifier: Apache-2.0 */
/* headroom provider new: the template of a provider module, copied with its name filled in. No daemon is asked.
 * Not here: what is in the template (templates/provider). */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/command.h"

#define NAME_SIZE 33       /* as in <headroom/provider.h> */
#define FILE_MAX (1 << 20) /* bytes of one file of the template */
#define DEPTH_MAX 8        /* folders in one another */
#define WORDS 3

/* The template's own name in its three spellings, and what takes its place. */
struct words {
	const char *old[WORDS];
	char new[WORDS][NAME_SIZE];
};

static int words_make(const char *name, struct words *ret, struct hr_error *err)
{
	size_t len = strlen(name);

	*ret = (struct words){.old = {"sample", "Sample", "SAMPLE"}};
	if (len < 2 || len >= NAME_SIZE || !islower((unsigned char)name[0]) ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789") != len)
		return error_set(err, HR_INVALID,
				 "\"%.64s\" is no name for a module: 2 to 32 of a-z and 0-9, the "
				 "first of a-z",
				 name);
	for (size_t i = 0; i < len; i++) {
		char large = (char)toupper((unsigned char)name[i]);

		ret->new[0][i] = ret->new[1][i] = name[i];
		ret->new[2][i] = large;
		if (i == 0)
			ret->new[1][0] = large;
	}
	return 0;
}

/* The text with all words replaced; the caller frees. NULL: no memory. */
static char *words_replace(const struct words *words, const char *text, size_t *ret_len)
{
	char *filled = NULL;
	FILE *out = open_memstream(&filled, ret_len);
	size_t w;

	if (!out)
		return NULL;
	while (*text) {
		for (w = 0; w < WORDS; w++)
			if (strncmp(text, words->old[w], strlen(words->old[w])) == 0)
				break;
		if (w < WORDS) {
			fputs(words->new[w], out);
			text += strlen(words->old[w]);
		} else {
			fputc(*text++, out);
		}
	}
	if (fclose(out) == 0)
		return filled;
	free(filled);
	return NULL;
}

static int file_read(const char *path, char *buf, struct hr_error *err)
{
	FILE *in = fopen(path, "re");
	size_t n = in ? fread(buf, 1, FILE_MAX, in) : 0;
	int number = errno;
	bool failed = !in || ferror(in);

	if (in)
		fclose(in);
	if (failed)
		return error_set_errno(err, number, "cannot read %s", path);
	if (n == FILE_MAX || memchr(buf, '\0', n))
		return error_set(err, HR_INVALID,
				 "%s is no file of a template: it is too large, or no text", path);
	buf[n] = '\0';
	return 0;
}

static int file_write(const char *path, mode_t mode, const char *text, size_t len,
		      struct hr_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	int rc = fd < 0 ? -1 : 0;

	for (ssize_t n; rc == 0 && len > 0; text += n, len -= (size_t)n) {
		n = write(fd, text, len);
		if (n < 0)
			rc = -1;
	}
	if (rc != 0)
		error_set_errno(err, errno, "cannot write %s", path);
	if (fd >= 0 && close(fd) != 0 && rc == 0)
		return error_set_errno(err, errno, "cannot write %s", path);
	return rc;
}

static int file_copy(const struct words *words, const char *from, const char *to, mode_t mode,
		     struct hr_error *err)
{
	CLEANUP_FREE char *text = malloc(FILE_MAX + 1);
	CLEANUP_FREE char *filled = NULL;
	size_t len = 0;

	if (!text)
		return error_no_memory(err, "reading the template");
	if (file_read(from, text, err) < 0)
		return -1;
	filled = words_replace(words, text, &len);
	if (!filled)
		return error_no_memory(err, "filling in the name");
	return file_write(to, mode & 0111 ? 0777 : 0666, filled, len, err);
}

static int folder_copy(const struct words *words, const char *from, const char *to, int depth,
		       struct hr_error *err);

static int entry_copy(const struct words *words, const char *from, const char *to, int depth,
		      struct hr_error *err)
{
	struct stat st;

	if (lstat(from, &st) != 0)
		return error_set_errno(err, errno, "cannot look at %s", from);
	if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
		return folder_copy(words, from, to, depth + 1, err);
	if (S_ISREG(st.st_mode))
		return file_copy(words, from, to, st.st_mode, err);
	return error_set(err, HR_INVALID, "%s is neither a file nor a folder of a template", from);
}

static int entries_copy(const struct words *words, DIR *dir, const char *from, const char *to,
			int depth, struct hr_error *err)
{
	char from_path[PATH_MAX], to_path[PATH_MAX];
	const struct dirent *entry;
	size_t len;

	while ((entry = readdir(dir)) != NULL) {
		CLEANUP_FREE char *name = NULL;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		name = words_replace(words, entry->d_name, &len);
		if (!name)
			return error_no_memory(err, "filling in the name");
		if (!text_format(from_path, sizeof(from_path), "%s/%s", from, entry->d_name) ||
		    !text_format(to_path, sizeof(to_path), "%s/%s", to, name))
			return error_set(err, HR_INVALID, "the path of %s is too long", to);
		if (entry_copy(words, from_path, to_path, depth, err) < 0)
			return -1;
	}
	return 0;
}

static int folder_copy(const struct words *words, const char *from, const char *to, int depth,
		       struct hr_error *err)
{
	DIR *dir = opendir(from);
	int rc;

	if (!dir)
		return error_set_errno(err, errno, "cannot read the template %s", from);
	if (mkdir(to, 0777) != 0)
		rc = error_set_errno(err, errno, "cannot make the folder %s", to);
	else
		rc = entries_copy(words, dir, from, to, depth, err);
	closedir(dir);
	return rc;
}

/* Where it was installed; beside this program first, since an installed tree may have been moved. */
static int template_find(const char *asked, char path[PATH_MAX], struct hr_error *err)
{
	static const char below[] = "/../share/headroom/templates/provider";
	char program[PATH_MAX - sizeof(below)];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (asked) {
		if (text_copy(path, PATH_MAX, asked) && access(path, R_OK | X_OK) == 0)
			return 0;
		return error_set(err, HR_NOT_FOUND, "there is no template %s", asked);
	}
	program[n > 0 ? n : 0] = '\0';
	if (strrchr(program, '/'))
		*strrchr(program, '/') = '\0';
	text_format(path, PATH_MAX, "%s%s", program, below);
	if (access(path, R_OK | X_OK) == 0)
		return 0;
	text_copy(path, PATH_MAX, HEADROOM_DATADIR "/templates/provider");
	if (access(path, R_OK | X_OK) == 0)
		return 0;
	return error_set(err, HR_NOT_FOUND,
			 "the template is not installed at %s: install Headroom's development "
			 "files, or name the folder templates/provider of its sources: --template",
			 path);
}

int provider_new_run(const struct invocation *invocation, struct hr_error *err)
{
	const char *name = invocation_positional(invocation, 0);
	const char *to = invocation_option(invocation, "--to");
	CLEANUP_JSON json_t *made = NULL;
	char from[PATH_MAX], own[64];
	struct words words;

	if (words_make(name, &words, err) < 0 ||
	    template_find(invocation_option(invocation, "--template"), from, err) < 0)
		return -1;
	if (!to) {
		text_format(own, sizeof(own), "headroom-provider-%s", name);
		to = own;
	}
	if (access(to, F_OK) == 0)
		return error_set(err, HR_CONFLICT,
				 "%s is there already; remove it, or name another folder: --to",
				 to);
	if (folder_copy(&words, from, to, 0, err) < 0)
		return -1;
	if (invocation->output == OUTPUT_JSON) {
		made = json_pack("{ss}", "folder", to);
		return made ? table_print_object(invocation->output, made, err)
			    : error_no_memory(err, "printing");
	}
	if (invocation->output == OUTPUT_NAME)
		puts(to);
	else
		printf("module %s is begun in %s; next: cd %s && make && make check\n", name, to,
		       to);
	return 0;
}
