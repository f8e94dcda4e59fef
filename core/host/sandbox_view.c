/* SPDX-License-Identifier: Apache-2.0 */
/* See sandbox_view.h. */
#include "host/sandbox_view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/barrier.h"

struct view {
	char *module, *folder; /* their barriers; NULL: none */
	int module_fd, folder_fd;
};

static bool is_below(const char *path, const char *folder)
{
	size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* A barrier below the other's one is covered with it: then both lie below that. */
static int settle_barriers(const struct sandbox_options *options, struct view *view,
			   struct hr_error *err)
{
	char **inner = NULL, *outer = NULL;

	if (view->module && options->folder && is_below(options->folder, view->module)) {
		inner = &view->folder;
		outer = view->module;
	} else if (view->folder && options->module && is_below(options->module, view->folder)) {
		inner = &view->module;
		outer = view->folder;
	}
	if (!inner || (*inner && strcmp(*inner, outer) == 0))
		return 0;
	free(*inner);
	*inner = strdup(outer);
	return *inner ? 0 : error_no_memory(err, "entering the sandbox");
}

/* -1 with errno. */
static int mount_view(const struct sandbox_options *options, struct view *view)
{
	bool same = view->module && view->folder && strcmp(view->module, view->folder) == 0;

	if (barrier_unshare() != 0)
		return -1;
	if (options->module) {
		view->module_fd = open(options->module, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (view->module_fd < 0)
			return -1;
	}
	if (options->folder) {
		view->folder_fd =
			open(options->folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (view->folder_fd < 0)
			return -1;
	}
	if ((view->module && barrier_cover(view->module) != 0) ||
	    (view->folder && !same && barrier_cover(view->folder) != 0))
		return -1;
	if (view->folder && barrier_bind(view->folder, options->folder, view->folder_fd,
					 BARRIER_FOLDER_WRITABLE) != 0)
		return -1;
	if (view->module && barrier_bind(view->module, options->module, view->module_fd,
					 BARRIER_FILE_READ_ONLY) != 0)
		return -1;
	if (view->module && barrier_seal(view->module) != 0)
		return -1;
	return view->folder && !same ? barrier_seal(view->folder) : 0;
}

int sandbox_make_view(const struct sandbox_options *options, struct hr_error *err)
{
	struct view view = {.module_fd = -1, .folder_fd = -1};
	mode_t mask;
	int rc = -1;

	if (geteuid() != 0 || (!options->module && !options->folder))
		return 0;
	if ((options->module &&
	     barrier_find(options->module, options->uid, options->gid, &view.module, err) != 0) ||
	    (options->folder &&
	     barrier_find(options->folder, options->uid, options->gid, &view.folder, err) != 0) ||
	    settle_barriers(options, &view, err) != 0)
		goto out;
	if (!view.module && !view.folder) {
		rc = 0;
		goto out;
	}
	mask = umask(022); /* the way is open to the account's user */
	rc = mount_view(options, &view);
	if (rc != 0) {
		const char *reason = strerrordesc_np(errno);

		error_set(err, HR_UNSUPPORTED,
			  "uid %u may not enter %s, and giving the module's process a view of its "
			  "own failed: %s; run chmod o+x on that folder, or move what is in it",
			  (unsigned)options->uid, view.module ? view.module : view.folder,
			  reason ? reason : "unknown error");
	}
	umask(mask);
out:
	if (view.module_fd >= 0)
		close(view.module_fd);
	if (view.folder_fd >= 0)
		close(view.folder_fd);
	free(view.module);
	free(view.folder);
	return rc;
}

int sandbox_check_view(const struct sandbox_options *options, struct hr_error *err)
{
	if (options->module && access(options->module, R_OK) != 0)
		return error_set(err, HR_INVALID,
				 "uid %u cannot read the file: %s; make it readable to all: chmod "
				 "a+r %s",
				 (unsigned)geteuid(), strerrordesc_np(errno), options->module);
	if (options->folder && access(options->folder, R_OK | W_OK | X_OK) != 0)
		return error_set(err, HR_INVALID, "uid %u cannot use the account's folder %s: %s",
				 (unsigned)geteuid(), options->folder, strerrordesc_np(errno));
	return 0;
}
