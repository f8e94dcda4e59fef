/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a server: its folder with its mark, its files, its program started; then calls until
 * sshd listens. A call looks at what is there and does the one next thing, so it does not matter
 * where an earlier one stopped.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "folder.h"
#include "journal.h"
#include "mark.h"
#include "protocol.h"
#include "report.h"
#include "start.h"

#define WAIT_MS 200

static int32_t folder_fault(const struct hr_account *account, const struct hr_call *call,
			    const char *id, const char *what)
{
	int number = errno;

	return hr_fail(call, report_class_of_errno(number), NULL,
		       "%s of local server %s cannot be made below %s/" FOLDER_SERVERS
		       ": %s. Check the rights and the free space of that folder.",
		       what, id, account->state_path, strerrordesc_np(number));
}

static bool overrides_are_empty(struct hr_span text)
{
	bool open = false, closed = false;

	for (uint64_t i = 0; i < text.len; i++) {
		if (isspace((unsigned char)text.ptr[i]))
			continue;
		if (text.ptr[i] == '{' && !open)
			open = true;
		else if (text.ptr[i] == '}' && open && !closed)
			closed = true;
		else
			return false;
	}
	return open == closed;
}

static int32_t request_check(const struct hr_account *account, const struct hr_call *call,
			     const struct hr_step *step)
{
	if (step->guest_os != HR_GUEST_LINUX)
		return hr_fail(call, HR_UNSUPPORTED, NULL,
			       "Local servers run Linux only: choose guest system linux.");
	if (!overrides_are_empty(step->overrides))
		return hr_fail(call, HR_INVALID, NULL,
			       "A local server has no settings of its own: remove the "
			       "overrides from the autoscale config.");
	if (account->uid == 0)
		return hr_fail(call, HR_INVALID, NULL,
			       "The folder %s belongs to root, and local servers never run as "
			       "root: give it to an unprivileged user.",
			       account->state_path);
	return HR_OK;
}

/* Makes the files of a server that is to be started. What one that ran before left in its root
 * folder goes; where none ran, a start that nobody remembers may be on its way in there. */
static int32_t files_make(const struct hr_account *account, const struct hr_call *call, int folder,
			  const struct hr_step *step, bool ran, const char *id)
{
	static const char *const logs[] = {FILE_INIT_LOG, FILE_SSHD_LOG, FILE_SCRIPT_LOG};
	int fd, result;

	if (ran && tree_remove(folder, FOLDER_ROOT, NULL, NULL, NULL)) {
		if (errno == ENOTEMPTY)
			return hr_again(call, "files", WAIT_MS, -1,
					"removing the files of an earlier try");
		return folder_fault(account, call, id, "The file tree");
	}
	fd = folder_make_path(account, folder, FOLDER_ROOT "/" FOLDER_SCRIPT);
	if (fd < 0)
		return folder_fault(account, call, id, "The file tree");
	result = step->script.len == 0 ? 0
				       : file_write(account, fd, FILE_SCRIPT, 0700,
						    step->script.ptr, step->script.len);
	close(fd);
	if (result)
		return folder_fault(account, call, id, "The startup script");
	if (file_touch(account, folder, FILE_JOURNAL, JOURNAL_MODE))
		return folder_fault(account, call, id, "The journal");
	for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
		if (file_touch(account, folder, logs[i], 0600))
			return folder_fault(account, call, id, "A log file");
	}
	return HR_OK;
}

static int32_t server_start(const struct hr_account *account, const struct hr_call *call,
			    int folder, const struct hr_step *step, bool ran, const char *id)
{
	struct hr_process launcher = {0};
	int32_t result = files_make(account, call, folder, step, ran, id);

	if (result != HR_OK)
		return result;
	if (journal_append(folder, "launch"))
		return folder_fault(account, call, id, "The journal");
	result = program_start(account, call, PROGRAM_LAUNCH, id, step->host_name, &launcher);
	if (result != HR_OK) {
		(void)!journal_append(folder, "reported");
		return result;
	}
	if (journal_append_process(folder, "launcher", &launcher))
		return folder_fault(account, call, id, "The journal");
	return hr_again(call, "started", WAIT_MS, 20, "starting the server's processes");
}

/* sshd listens: done. Process 1 is noted, so that it can be waited for later. */
static int32_t server_is_up(const struct hr_account *account, const struct hr_call *call,
			    int folder, const struct server_view *view, const char *id)
{
	if (!view->init_recorded && journal_append_process(folder, "init", &view->init))
		return folder_fault(account, call, id, "The journal");
	if (view->supervised)
		report_log(account, call, HR_LOG_WARNING,
			   "Local server %s runs without namespaces: it can see the processes and "
			   "files of this machine that its user can see.",
			   id);
	return HR_OK;
}

