/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing a server: nothing may start in its folder any more; its processes end, and that is
 * waited for; then the folder gets a trash name and goes. The mark goes last, so that a removal
 * that was cut short is still found and finished.
 */
#include <errno.h>
#include <signal.h>
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

#define WAIT_MS 50
#define PATIENCE 200 /* calls before a program that was asked to end is made to */

static int32_t step_fault(const struct hr_account *account, const struct hr_call *call,
			  const char *id, const char *what)
{
	int number = errno;

	return hr_fail(call, report_class_of_errno(number), NULL,
		       "%s of local server %s below %s/" FOLDER_SERVERS ": %s.", what, id,
		       account->state_path, strerrordesc_np(number));
}

/* How many calls of this step have waited for something to end. */
static unsigned waited_calls(const struct hr_step *step)
{
	char text[32] = "";
	unsigned n = 0;

	if (step->resume_token.len > 0 && step->resume_token.len < sizeof(text))
		memcpy(text, step->resume_token.ptr, step->resume_token.len);
	/* NOLINTNEXTLINE(cert-err34-c): what wait_on() wrote */
	(void)!sscanf(text, "wait %u", &n);
	return n;
}

static int32_t wait_on(const struct hr_call *call, const struct hr_step *step, const char *text)
{
	char token[32];

	snprintf(token, sizeof(token), "wait %u", waited_calls(step) + 1);
	return hr_again(call, token, WAIT_MS, 30, text);
}

static int32_t kill_one(const struct hr_account *account, const struct hr_call *call,
			const struct hr_process *process, int number)
{
	int32_t result = account->process->signal(call, process, number);

	return result == HR_NOT_FOUND ? HR_OK : result;
}

/* Process 1 is there. In namespaces it takes all with it when it is killed; without them it is
 * asked to end the others first. */
static int32_t init_end(const struct hr_account *account, const struct hr_call *call, int folder,
			const struct hr_step *step, const struct server_view *view, const char *id)
{
	bool ask = view->supervised && waited_calls(step) < PATIENCE;
	int32_t result;

	if (view->init.pid == 0)
		return wait_on(call, step, "waiting for the server's processes");
	if (!view->init_recorded && journal_append_process(folder, "init", &view->init))
		return step_fault(account, call, id, "The journal cannot be written");
	result = kill_one(account, call, &view->init, ask ? SIGTERM : SIGKILL);
	return result == HR_OK ? wait_on(call, step, "ending the server's processes") : result;
}

/* HR_OK when no process is left, HR_AGAIN, or an error. */
static int32_t processes_end(const struct hr_account *account, const struct hr_call *call,
			     int folder, const struct hr_step *step, const char *id)
{
	struct server_view view;
	int32_t result;

	if (journal_close_for_starts(folder))
		return step_fault(account, call, id, "The journal cannot be closed");
	result = server_look(account, call, folder, id, &view);
	if (result != HR_OK)
		return result;
	if (view.phase == SERVER_UP || view.phase == SERVER_BOOTING || view.phase == SERVER_ENDING)
		return init_end(account, call, folder, step, &view, id);
	/* bwrap on its way in finds the folder closed; on its way out it just needs a moment. */
	if (view.launcher.pid) {
		if (waited_calls(step) > PATIENCE) {
			result = kill_one(account, call, &view.launcher, SIGKILL);
			if (result != HR_OK)
				return result;
		}
		return wait_on(call, step, "ending the server's processes");
	}
	if (view.started && view.supervised && !view.swept) {
		if (waited_calls(step) > 2 * PATIENCE)
			return hr_fail(call, HR_TRANSIENT, NULL,
				       "Not all processes of local server %s can be ended. "
				       "Look for processes of uid %u with "
				       "HEADROOM_SERVER_ID=%s in their environment.",
				       id, (unsigned)account->uid, id);
		result = program_start(account, call, PROGRAM_SWEEP, id, step->host_name,
				       &view.launcher);
		return result == HR_OK ? wait_on(call, step, "ending the last processes") : result;
	}
	return HR_OK;
}

