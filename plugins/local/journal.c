/* SPDX-License-Identifier: Apache-2.0 */
/* A server's journal, read; see journal.h. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"
#include "journal.h"
#include "protocol.h"
#include "report.h"

#define JOURNAL_READ_MAX 65536

/* What the lines say, the newest start counting. */
struct journal {
	uint64_t device, inode; /* of the file that is read */
	bool launched, start_after_launch, reported;
	bool copied; /* the newest start was in another file, of which this one is a copy */
	struct hr_process launcher;
	uint64_t start_time;
	struct hr_process init;
	struct server_view *view;
	char script[48];
};

static bool words(const char *line, const char *key, const char **ret_rest)
{
	size_t n = strlen(key);

	if (strncmp(line, key, n) != 0 || (line[n] && line[n] != ' '))
		return false;
	*ret_rest = line + n + (line[n] == ' ');
	return true;
}

static void failure_parse(struct server_view *view, const char *rest)
{
	int used = 0;
	char class_name[16] = "";

	if (sscanf(rest, "%15s %31s %n", class_name, view->failed_setting, &used) < 2)
		return;
	view->failed_class = !strcmp(class_name, "invalid") ? HR_INVALID : HR_TRANSIENT;
	if (!strcmp(view->failed_setting, "-"))
		view->failed_setting[0] = '\0';
	snprintf(view->failed_text, sizeof(view->failed_text), "%s", rest + used);
}

/* Whether a line was written into this very file, and not into one of which it is a copy. */
static bool is_own(const struct journal *journal, uint64_t device, uint64_t inode)
{
	return device == journal->device && inode == journal->inode;
}

/* "PID START FILE": no process when it is not this server's. */
static struct hr_process process_parse(const struct journal *journal, const char *rest)
{
	struct hr_process process = {0};
	uint64_t device, inode;

	/* NOLINTNEXTLINE(cert-err34-c): what the helper wrote */
	if (sscanf(rest, "%" SCNd64 " %" SCNu64 " %" SCNu64 ":%" SCNu64, &process.pid,
		   &process.start_time, &device, &inode) < 4 ||
	    !is_own(journal, device, inode))
		return (struct hr_process){0};
	return process;
}

static void start_parse(struct journal *journal, const char *rest)
{
	struct server_view *view = journal->view;
	uint64_t device, inode;
	int used = 0;

	journal->start_after_launch = true;
	journal->reported = false;
	journal->init = (struct hr_process){0};
	journal->script[0] = '\0';
	journal->start_time = 0;
	/* NOLINTNEXTLINE(cert-err34-c): what the helper wrote */
	if (sscanf(rest, "%" SCNu64 " %" SCNu64 ":%" SCNu64 " %n", &journal->start_time, &device,
		   &inode, &used) < 3)
		return;
	journal->copied = !is_own(journal, device, inode);
	if (journal->copied)
		journal->start_time = 0;
	view->started = true;
	view->supervised = !strcmp(rest + used, "supervisor");
	/* A sweep goes by the server's id, and would end the original's processes. */
	view->swept = journal->copied;
	view->port = 0;
	view->failed_text[0] = '\0';
}

static void line_parse(struct journal *journal, const char *line)
{
	struct server_view *view = journal->view;
	const char *rest;

	if (words(line, "launch", &rest)) {
		journal->launched = true;
		journal->start_after_launch = journal->reported = false;
		journal->launcher = (struct hr_process){0};
		view->failed_text[0] = '\0';
	} else if (words(line, "launcher", &rest)) {
		journal->launcher = process_parse(journal, rest);
	} else if (words(line, "start", &rest)) {
		start_parse(journal, rest);
	} else if (words(line, "init", &rest)) {
		journal->init = process_parse(journal, rest);
	} else if (words(line, "port", &rest)) {
		view->port = (uint32_t)strtoul(rest, NULL, 10);
	} else if (words(line, "script", &rest)) {
		snprintf(journal->script, sizeof(journal->script), "%s", rest);
	} else if (words(line, "failed", &rest)) {
		failure_parse(view, rest);
	} else if (words(line, "reported", &rest)) {
		journal->reported = true;
	} else if (words(line, "swept", &rest)) {
		view->swept = true;
	}
}

static int journal_read(int folder, struct journal *journal)
{
	char *text = malloc(JOURNAL_READ_MAX), *rest = text, *line;
	struct stat st = {0};
	ssize_t n;

	if (!text)
		return -1;
	n = file_read_end(folder, FILE_JOURNAL, text, JOURNAL_READ_MAX);
	if (n >= 0 && fstatat(folder, FILE_JOURNAL, &st, AT_SYMLINK_NOFOLLOW))
		n = -1;
	if (n < 0 && errno != ENOENT) {
		free(text);
		return -1;
	}
	journal->device = st.st_dev;
	journal->inode = st.st_ino;
	if (n == JOURNAL_READ_MAX - 1)
		(void)strsep(&rest, "\n"); /* may begin in mid-line */
	while (n > 0 && (line = strsep(&rest, "\n")) && rest)
		line_parse(journal, line);
	free(text);
	return 0;
}

/* The process that holds the journal's lock: its pid, 0 for nobody, -1 with errno. The kernel
 * keeps this true through every crash, and tells the pid as this process sees it. */
static int64_t lock_owner(int folder)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = openat(folder, FILE_JOURNAL, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	int result;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	result = fcntl(fd, F_GETLK, &lock);
	close(fd);
	if (result)
		return -1;
	return lock.l_type == F_UNLCK ? 0 : lock.l_pid;
}

