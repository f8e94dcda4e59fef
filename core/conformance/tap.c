/* SPDX-License-Identifier: Apache-2.0 */
/* The Test Anything Protocol; see tap.h. */
#include "conformance/tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"

#define LINE_SIZE 1024

static struct {
	unsigned lines, failed, skipped;
	json_t *all;  /* of the report */
	FILE *parent; /* in a child: where its lines go; NULL: we print */
} tap;

/* result: "ok", "not ok", "skipped" (with a note: why), "note". */
static void say(const char *result, const char *text, const char *note)
{
	json_t *last;

	if (tap.parent) {
		fprintf(tap.parent, "%s\t%s\t%s\n", result, text, note);
		fflush(tap.parent);
		return;
	}
	if (!tap.all)
		tap.all = json_array();
	if (strcmp(result, "note") == 0) {
		printf("# %s\n", text);
		last = json_array_get(tap.all, json_array_size(tap.all) - 1);
		if (last)
			json_object_set_new(last, "note", json_string(text));
		return;
	}
	tap.lines++;
	tap.failed += strcmp(result, "not ok") == 0;
	tap.skipped += strcmp(result, "skipped") == 0;
	printf("%s %u - %s%s%s\n", strcmp(result, "not ok") == 0 ? "not ok" : "ok", tap.lines, text,
	       note[0] ? " # SKIP " : "", note);
	fflush(stdout);
	json_array_append_new(tap.all, json_pack("{ss ss}", "line", text, "result", result));
	last = json_array_get(tap.all, json_array_size(tap.all) - 1);
	if (note[0] && last)
		json_object_set_new(last, "note", json_string(note));
}

bool tap_ok(bool ok, const char *format, ...)
{
	char text[LINE_SIZE];
	va_list args;

	va_start(args, format);
	text_formatv(text, sizeof(text), format, args);
	va_end(args);
	say(ok ? "ok" : "not ok", text, "");
	return ok;
}

void tap_skip(const char *why, const char *format, ...)
{
	char text[LINE_SIZE];
	va_list args;

	va_start(args, format);
	text_formatv(text, sizeof(text), format, args);
	va_end(args);
	say("skipped", text, why);
}

void tap_note(const char *format, ...)
{
	char text[LINE_SIZE];
	va_list args;

	va_start(args, format);
	text_formatv(text, sizeof(text), format, args);
	va_end(args);
	for (char *c = text; *c; c++)
		if (*c == '\n' || *c == '\t')
			*c = ' ';
	say("note", text, "");
}

/* A line that a child has said. */
static void pass_on(char *line)
{
	char *text = strchr(line, '\t'), *note = text ? strchr(text + 1, '\t') : NULL;

	if (!note)
		return;
	*text++ = '\0';
	*note++ = '\0';
	note[strcspn(note, "\n")] = '\0';
	say(line, text, note);
}

bool tap_in_child(void (*run)(void *context), void *context, const char *what)
{
	char line[2 * LINE_SIZE];
	int ends[2], status = -1;
	FILE *from;
	pid_t child;

	fflush(NULL);
	if (pipe(ends) != 0)
		return tap_ok(false, "%s", what);
	child = fork();
	if (child == 0) {
		close(ends[0]);
		tap.parent = fdopen(ends[1], "w");
		if (!tap.parent)
			_exit(1);
		run(context);
		fflush(tap.parent);
		_exit(0);
	}
	close(ends[1]);
	from = fdopen(ends[0], "r");
	while (from && fgets(line, sizeof(line), from))
		pass_on(line);
	if (from)
		fclose(from);
	if (child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0)
		return true;
	tap_ok(false, "%s", what);
	if (child > 0 && WIFSIGNALED(status))
		tap_note("its process was ended by signal %d: %s", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	return false;
}

bool tap_end(void)
{
	printf("1..%u\n# %u passed, %u failed, %u do not apply or were not reached\n", tap.lines,
	       tap.lines - tap.failed - tap.skipped, tap.failed, tap.skipped);
	return tap.failed == 0 && tap.lines > tap.skipped;
}

json_t *tap_result(void)
{
	return json_pack("{si si si sO}", "passed", (int)(tap.lines - tap.failed - tap.skipped),
			 "failed", (int)tap.failed, "skipped", (int)tap.skipped, "lines", tap.all);
}