static bool time_is_up(const void *context)
{
	const struct hr_call *call = context;

	return call->cancelled(call) || call->remaining_ms(call) < 1000;
}

static int32_t trash_remove(const struct hr_account *account, const struct hr_call *call,
			    int servers, const struct hr_step *step, const char *trash,
			    const char *id)
{
	if (tree_remove(servers, trash, FILE_MARK, time_is_up, call) == 0)
		return HR_OK;
	if (errno == EINTR)
		return call->cancelled(call) ? HR_CANCELLED
					     : hr_again(call, "files", WAIT_MS, 80,
							"removing the server's files");
	/* A start that nobody remembers may be on its way in; it soon finds that it may not. */
	if (errno == ENOTEMPTY && waited_calls(step) < PATIENCE)
		return wait_on(call, step, "removing the server's files");
	return step_fault(account, call, id, "Cannot remove all files");
}

/* Refuses a folder that is another's. One without a mark is this account's by its place: its
 * creation was cut short. */
static int32_t mark_check(const struct hr_account *account, const struct hr_call *call, int folder,
			  const struct hr_step *step, const char *id)
{
	struct server_mark mark, wanted;
	const char *why = "";

	switch (mark_read(folder, &mark, &why)) {
	case MARK_ABSENT: return HR_OK;
	case MARK_UNREADABLE:
		return hr_fail(call, HR_INVALID, NULL,
			       "The file " FILE_MARK " in %s/" FOLDER_SERVERS
			       "/%s cannot be read, so nothing there was touched: %s. Remove "
			       "the folder by hand if it is not needed.",
			       account->state_path, id, why);
	case MARK_FOUND: break;
	}
	if (mark_from_step(account, step, &wanted))
		return hr_fail(call, HR_INVALID, NULL, "A mark of local server %s is too long.",
			       id);
	if (strcmp(mark.installation, wanted.installation) != 0 ||
	    (wanted.server_id[0] && strcmp(mark.server_id, wanted.server_id) != 0))
		return hr_fail(call, HR_NOT_FOUND, NULL,
			       "%s/" FOLDER_SERVERS
			       "/%s is marked as server %s of installation %s, not as this "
			       "one: nothing was changed.",
			       account->state_path, id, mark.server_id, mark.installation);
	return HR_OK;
}

static int32_t folder_destroy(const struct hr_account *account, const struct hr_call *call,
			      int servers, const struct hr_step *step, const char *id,
			      const char *trash)
{
	int folder = folder_open(servers, id);
	int32_t result;

	if (folder < 0 && errno == ENOENT)
		return HR_OK;
	if (folder < 0)
		return step_fault(account, call, id, "The folder cannot be opened");
	result = mark_check(account, call, folder, step, id);
	if (result == HR_OK)
		result = processes_end(account, call, folder, step, id);
	if (result == HR_OK && renameat(servers, id, servers, trash))
		result = step_fault(account, call, id, "The folder cannot be renamed");
	close(folder);
	return result;
}

int32_t server_destroy(struct hr_account *account, const struct hr_call *call,
		       const struct hr_step *step)
{
	char id[SERVER_ID_MAX + 1], trash[sizeof(TRASH_PREFIX) + SERVER_ID_MAX + 1];
	struct hr_span name = step->instance_id.len ? step->instance_id : step->server_id;
	int32_t result;
	int servers;

	/* What could never have been made is not there. */
	if (server_id_copy(name, id, sizeof(id)))
		return HR_OK;
	if (call->cancelled(call))
		return HR_CANCELLED;
	servers = folder_open(account->state_fd, FOLDER_SERVERS);
	if (servers < 0 && errno == ENOENT)
		return HR_OK;
	if (servers < 0)
		return step_fault(account, call, id, "The folder cannot be opened");
	snprintf(trash, sizeof(trash), TRASH_PREFIX "%s", id);
	/* First what an earlier call left: its name must be free for the next. */
	result = trash_remove(account, call, servers, step, trash, id);
	if (result == HR_OK)
		result = folder_destroy(account, call, servers, step, id, trash);
	if (result == HR_OK)
		result = trash_remove(account, call, servers, step, trash, id);
	close(servers);
	return result;
}
