/* SPDX-License-Identifier: Apache-2.0 */
/* Starting headroom-local-server by the host's process service; see start.h. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "folder.h"
#include "protocol.h"
#include "report.h"
#include "start.h"

#define WORDS_MAX 24
#define PATH_BYTES 4096

struct start_words {
	struct hr_span words[WORDS_MAX];
	uint32_t n;
};

static void word_add(struct start_words *words, const char *key, struct hr_span value)
{
	words->words[words->n++] = span_of(key);
	words->words[words->n++] = value;
}

static const char *task_name(enum program_task task)
{
	switch (task) {
	case PROGRAM_LAUNCH: return "launch";
	case PROGRAM_SWEEP: return "sweep";
	default: return "probe";
	}
}

/* The names library, for a server without namespaces, is looked for beside its program. */
static int names_copy(const struct hr_account *account, int folder)
{
	static const char *const places[] = {NAMES_LIBRARY, NAMES_LIBRARY_BUILT};
	size_t n = (size_t)(strrchr(account->helper, '/') - account->helper);
	char path[PATH_BYTES];

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%.*s/%s", (int)n, account->helper, places[i]);
		if (access(path, R_OK) == 0)
			return file_copy(account, path, folder, NAMES_LIBRARY, 0700);
	}
	return 0;
}

/* As root, the servers' uid may have no way to the program (a checkout below /root, say). It is
 * then copied into the server's folder and started by descriptor. */
static int32_t program_reach(const struct hr_account *account, const struct hr_call *call,
			     int folder, const char *name, bool *ret_copied)
{
	*ret_copied = false;
	if (access(account->helper, R_OK | X_OK))
		return report_fault(call, HR_INVALID, "helper",
				    "The program %s cannot be run: %s. Install Headroom again, or "
				    "set 'helper' to where " SERVER_PROGRAM " is.",
				    account->helper, strerrordesc_np(errno));
	if (path_runs_for(account->helper, account->uid))
		return HR_OK;
	if (file_copy(account, account->helper, folder, SERVER_PROGRAM, 0700) ||
	    names_copy(account, folder))
		return report_fault(call, report_class_of_errno(errno), NULL,
				    "%s cannot be copied into %s/" FOLDER_SERVERS "/%s: %s.",
				    account->helper, account->state_path, name,
				    strerrordesc_np(errno));
	*ret_copied = true;
	return HR_OK;
}

static void argv_fill(const struct hr_account *account, enum program_task task, const char *name,
		      struct hr_span host_name, bool copied, struct start_words *argv)
{
	argv->words[argv->n++] = span_of(copied ? "/proc/self/fd/6" : account->helper);
	argv->words[argv->n++] = span_of(task_name(task));
	word_add(argv, "--id", span_of(name));
	word_add(argv, "--host-name", host_name.len ? host_name : span_of(name));
	word_add(argv, "--address", span_of(account->address));
	word_add(argv, "--isolation", span_of(account->isolation));
	word_add(argv, "--sshd", span_of(account->sshd));
	word_add(argv, "--bwrap", span_of(account->bwrap));
}

int32_t program_start(const struct hr_account *account, const struct hr_call *call,
		      enum program_task task, int folder, const char *name,
		      struct hr_span host_name, struct hr_process *ret_process)
{
	static const struct {
		const char *name;
		uint32_t fd, writable;
	} files[] = {
		{FILE_INIT_LOG, 1, 1},           {FILE_INIT_LOG, 2, 1},
		{FILE_JOURNAL, FD_JOURNAL, 1},   {FILE_SCRIPT_LOG, FD_SCRIPT_LOG, 1},
		{FILE_SSHD_LOG, FD_SSHD_LOG, 1}, {SERVER_PROGRAM, FD_PROGRAM, 0},
	};
	enum { N_FILES = sizeof(files) / sizeof(files[0]) };
	const struct hr_span env[] = {
		span_of("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
		span_of("LANG=C.UTF-8"),
	};
	struct start_words argv = {0};
	struct hr_process_file opened[N_FILES];
	char *paths;
	bool copied;
	int32_t result = program_reach(account, call, folder, name, &copied);

	if (result != HR_OK)
		return result;
	paths = call->alloc(call, (N_FILES + 1) * PATH_BYTES);
	if (!paths)
		return report_fault(call, HR_INTERNAL, NULL, "Out of memory.");
	argv_fill(account, task, name, host_name, copied, &argv);
	snprintf(paths, PATH_BYTES, "%s/" FOLDER_SERVERS "/%s", account->state_path, name);
	for (size_t i = 0; i < N_FILES; i++) {
		char *path = paths + (i + 1) * PATH_BYTES;

		snprintf(path, PATH_BYTES, "%s/" FOLDER_SERVERS "/%s/%s", account->state_path, name,
			 files[i].name);
		opened[i] = (struct hr_process_file){span_of(path), files[i].fd, files[i].writable};
	}
	return account->process->start(call,
				       &(struct hr_process_start){
					       .size = sizeof(struct hr_process_start),
					       .n_argv = argv.n,
					       .argv = argv.words,
					       .directory = span_of(paths),
					       .files = opened,
					       .n_files = copied ? N_FILES : N_FILES - 1,
					       .env = env,
					       .n_env = sizeof(env) / sizeof(env[0]),
				       },
				       ret_process);
}

/* Beside the module (installed so, or copied), or in a build tree's folder above .libs. */
static char *program_beside_module(void)
{
	static const char *const places[] = {"/" SERVER_PROGRAM, "/../" SERVER_PROGRAM};
	Dl_info info;
	char *module = NULL, *path = NULL, *slash;

	if (dladdr((const void *)LOCAL_SERVER_PATH, &info) && info.dli_fname)
		module = realpath(info.dli_fname, NULL);
	slash = module ? strrchr(module, '/') : NULL;
	if (slash) {
		*slash = '\0';
		for (size_t i = 0; i < 2 && !path; i++) {
			if (asprintf(&path, "%s%s", module, places[i]) < 0)
				path = NULL;
			if (path && access(path, X_OK)) {
				free(path);
				path = NULL;
			}
		}
	}
	free(module);
	slash = path ? realpath(path, NULL) : NULL;
	free(path);
	return slash;
}

char *program_find(struct hr_span setting)
{
	char *path;

	if (setting.len > 0)
		return strndup(setting.ptr, setting.len);
	path = program_beside_module();
	return path ? path : strdup(LOCAL_SERVER_PATH);
}