int journal_append(int folder, const char *format, ...)
{
	char line[512];
	va_list list;
	int fd, n;
	ssize_t written;

	va_start(list, format);
	n = vsnprintf(line, sizeof(line) - 1, format, list);
	va_end(list);
	if (n < 0 || (size_t)n >= sizeof(line) - 1) {
		errno = EOVERFLOW;
		return -1;
	}
	line[n] = '\n';
	fd = openat(folder, FILE_JOURNAL, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -1;
	written = write(fd, line, (size_t)n + 1);
	if (close(fd) || written < 0)
		return -1;
	if (written != n + 1) {
		errno = ENOSPC;
		return -1;
	}
	return 0;
}

int journal_append_process(int folder, const char *key, const struct hr_process *process)
{
	struct stat st;

	if (fstatat(folder, FILE_JOURNAL, &st, AT_SYMLINK_NOFOLLOW))
		return -1;
	return journal_append(folder, "%s %lld %llu %llu:%llu", key, (long long)process->pid,
			      (unsigned long long)process->start_time,
			      (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
}

int journal_close_for_starts(int folder)
{
	int fd = openat(folder, FILE_JOURNAL, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	int result;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	result = fchmod(fd, JOURNAL_MODE_REMOVING);
	close(fd);
	return result;
}

/* The last words of the launcher, for a failure that the journal does not explain. */
static void failure_from_log(int folder, struct server_view *view)
{
	char text[512];
	ssize_t n = file_read_end(folder, FILE_INIT_LOG, text, sizeof(text));

	while (n > 0 && isspace((unsigned char)text[n - 1]))
		text[--n] = '\0';
	for (ssize_t i = 0; i < n; i++) {
		if ((unsigned char)text[i] < 0x20)
			text[i] = ' ';
	}
	view->failed_class = HR_TRANSIENT;
	snprintf(view->failed_text, sizeof(view->failed_text), "%s",
		 n > 0 ? text : "its program ended without a word");
}

static void phase_without_owner(const struct journal *journal, int folder, struct server_view *view)
{
	if (view->launcher.pid && !journal->start_after_launch) {
		view->phase = SERVER_LAUNCHING;
		snprintf(view->text, sizeof(view->text), "starting");
	} else if (!journal->launched || journal->reported ||
		   (!journal->start_after_launch && !journal->launcher.pid &&
		    !view->failed_text[0])) {
		view->phase = SERVER_NEW;
		snprintf(view->text, sizeof(view->text), "not started");
	} else if (journal->copied && journal->start_after_launch && !view->failed_text[0]) {
		view->phase = SERVER_ENDED;
		snprintf(view->text, sizeof(view->text), "not running: its folder is a copy");
	} else if (view->port && journal->start_after_launch) {
		view->phase = SERVER_ENDED;
		snprintf(view->text, sizeof(view->text), "its processes have ended");
	} else {
		view->phase = SERVER_FAILED;
		snprintf(view->text, sizeof(view->text), "could not be started");
		if (!view->failed_text[0])
			failure_from_log(folder, view);
	}
}

/* HR_OK or HR_NOT_FOUND, or an error of the host's. */
static int32_t probe(const struct hr_account *account, const struct hr_call *call,
		     const struct hr_process *process)
{
	return process->pid > 0 ? account->process->probe(call, process) : HR_NOT_FOUND;
}

static int32_t phase_find(const struct hr_account *account, const struct hr_call *call, int folder,
			  int64_t owner, struct journal *journal)
{
	struct server_view *view = journal->view;
	int32_t result = probe(account, call, &journal->launcher);

	if (result != HR_OK && result != HR_NOT_FOUND)
		return result;
	if (result == HR_OK)
		view->launcher = journal->launcher;
	view->init = (struct hr_process){owner, journal->start_time};
	if (owner == 0)
		view->init = journal->init;
	result = probe(account, call, &view->init);
	if (result != HR_OK && result != HR_NOT_FOUND)
		return result;
	if (result == HR_NOT_FOUND) {
		view->init = (struct hr_process){0};
		/* A lock whose owner's start time is not written yet. */
		if (owner != 0)
			view->port = 0;
	}
	view->init_recorded = view->init.pid && view->init.pid == journal->init.pid &&
			      view->init.start_time == journal->init.start_time;
	if (owner != 0) {
		view->phase = view->port ? SERVER_UP : SERVER_BOOTING;
		snprintf(view->text, sizeof(view->text), "%s, startup script: %s",
			 view->port ? "running" : "starting",
			 journal->script[0] ? journal->script : "not started");
	} else if (view->init.pid) {
		view->phase = SERVER_ENDING;
		snprintf(view->text, sizeof(view->text), "ending");
	} else {
		phase_without_owner(journal, folder, view);
	}
	return HR_OK;
}

int32_t server_look(const struct hr_account *account, const struct hr_call *call, int folder,
		    const char *id, struct server_view *ret_view)
{
	struct journal journal;
	int64_t before, owner = lock_owner(folder);
	int failed;

	/* Lines and lock must be of one moment: the same owner before and after the reading. */
	do {
		before = owner;
		*ret_view = (struct server_view){0};
		journal = (struct journal){.view = ret_view};
		failed = before < 0 || journal_read(folder, &journal);
		owner = failed ? before : lock_owner(folder);
	} while (owner != before);
	if (failed || owner < 0)
		return hr_fail(call, report_class_of_errno(errno), NULL,
			       "The journal of local server %s cannot be read: %s. Look at "
			       "the file servers/%s/" FILE_JOURNAL " below %s.",
			       id, strerrordesc_np(errno), id, account->state_path);
	return phase_find(account, call, folder, owner, &journal);
}
