/* SPDX-License-Identifier: Apache-2.0 */
/* Checks a request to start a process, prepares everything, forks, and hears how it went. What the
 * new process then does is in core/host/process_child.c. */
#include "host/process_start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "host/barrier.h"
#include "host/process_child.h"
#include "host/process_program.h"
#include "host/process_record.h"

#define WORDS_MAX 4096
#define WORDS_BYTES_MAX (1u << 20)
#define REQUEST_SIZE_MINOR_0 sizeof(struct hr_process_start)

/* A span as text; NULL and an error where it is none. */
static char *word_of(struct hr_span span, const char *what, struct hr_error *err)
{
	char *word;

	if (span.len > WORDS_BYTES_MAX || (span.len > 0 && !span.ptr) ||
	    (span.len > 0 && memchr(span.ptr, '\0', span.len))) {
		error_set(err, HR_INVALID, "cannot start a process: %s is too long or holds a NUL",
			  what);
		return NULL;
	}
	word = calloc(1, span.len + 1);
	if (!word)
		error_no_memory(err, "starting a process");
	else if (span.len > 0)
		memcpy(word, span.ptr, span.len);
	return word;
}

static void free_words(char **words)
{
	for (size_t i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
}

static int copy_words(const struct hr_span *spans, size_t n, const char *what, char ***ret_words,
		      struct hr_error *err)
{
	size_t bytes = 0;
	char **words;

	if (n > WORDS_MAX || (n > 0 && !spans))
		return error_set(err, HR_INVALID,
				 "cannot start a process: %zu words of %s, at most %d are possible",
				 n, what, WORDS_MAX);
	words = calloc(n + 1, sizeof(*words));
	if (!words)
		return error_no_memory(err, "starting a process");
	*ret_words = words;
	for (size_t i = 0; i < n; i++) {
		words[i] = word_of(spans[i], what, err);
		if (!words[i])
			return -1;
		bytes += spans[i].len;
	}
	if (bytes > WORDS_BYTES_MAX)
		return error_set(
			err, HR_INVALID,
			"cannot start a process: %s has %zu bytes, at most %u are possible", what,
			bytes, WORDS_BYTES_MAX);
	return 0;
}

/* Whether a path has no part that is empty, "." or "..". */
static bool is_plain(const char *path)
{
	for (;;) {
		size_t len = strcspn(path, "/");

		if (len == 0 || (path[0] == '.' && (len == 1 || (len == 2 && path[1] == '.'))))
			return false;
		if (path[len] == '\0')
			return true;
		path += len + 1;
	}
}

/* What of a path lies below the folder ("" is the folder itself); NULL: it lies elsewhere. */
static const char *rest_below(const char *folder, const char *path)
{
	size_t len = strlen(folder);

	if (path[0] != '/')
		return path;
	if (strncmp(path, folder, len) != 0)
		return NULL;
	if (path[len] == '/')
		return path + len + 1;
	return path[len] == '\0' ? path + len : NULL;
}

/* A path as given (absolute below the folder, or relative to it) as one relative to it. */
static char *path_below(const struct state_folder *folder, struct hr_span span, bool may_be_folder,
			struct hr_error *err)
{
	char *path = word_of(span, "a path", err);
	const char *rest = path ? rest_below(folder->path, path) : NULL;

	if (!path)
		return NULL;
	if (rest && ((rest[0] == '\0' && may_be_folder) || is_plain(rest))) {
		memmove(path, rest, strlen(rest) + 1);
		return path;
	}
	error_set(err, HR_INVALID,
		  "cannot start a process: \"%s\" does not lie below the account's state folder %s",
		  path, folder->path);
	free(path);
	return NULL;
}

static int plan_files(struct process_plan *plan, const struct state_folder *folder,
		      const struct hr_process_start *request, struct hr_error *err)
{
	unsigned taken = 0;

	if (request->n_files > PROCESS_FILES_MAX || (request->n_files > 0 && !request->files))
		return error_set(err, HR_INVALID,
				 "cannot start a process: %u files, at most %d are possible",
				 request->n_files, PROCESS_FILES_MAX);
	for (uint32_t i = 0; i < request->n_files; i++) {
		const struct hr_process_file *file = &request->files[i];

		if (file->fd >= PROCESS_FILES_MAX || (taken & 1u << file->fd))
			return error_set(
				err, HR_INVALID,
				"cannot start a process: descriptor %u is above 9 or named "
				"twice",
				file->fd);
		taken |= 1u << file->fd;
		plan->files[i].path = path_below(folder, file->path, false, err);
		if (!plan->files[i].path)
			return -1;
		plan->files[i].fd = (int)file->fd;
		plan->files[i].writable = file->writable != 0;
		plan->n_files++;
	}
	return 0;
}

static void plan_clear(struct process_plan *plan)
{
	free_words(plan->argv);
	free_words(plan->env);
	free(plan->directory);
	free(plan->barrier);
	for (unsigned i = 0; i < plan->n_files; i++)
		free(plan->files[i].path);
}

static int check_program(const struct process_plan *plan, const struct hr_process_start *request,
			 struct hr_error *err)
{
	const char *name = plan->argv[0];

	if (name && name[0] == '/')
		return 0;
	if (!(request->flags & HR_PROCESS_OWN_PROGRAM))
		return error_set(err, HR_INVALID,
				 "cannot start a process: argv[0] must be an absolute path");
	if (!name || strchr(name, '/') || !is_plain(name))
		return error_set(err, HR_INVALID,
				 "cannot start a process: argv[0] must be an absolute path or a "
				 "name without '/'");
	return 0;
}

/* Puts the module's own program in the place of its name. */
static int plan_program(struct process_plan *plan, const struct state_folder *folder,
			const char *module, const struct hr_process_start *request,
			struct hr_error *err)
{
	struct program_request program = {
		.name = plan->argv[0],
		.module = module,
		.directory = plan->directory,
	};
	char **companions = NULL, *path = NULL;
	int rc;

	if (!(request->flags & HR_PROCESS_OWN_PROGRAM))
		return 0;
	if (request->n_companions > COMPANIONS_MAX)
		return error_set(err, HR_INVALID,
				 "cannot start a process: %u companions, at most %d are possible",
				 request->n_companions, COMPANIONS_MAX);
	rc = copy_words(request->companions, request->n_companions, "companions", &companions, err);
	for (size_t i = 0; rc == 0 && companions[i]; i++)
		if (!is_plain(companions[i]))
			rc = error_set(err, HR_INVALID,
				       "cannot start a process: the companion \"%s\" is not a "
				       "plain path below the program's folder",
				       companions[i]);
	program.companions = companions;
	if (rc == 0)
		rc = process_program(folder, &program, &path, err);
	free_words(companions);
	if (rc == 0) {
		free(plan->argv[0]);
		plan->argv[0] = path;
	}
	return rc;
}

static int plan_fill(struct process_plan *plan, const struct state_folder *folder,
		     const char *module, const struct hr_process_start *request,
		     struct hr_error *err)
{
	if (request->size < REQUEST_SIZE_MINOR_0)
		return error_set(err, HR_INVALID,
				 "cannot start a process: the request has a size of %u bytes, at "
				 "least %zu are wanted",
				 request->size, REQUEST_SIZE_MINOR_0);
	plan->folder_fd = folder->fd;
	plan->folder = folder->path;
	plan->switches_user = geteuid() == 0;
	plan->uid = folder->uid;
	plan->gid = folder->gid;
	if (plan->switches_user && (folder->uid == 0 || folder->gid == 0))
		return error_set(
			err, HR_INVALID,
			"cannot start a process: the state folder %s belongs to root, and "
			"nothing of an account runs as root; give it to a uid of host_uids",
			folder->path);
	if (copy_words(request->argv, request->n_argv, "argv", &plan->argv, err) != 0 ||
	    copy_words(request->env, request->n_env, "env", &plan->env, err) != 0)
		return -1;
	if (check_program(plan, request, err) != 0)
		return -1;
	for (size_t i = 0; plan->env[i]; i++)
		if (plan->env[i][0] == '=' || !strchr(plan->env[i], '='))
			return error_set(
				err, HR_INVALID,
				"cannot start a process: word %zu of env is not NAME=value", i + 1);
	plan->directory = path_below(folder, request->directory, true, err);
	if (!plan->directory || plan_files(plan, folder, request, err) != 0 ||
	    plan_program(plan, folder, module, request, err) != 0)
		return -1;
	if (!plan->switches_user)
		return 0;
	return barrier_find(folder->path, folder->uid, folder->gid, &plan->barrier, err);
}

static int32_t class_of(const struct process_report *report)
{
	int e = report->errno_value;

	if (e == EAGAIN || e == ENOMEM || e == ENFILE || e == EMFILE || e == ENOSPC)
		return HR_CAPACITY;
	if (report->stage == STAGE_EXEC || report->stage == STAGE_BARRIER)
		return HR_UNSUPPORTED;
	if (report->stage == STAGE_DIRECTORY || report->stage == STAGE_FILE)
		return HR_INVALID;
	return HR_INTERNAL;
}

static int explain(const struct process_plan *plan, const struct process_report *report,
		   struct hr_error *err)
{
	int32_t class = class_of(report);
	char reason_buf[128];
	const char *reason = strerror_r(report->errno_value, reason_buf, sizeof(reason_buf));

	switch (report->stage) {
	case STAGE_EXEC: return error_set(err, class, "cannot run %s: %s", plan->argv[0], reason);
	case STAGE_BARRIER:
		return error_set(
			err, class,
			"uid %u may not enter %s, and giving its processes a view of their "
			"own failed: %s; run chmod o+x on that folder, or move the daemon's "
			"state folder",
			(unsigned)plan->uid, plan->barrier, reason);
	case STAGE_USER:
		return error_set(err, class, "cannot start a process as uid %u: %s",
				 (unsigned)plan->uid, reason);
	case STAGE_DIRECTORY:
		return error_set(err, class,
				 "cannot start a process in the folder \"%s\" of %s: %s",
				 plan->directory, plan->folder, reason);
	case STAGE_FILE:
		return error_set(err, class, "cannot open the file \"%s\" of %s for a process: %s",
				 plan->files[report->file].path, plan->folder, reason);
	default: return error_set(err, class, "cannot start a process: %s", reason);
	}
}

/* 1: a report, 0: the end, -1: errno. */
static int read_report(int fd, struct process_report *ret)
{
	ssize_t n;

	do
		n = read(fd, ret, sizeof(*ret));
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*ret) ? 1 : n == 0 ? 0 : -1;
}

