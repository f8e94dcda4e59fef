/* SPDX-License-Identifier: Apache-2.0 */
/* The log's lines, as text or as JSON, one write each. Not here: rotation and shipping, which the
 * service manager does. */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

#define MESSAGE_SIZE 4097
#define LINE_SIZE 8192

static pthread_mutex_t write_mutex = PTHREAD_MUTEX_INITIALIZER;
static enum log_level highest_level = LOG_LEVEL_INFO;
static enum log_format line_format = LOG_FORMAT_AUTO;

static const struct {
	enum log_level level;
	const char *name;
} level_names[] = {
	{LOG_LEVEL_ERROR, "error"},
	{LOG_LEVEL_WARNING, "warning"},
	{LOG_LEVEL_INFO, "info"},
	{LOG_LEVEL_DEBUG, "debug"},
};

#define N_LEVELS (sizeof(level_names) / sizeof(level_names[0]))
#define N_SUBJECTS 8

struct member {
	const char *key;
	const char *value;
};

void log_setup(enum log_level level, enum log_format format)
{
	highest_level = level;
	line_format = format;
}

bool log_enabled(enum log_level level)
{
	return level <= highest_level;
}

int log_level_number(const char *name)
{
	for (size_t i = 0; name && i < N_LEVELS; i++)
		if (strcmp(level_names[i].name, name) == 0)
			return (int)level_names[i].level;
	return -1;
}

static const char *level_name(enum log_level level)
{
	for (size_t i = 0; i < N_LEVELS; i++)
		if (level_names[i].level == level)
			return level_names[i].name;
	return "info";
}

static bool writes_json(void)
{
	if (line_format == LOG_FORMAT_AUTO)
		return !isatty(STDERR_FILENO);
	return line_format == LOG_FORMAT_JSON;
}

static void list_subject(const struct log_subject *subject, struct member ret_members[N_SUBJECTS])
{
	static const struct log_subject none;
	const struct log_subject *s = subject ? subject : &none;
	const struct member members[N_SUBJECTS] = {
		{"pool", s->pool},
		{"server", s->server},
		{"session", s->session},
		{"operation", s->operation},
		{"operation_kind", s->operation_kind},
		{"call", s->call},
		{"account", s->account},
		{"request", s->request},
	};

	memcpy(ret_members, members, sizeof(members));
}

/* Makes text safe for a terminal and for JSON: control characters become escapes ("\n", "\x1b"),
 * bytes that are no UTF-8 become "?". Cut where it does not fit. */
static void escape(const char *text, char *buf, size_t size)
{
	size_t len = strlen(text), out = 0, n;

	for (size_t at = 0; at < len; at += n) {
		char piece[12];
		uint32_t code = 0;

		n = text_utf8_next(text + at, len - at, &code);
		if (n == 0) {
			n = 1;
			text_copy(piece, sizeof(piece), "?");
		} else if (code == '\n') {
			text_copy(piece, sizeof(piece), "\\n");
		} else if (code == '\t') {
			text_copy(piece, sizeof(piece), "\\t");
		} else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
			text_format(piece, sizeof(piece), "\\x%02x", (unsigned)code);
		} else {
			text_format(piece, sizeof(piece), "%.*s", (int)n, text + at);
		}
		if (out + strlen(piece) >= size)
			break;
		memcpy(buf + out, piece, strlen(piece));
		out += strlen(piece);
	}
	buf[out] = '\0';
}

static void write_line(const char *line, size_t len)
{
	pthread_mutex_lock(&write_mutex);
	while (len > 0) {
		ssize_t n = write(STDERR_FILENO, line, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break; /* nobody reads the log; there is nowhere to say so */
		line += n;
		len -= (size_t)n;
	}
	pthread_mutex_unlock(&write_mutex);
}

static void append(char line[LINE_SIZE], const char *text)
{
	size_t len = strlen(line);

	text_copy(line + len, LINE_SIZE - len, text);
}

static void write_text(const char *time, enum log_level level, const struct member *members,
		       const char *message)
{
	char line[LINE_SIZE];
	char value[256];

	text_format(line, sizeof(line), "%s %s ", time, level_name(level));
	for (int i = 0; i < N_SUBJECTS; i++) {
		if (!members[i].value)
			continue;
		escape(members[i].value, value, sizeof(value));
		append(line, members[i].key);
		append(line, "=");
		append(line, value);
		append(line, " ");
	}
	append(line, message);
	line[LINE_SIZE - 2] = '\0'; /* room for the line's end */
	append(line, "\n");
	write_line(line, strlen(line));
}

/* 0, or -1: no memory. */
static int write_json(const char *time, enum log_level level, const struct member *members,
		      const char *message)
{
	json_t *json = json_pack("{ss ss}", "time", time, "level", level_name(level));
	int rc = json ? 0 : -1;
	char value[256];
	char *line = NULL;
	size_t len;

	for (int i = 0; rc == 0 && i < N_SUBJECTS; i++) {
		if (!members[i].value)
			continue;
		escape(members[i].value, value, sizeof(value));
		rc = json_object_set_new(json, members[i].key, json_string(value));
	}
	if (rc == 0)
		rc = json_object_set_new(json, "message", json_string(message));
	if (rc == 0)
		line = json_text_as(json, JSON_COMPACT);
	json_decref(json);
	if (!line)
		return -1;
	len = strlen(line);
	line[len] = '\n'; /* in place of the NUL */
	write_line(line, len + 1);
	free(line);
	return 0;
}

void log_line(enum log_level level, const struct log_subject *subject, const char *format, ...)
{
	int saved_errno = errno;
	char raw[MESSAGE_SIZE], message[MESSAGE_SIZE], time[TIME_TEXT_SIZE];
	struct member members[N_SUBJECTS];
	va_list args;

	if (!log_enabled(level))
		return;
	va_start(args, format);
	text_formatv(raw, sizeof(raw), format, args);
	va_end(args);
	escape(raw, message, sizeof(message));
	time_text(clock_now().wall_ms, time);
	list_subject(subject, members);
	if (!writes_json() || write_json(time, level, members, message) != 0)
		write_text(time, level, members, message);
	errno = saved_errno;
}
