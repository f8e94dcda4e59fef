/* SPDX-License-Identifier: Apache-2.0 */
/* One process a file. What comes from it was in the hands of the module's constructors: it is checked
 * like anything from outside. */
#include "provider/module_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/kill_point.h"
#include "base/text.h"
#include "provider/host_process.h"
#include "provider/wire_json.h"

#define TODO_REMOVE "report this to its vendor, and remove it from the folder meanwhile"

static int __attribute__((format(printf, 4, 5)))
refuse(const struct module_probe *probe, const char *todo, struct hr_error *err, const char *format,
       ...)
{
	char reason[256];
	va_list args;

	va_start(args, format);
	text_formatv(reason, sizeof(reason), format, args);
	va_end(args);
	return error_set_field(err, HR_INVALID, "provider", NULL,
			       "provider \"%.32s\" (%.160s): %s; %s", probe->id, probe->path,
			       reason, todo);
}

/* ---- Starting ------------------------------------------------------------------------------ */

static int spawn(struct module_probe *probe, const char *program, bool may_be_local, int out)
{
	const char *words[] = {"headroom-host", "--describe", probe->path,
			       may_be_local ? "--local" : NULL, NULL};
	static char *const no_environment[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	if (posix_spawn_file_actions_init(&actions) != 0)
		return ENOMEM;
	if (posix_spawnattr_init(&attributes) != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return ENOMEM;
	}
	rc = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (rc == 0)
		rc = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
								   POSIX_SPAWN_SETSIGDEF |
								   POSIX_SPAWN_SETSID);
	if (rc == 0)
		rc = posix_spawnattr_setsigmask(&attributes, &none);
	if (rc == 0)
		rc = posix_spawnattr_setsigdefault(&attributes, &all);
	if (rc == 0)
		rc = posix_spawn(&probe->pid, program, &actions, &attributes,
				 (char *const *)(uintptr_t)words, no_environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

int module_probe_begin(struct module_probe *probe, const char *host_program, const char *id,
		       const char *path, bool may_be_local, struct hr_error *err)
{
	int fds[2], rc;

	*probe = (struct module_probe){.id = id, .path = path, .fd = -1};
	if (pipe2(fds, O_CLOEXEC) != 0)
		return error_set_errno(err, errno, "cannot look at the module %s", path);
	rc = spawn(probe, host_program, may_be_local, fds[1]);
	close(fds[1]);
	if (rc != 0) {
		close(fds[0]);
		return refuse(probe,
			      "install Headroom again, or correct \"host\" in the section "
			      "[providers] of headroom.conf",
			      err, "the program that looks at modules, %s, cannot be started: %s",
			      host_program, strerror(rc));
	}
	probe->fd = fds[0];
	probe->until_ms = clock_now().mono_ms + PROBE_TIME_MS;
	return 0;
}

/* ---- Its answer ---------------------------------------------------------------------------- */

enum answer { ANSWER_WHOLE, ANSWER_LATE, ANSWER_LONG, ANSWER_NONE };

/* 1: something was read, 0: the end, -1: the time is up. */
static ssize_t read_some(const struct module_probe *probe, char *buf, size_t size)
{
	struct pollfd one = {.fd = probe->fd, .events = POLLIN};
	ssize_t n;

	for (;;) {
		int64_t left = probe->until_ms - clock_now().mono_ms;

		/* What was said in time counts, though it is read late: others were waited for. */
		if (poll(&one, 1, left > 0 ? (int)left : 0) <= 0) {
			if (left <= 0)
				return -1;
			continue;
		}
		n = read(probe->fd, buf, size);
		if (n >= 0 || errno != EINTR)
			return n > 0 ? n : 0;
	}
}

static enum answer read_all(const struct module_probe *probe, char **ret_text, size_t *ret_len)
{
	size_t room = 65536, used = 0;
	char *text = malloc(room), *more;
	ssize_t n = 1;

	while (text && n > 0 && used < PROBE_OUTPUT_MAX) {
		if (used == room) {
			more = realloc(text, 2 * room);
			if (!more)
				break;
			text = more;
			room *= 2;
		}
		n = read_some(probe, text + used, room - used);
		used += n > 0 ? (size_t)n : 0;
	}
	*ret_text = text;
	*ret_len = used;
	if (n < 0)
		return ANSWER_LATE;
	if (n > 0)
		return text && used >= PROBE_OUTPUT_MAX ? ANSWER_LONG : ANSWER_NONE;
	return ANSWER_WHOLE;
}

/* How it ended, as wait says. */
static int end_process(const struct module_probe *probe, bool must_end)
{
	pid_t ended = 0;
	int status = 0;

	while (!must_end && ended == 0) {
		ended = waitpid(probe->pid, &status, WNOHANG);
		if (ended == 0 && clock_now().mono_ms >= probe->until_ms)
			break;
		if (ended == 0)
			poll(NULL, 0, 1);
	}
	if (ended != probe->pid) {
		kill(probe->pid, SIGKILL);
		while (waitpid(probe->pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	return status;
}

static int refuse_silence(const struct module_probe *probe, int status, const char *before,
			  struct hr_error *err)
{
	if (WIFSIGNALED(status))
		return refuse(probe, TODO_REMOVE, err,
			      "loading it ended the process with signal %d (%s)%s",
			      WTERMSIG(status), strsignal(WTERMSIG(status)), before);
	return refuse(probe, TODO_REMOVE, err, "loading it ended the process with status %d%s",
		      WIFEXITED(status) ? WEXITSTATUS(status) : -1, before);
}

/* Takes the last line off the text; without its end. NULL: there is none. */
static char *take_line(char *text, size_t *len, size_t *ret_line_len)
{
	size_t start, end = *len;

	while (end > 0 && text[end - 1] == '\n')
		end--;
	for (start = end; start > 0 && text[start - 1] != '\n'; start--)
		;
	*ret_line_len = end - start;
	*len = start;
	return end > start ? text + start : NULL;
}

/* Takes the last line off where it says what came before the process's end; then as words. */
static void take_before(char *text, size_t *len, char *ret_words, size_t size)
{
	size_t rest = *len, line_len;
	char *line = take_line(text, &rest, &line_len);
	struct frame frame = {.head = line, .head_len = line_len};
	struct hr_error ignored = {0};
	enum wire_kind kind;
	void *value;
	uint64_t id;

	ret_words[0] = '\0';
	if (!line || wire_decode(&frame, WIRE_HOST, &kind, &id, &value, &ignored) != 0)
		return;
	if (kind == WIRE_FORBIDDEN)
		text_format(ret_words, size, ", after it was refused the system call %s",
			    ((struct wire_forbidden *)value)->name);
	else if (kind == WIRE_EXHAUSTED)
		text_format(ret_words, size, HOST_EXHAUSTED,
			    ((struct wire_exhausted *)value)->limit_mib);
	if (ret_words[0] != '\0')
		*len = rest;
	wire_free(kind, value);
}

/* The last line as one message. */
static int take_answer(const struct module_probe *probe, char *text, size_t len,
		       struct description **ret_description, struct hr_error *err)
{
	size_t line_len;
	char *line = take_line(text, &len, &line_len);
	struct hr_error reason = {0};
	enum wire_kind kind;
	void *value;

	if (wire_json_read(line ? line : text, line_len, &kind, &value, &reason) != 0)
		return refuse(probe, "report this to its vendor", err,
			      "what its process says of it cannot be understood: %s",
			      reason.message);
	KILL_POINT_FRAME(kind, KILL_RECEIVED);
	if (kind == WIRE_DESCRIPTION) {
		*ret_description = value;
		return 0;
	}
	if (kind == WIRE_REFUSED)
		*err = ((struct wire_refused *)value)->error;
	else
		refuse(probe, "report this to its vendor", err,
		       "its process says something else than what it is");
	wire_free(kind, value);
	return -1;
}

int module_probe_end(struct module_probe *probe, struct description **ret_description,
		     struct hr_error *err)
{
	char *text = NULL, before[96] = "";
	size_t len = 0;
	enum answer answer;
	int status;
	int rc;

	answer = read_all(probe, &text, &len);
	status = end_process(probe, answer != ANSWER_WHOLE);
	close(probe->fd);
	if (text)
		take_before(text, &len, before, sizeof(before));
	if (answer == ANSWER_LATE)
		rc = refuse(probe, TODO_REMOVE, err, "it could not be loaded within %d s%s",
			    PROBE_TIME_MS / 1000, before);
	else if (answer == ANSWER_LONG)
		rc = refuse(probe, TODO_REMOVE, err, "it says more than %u MiB of itself",
			    PROBE_OUTPUT_MAX >> 20);
	else if (answer == ANSWER_NONE)
		rc = error_no_memory(err, "looking at modules");
	else if (len == 0 || before[0] != '\0' || WIFSIGNALED(status))
		rc = refuse_silence(probe, status, before, err);
	else
		rc = take_answer(probe, text, len, ret_description, err);
	free(text);
	return rc;
}

void module_probe_free(struct description *description)
{
	wire_free(WIRE_DESCRIPTION, description);
}
