/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of config files. What sections and keys there are, its caller knows. */
#include "schema/ini.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define NAME_MAX_LEN 63

struct reader {
	const char *path;
	int line;
	char section[NAME_MAX_LEN + 1]; /* "": none yet */
	ini_entry_fn entry;
	void *context;
};

static bool name_ok(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= NAME_MAX_LEN &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

/* Cuts blanks at both ends; changes the text. */
static char *trimmed(char *text)
{
	size_t len;

	text += strspn(text, " \t\r");
	len = strlen(text);
	while (len > 0 && strchr(" \t\r", text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

static int at_line(const struct reader *reader, struct hr_error *err)
{
	return error_prefix(err, "%s:%d", reader->path, reader->line);
}

static int read_section(struct reader *reader, char *text, struct hr_error *err)
{
	size_t len = strlen(text);

	if (text[len - 1] != ']')
		return error_set_field(
			err, HR_INVALID, NULL, "[server]",
			"a section starts with \"[\" and must end with \"]\", such as "
			"[server]");
	text[len - 1] = '\0';
	text = trimmed(text + 1);
	if (!name_ok(text))
		return error_set_field(err, HR_INVALID, NULL, "[server]",
				       "\"%.64s\" is no name of a section; it has small letters, "
				       "digits, \"_\" and \"-\", such as [server]",
				       text);
	text_copy(reader->section, sizeof(reader->section), text);
	return 0;
}

static int read_entry(struct reader *reader, char *text, struct hr_error *err)
{
	char *equals = strchr(text, '=');
	struct ini_entry entry = {.section = reader->section, .line = reader->line};

	if (!equals)
		return error_set(
			err, HR_INVALID,
			"\"%.64s\" is neither a section in brackets, \"key = value\" nor a "
			"comment after \"#\"",
			text);
	*equals = '\0';
	entry.key = trimmed(text);
	entry.value = trimmed(equals + 1);
	if (!name_ok(entry.key))
		return error_set(err, HR_INVALID,
				 "\"%.64s\" is no name of a key; it has small letters, digits, "
				 "\"_\" and \"-\"",
				 entry.key);
	if (reader->section[0] == '\0')
		return error_set_field(
			err, HR_INVALID, entry.key, "[server]",
			"key \"%s\" stands before the first section; put a line such "
			"as [server] above it",
			entry.key);
	return reader->entry(reader->context, &entry, err);
}

static int read_line(struct reader *reader, char *text, struct hr_error *err)
{
	int rc;

	text = trimmed(text);
	if (text[0] == '\0' || text[0] == '#' || text[0] == ';')
		return 0;
	rc = text[0] == '[' ? read_section(reader, text, err) : read_entry(reader, text, err);
	return rc == 0 ? 0 : at_line(reader, err);
}

static int read_text(struct reader *reader, char *text, size_t len, struct hr_error *err)
{
	/* Files of other systems may begin with a byte order mark. */
	size_t at = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	while (at < len) {
		char *line = text + at;
		char *end = memchr(line, '\n', len - at);
		size_t line_len = end ? (size_t)(end - line) : len - at;

		reader->line++;
		at += line_len + 1;
		if (!text_valid_utf8(line, line_len)) {
			error_set(err, HR_INVALID, "the line is not valid UTF-8 text");
			return at_line(reader, err);
		}
		line[line_len] = '\0';
		if (read_line(reader, line, err) != 0)
			return -1;
	}
	return 0;
}

/* The whole file, with a NUL behind it; the caller frees *ret_text. */
static int load_file(const char *path, char **ret_text, size_t *ret_len, struct hr_error *err)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	char *text;
	size_t len = 0;
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return error_set(err, HR_NOT_FOUND, "%s: there is no such file", path);
	if (fd < 0 || fstat(fd, &status) != 0)
		return error_set(err, HR_INVALID,
				 "%s: cannot be read: %m; check its owner and mode", path);
	if (!S_ISREG(status.st_mode))
		return error_set(err, HR_INVALID, "%s: is not a regular file", path);
	if (status.st_size > INI_SIZE_MAX)
		return error_set(err, HR_INVALID, "%s: is larger than %d bytes", path,
				 INI_SIZE_MAX);
	text = malloc(INI_SIZE_MAX + 1);
	if (!text)
		return error_no_memory(err, "reading the configuration");
	while (len < INI_SIZE_MAX && (n = read(fd, text + len, INI_SIZE_MAX - len)) != 0) {
		if (n > 0) {
			len += (size_t)n;
		} else if (errno != EINTR) {
			error_set_errno(err, errno, "%s: cannot be read", path);
			free(text);
			return -1;
		}
	}
	text[len] = '\0';
	*ret_text = text;
	*ret_len = len;
	return 0;
}

int ini_read(const char *path, ini_entry_fn entry, void *context, struct hr_error *err)
{
	struct reader reader = {.path = path, .entry = entry, .context = context};
	char *text = NULL;
	size_t len = 0;
	int rc;

	if (load_file(path, &text, &len, err) != 0)
		return -1;
	rc = read_text(&reader, text, len, err);
	explicit_bzero(text, len);
	free(text);
	return rc;
}