static int32_t failure_report(const struct hr_account *account, const struct hr_call *call,
			      int folder, const struct server_view *view, const char *id)
{
	(void)!journal_append(folder, "reported");
	return hr_fail(call, view->failed_class,
		       view->failed_setting[0] ? view->failed_setting : NULL,
		       "Local server %s could not be started: %s (see the logs in %s/" //
		       FOLDER_SERVERS "/%s)",
		       id, view->failed_text, account->state_path, id);
}

static int32_t server_advance(const struct hr_account *account, const struct hr_call *call,
			      int folder, const struct hr_step *step, const char *id)
{
	struct server_view view;
	int32_t result = server_look(account, call, folder, id, &view);

	if (result != HR_OK)
		return result;
	switch (view.phase) {
	case SERVER_UP: return server_is_up(account, call, folder, &view, id);
	case SERVER_LAUNCHING:
		return hr_again(call, "started", WAIT_MS, 20, "starting the server's processes");
	case SERVER_BOOTING: return hr_again(call, "started", WAIT_MS, 50, "waiting for sshd");
	case SERVER_ENDING:
		return hr_again(call, "ending", WAIT_MS, -1,
				"waiting for processes of an earlier try to end");
	case SERVER_FAILED: return failure_report(account, call, folder, &view, id);
	default: break;
	}
	/* Without namespaces, processes may outlive the one that ended: they go first. */
	if (view.started && view.supervised && !view.swept) {
		result = program_start(account, call, PROGRAM_SWEEP, id, step->host_name,
				       &view.launcher);
		return result != HR_OK ? result
				       : hr_again(call, "sweep", WAIT_MS, -1,
						  "ending processes of an earlier try");
	}
	return server_start(account, call, folder, step, view.started, id);
}

/* The mark of a folder that is there already must be this server's. */
static int32_t mark_claim(const struct hr_account *account, const struct hr_call *call, int folder,
			  const struct hr_step *step, const char *id)
{
	struct server_mark mark, wanted;
	const char *why = "";

	if (mark_from_step(account, step, &wanted))
		return hr_fail(call, HR_INVALID, NULL,
			       "The name or a mark of local server %s is longer than %d "
			       "bytes or holds control characters.",
			       id, MARK_VALUE_MAX - 1);
	switch (mark_read(folder, &mark, &why)) {
	case MARK_ABSENT:
		return mark_write(account, folder, &wanted)
			       ? folder_fault(account, call, id, "The mark")
			       : HR_OK;
	case MARK_UNREADABLE:
		return hr_fail(call, HR_INVALID, NULL,
			       "The file " FILE_MARK " in %s/" FOLDER_SERVERS
			       "/%s cannot be read: %s. If that folder is not needed, move it "
			       "away.",
			       account->state_path, id, why);
	case MARK_FOUND: break;
	}
	if (strcmp(mark.installation, wanted.installation) != 0 ||
	    strcmp(mark.server_id, wanted.server_id) != 0)
		return hr_fail(call, HR_INVALID, NULL,
			       "The folder %s/" FOLDER_SERVERS
			       "/%s is marked as server %s of installation %s, not of this "
			       "one: nothing was changed. Move it away, or give this "
			       "installation a state folder of its own.",
			       account->state_path, id, mark.server_id, mark.installation);
	return HR_OK;
}

int32_t server_create(struct hr_account *account, const struct hr_call *call,
		      const struct hr_step *step)
{
	char id[SERVER_ID_MAX + 1], trash[sizeof(TRASH_PREFIX) + SERVER_ID_MAX + 1];
	int32_t result = request_check(account, call, step);
	int servers, folder;

	if (result != HR_OK)
		return result;
	if (server_id_copy(step->server_id, id, sizeof(id)))
		return hr_fail(call, HR_INVALID, NULL,
			       "A local server's id may have up to %d letters, digits, '-' "
			       "and '_'; this one has others.",
			       SERVER_ID_MAX);
	if (call->cancelled(call))
		return HR_CANCELLED;
	call->instance(call, hr_span_of(id));
	servers = folder_servers(account);
	if (servers < 0)
		return folder_fault(account, call, id, "The folder");
	snprintf(trash, sizeof(trash), TRASH_PREFIX "%s", id);
	if (faccessat(servers, trash, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		close(servers);
		return hr_fail(call, HR_CONFLICT, NULL, "Local server %s is being removed.", id);
	}
	folder = folder_make(account, servers, id, 0700);
	close(servers);
	if (folder < 0)
		return folder_fault(account, call, id, "The folder");
	result = mark_claim(account, call, folder, step, id);
	if (result == HR_OK)
		result = server_advance(account, call, folder, step, id);
	close(folder);
	return result;
}
