/* SPDX-License-Identifier: Apache-2.0 */
/* Status and list: the servers of an account, read from their folders. Changes nothing. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "folder.h"
#include "journal.h"
#include "mark.h"
#include "protocol.h"
#include "report.h"

static uint32_t state_of(enum server_phase phase)
{
	switch (phase) {
	case SERVER_UP: return HR_STATE_RUNNING;
	case SERVER_ENDED: return HR_STATE_STOPPED;
	case SERVER_ENDING: return HR_STATE_STOPPING;
	case SERVER_FAILED: return HR_STATE_ERROR;
	default: return HR_STATE_PENDING;
	}
}

static void report_instance(const struct hr_account *account, const struct hr_instance_sink *sink,
			    const char *id, const struct server_mark *mark, uint32_t state,
			    const struct server_view *view)
{
	bool up = view && view->phase == SERVER_UP;
	struct hr_instance instance = {
		.size = sizeof(instance),
		.state = state,
		.instance_id = hr_span_of(id),
		.server_id = hr_span_of(mark && mark->server_id[0] ? mark->server_id : id),
		.config_id = hr_span_of(mark ? mark->config : account->config),
		.address = hr_span_of(up ? account->address : NULL),
		.status_text = hr_span_of(view ? view->text : NULL),
		.created_ms = mark ? mark->created_ms : 0,
		.connection_port = up ? view->port : 0,
	};

	sink->instance(sink, &instance);
}

/* A server whose folder is open (it is closed here). */
static int32_t server_report(const struct hr_account *account, const struct hr_call *call,
			     int folder, const char *id, const struct server_mark *mark,
			     const struct hr_instance_sink *sink)
{
	struct server_view view;
	int32_t result = server_look(account, call, folder, id, &view);

	if (result == HR_OK)
		report_instance(account, sink, id, mark, state_of(view.phase), &view);
	return result;
}

static int32_t status_one(const struct hr_account *account, const struct hr_call *call, int servers,
			  struct hr_span instance_id, const struct hr_instance_sink *sink)
{
	char id[SERVER_ID_MAX + 1], trash[sizeof(TRASH_PREFIX) + SERVER_ID_MAX + 1];
	struct server_mark mark;
	const char *why;
	int32_t result;
	int folder;

	if (server_id_copy(instance_id, id, sizeof(id))) {
		struct hr_instance gone = {
			.size = sizeof(gone), .state = HR_STATE_GONE, .instance_id = instance_id};

		sink->instance(sink, &gone);
		return HR_OK;
	}
	snprintf(trash, sizeof(trash), TRASH_PREFIX "%s", id);
	/* In the order in which a removal moves it. */
	folder = servers < 0 ? -1 : folder_open(servers, id);
	if (folder < 0 && servers >= 0 && errno != ENOENT)
		return hr_fail(call, report_class_of_errno(errno), NULL,
			       "The folder of local server %s below %s cannot be read: %s.", id,
			       account->state_path, strerrordesc_np(errno));
	if (folder < 0) {
		bool removing =
			servers >= 0 && faccessat(servers, trash, F_OK, AT_SYMLINK_NOFOLLOW) == 0;

		report_instance(account, sink, id, NULL,
				removing ? HR_STATE_STOPPING : HR_STATE_GONE, NULL);
		return HR_OK;
	}
	result = server_report(account, call, folder, id,
			       mark_read(folder, &mark, &why) == MARK_FOUND ? &mark : NULL, sink);
	close(folder);
	return result;
}

int32_t servers_status(struct hr_account *account, const struct hr_call *call,
		       const struct hr_status *request, const struct hr_instance_sink *sink)
{
	int servers = folder_open(account->state_fd, FOLDER_SERVERS);
	int32_t result = HR_OK;

	if (servers < 0 && errno != ENOENT)
		return hr_fail(call, report_class_of_errno(errno), NULL,
			       "The folder %s/" FOLDER_SERVERS " cannot be read: %s.",
			       account->state_path, strerrordesc_np(errno));
	for (uint32_t i = 0; result == HR_OK && i < request->n_instances; i++)
		result = call->cancelled(call) ? HR_CANCELLED
					       : status_one(account, call, servers,
							    request->instance_ids[i], sink);
	if (servers >= 0)
		close(servers);
	return result;
}

static bool is_installation(struct hr_span installation, const char *text)
{
	return installation.len == strlen(text) &&
	       !memcmp(installation.ptr, text, installation.len);
}

/* One entry of the folder of servers; false when it could not be read. */
static bool list_one(const struct hr_account *account, const struct hr_call *call, int servers,
		     const char *name, struct hr_span installation,
		     const struct hr_instance_sink *sink)
{
	bool trash = !strncmp(name, TRASH_PREFIX, sizeof(TRASH_PREFIX) - 1);
	const char *id = trash ? name + sizeof(TRASH_PREFIX) - 1 : name;
	struct server_mark mark;
	const char *why = "";
	enum mark_read found;
	bool read = true;
	int folder;

	if (name[0] == '.' && !trash)
		return true;
	folder = folder_open(servers, name);
	if (folder < 0) {
		if (errno == ENOENT)
			return true;
		sink->unread(sink, hr_span_of(name), hr_span_of(strerrordesc_np(errno)));
		return false;
	}
	found = mark_read(folder, &mark, &why);
	if (found == MARK_UNREADABLE) {
		sink->unread(sink, hr_span_of(name), hr_span_of(why));
		read = false;
	} else if (found == MARK_ABSENT || is_installation(installation, mark.installation)) {
		const struct server_mark *known = found == MARK_FOUND ? &mark : NULL;

		if (trash)
			report_instance(account, sink, id, known, HR_STATE_STOPPING, NULL);
		else if (server_report(account, call, folder, id, known, sink) != HR_OK) {
			sink->unread(sink, hr_span_of(name),
				     hr_span_of("its journal cannot be read"));
			read = false;
		}
	}
	close(folder);
	return read;
}

int32_t servers_list(struct hr_account *account, const struct hr_call *call,
		     const struct hr_list *request, const struct hr_instance_sink *sink)
{
	int servers = folder_open(account->state_fd, FOLDER_SERVERS);
	DIR *dir = servers < 0 ? NULL : fdopendir(servers);
	struct dirent *entry;
	bool whole = true;

	if (servers < 0 && errno == ENOENT) {
		sink->complete(sink);
		return HR_OK;
	}
	if (!dir) {
		int number = errno;

		if (servers >= 0)
			close(servers);
		return hr_fail(call, report_class_of_errno(number), NULL,
			       "The folder %s/" FOLDER_SERVERS " cannot be read: %s.",
			       account->state_path, strerrordesc_np(number));
	}
	while (!call->cancelled(call)) {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			break;
		if (!list_one(account, call, dirfd(dir), entry->d_name, request->installation,
			      sink))
			whole = false;
	}
	if (errno)
		sink->unread(sink, hr_span_of(FOLDER_SERVERS), hr_span_of(strerrordesc_np(errno)));
	else if (whole && !call->cancelled(call))
		sink->complete(sink);
	closedir(dir);
	return call->cancelled(call) ? HR_CANCELLED : HR_OK;
}