/* Before its exec has come to its end: nothing is ever there for long that nobody may signal. */
static int note(const struct state_folder *folder, const struct hr_process *process,
		struct hr_error *err)
{
	if (!folder->records || process_record_add(folder, process, err) == 0)
		return 0;
	kill((pid_t)process->pid, SIGKILL);
	return -1;
}

static int hear(const struct process_plan *plan, const struct state_folder *folder, int fd,
		struct hr_process *ret_process, struct hr_error *err)
{
	struct process_report report;
	bool runs = false;
	int rc;

	while ((rc = read_report(fd, &report)) == 1) {
		if (report.stage != STAGE_RUNNING)
			return explain(plan, &report, err);
		ret_process->pid = report.pid;
		ret_process->start_time = report.start_time;
		runs = true;
		if (note(folder, ret_process, err) != 0)
			return -1;
	}
	if (rc < 0)
		return error_set_errno(err, errno, "cannot hear from a started process");
	if (!runs)
		return error_set(err, HR_INTERNAL,
				 "cannot start a process: it ended before it was one");
	return 0;
}

int process_start(const struct state_folder *folder, const char *module,
		  const struct hr_process_start *request, struct hr_process *ret_process,
		  struct hr_error *err)
{
	struct process_plan plan = {0};
	int fds[2] = {-1, -1}, rc = -1;
	sigset_t all, before;
	pid_t child;

	if (plan_fill(&plan, folder, module, request, err) != 0)
		goto out;
	if (pipe2(fds, O_CLOEXEC) != 0) {
		error_set_errno(err, errno, "cannot start a process");
		goto out;
	}
	/* No handler of ours may run in the child. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	child = fork();
	if (child == 0) {
		close(fds[0]);
		process_child(&plan, fds[1]);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(fds[1]);
	if (child < 0) {
		error_set(err, HR_CAPACITY, "cannot start a process: no process is to be had");
		goto out;
	}
	rc = hear(&plan, folder, fds[0], ret_process, err);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
out:
	if (fds[0] >= 0)
		close(fds[0]);
	plan_clear(&plan);
	return rc;
}
