/* SPDX-License-Identifier: Apache-2.0 */
/* Starting headroom-local-server by the host's process service; see start.h. */
#include <stdio.h>

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
	words->words[words->n++] = hr_span_of(key);
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

static void argv_fill(const struct hr_account *account, enum program_task task, const char *name,
		      struct hr_span host_name, struct start_words *argv)
{
	argv->words[argv->n++] = hr_span_of(account->helper);
	argv->words[argv->n++] = hr_span_of(task_name(task));
	word_add(argv, "--id", hr_span_of(name));
	word_add(argv, "--host-name", host_name.len ? host_name : hr_span_of(name));
	word_add(argv, "--address", hr_span_of(account->address));
	word_add(argv, "--isolation", hr_span_of(account->isolation));
	word_add(argv, "--sshd", hr_span_of(account->sshd));
	word_add(argv, "--bwrap", hr_span_of(account->bwrap));
}

int32_t program_try(const struct hr_account *account, const struct hr_call *call,
		    enum program_task task, const char *name, struct hr_span host_name,
		    struct hr_process *ret_process)
{
	static const struct {
		const char *name;
		uint32_t fd;
	} files[] = {
		{FILE_INIT_LOG, 1},           {FILE_INIT_LOG, 2},
		{FILE_JOURNAL, FD_JOURNAL},   {FILE_SCRIPT_LOG, FD_SCRIPT_LOG},
		{FILE_SSHD_LOG, FD_SSHD_LOG},
	};
	enum { N_FILES = sizeof(files) / sizeof(files[0]) };
	const struct hr_span env[] = {
		hr_span_of("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
		hr_span_of("LANG=C.UTF-8"),
	};
	/* For a server without namespaces. */
	const struct hr_span companions[] = {hr_span_of(NAMES_LIBRARY)};
	struct start_words argv = {0};
	struct hr_process_file opened[N_FILES];
	char *paths = call->alloc(call, (size_t)(N_FILES + 1) * PATH_BYTES);

	if (!paths)
		return hr_fail(call, HR_INTERNAL, NULL, "Out of memory.");
	argv_fill(account, task, name, host_name, &argv);
	snprintf(paths, PATH_BYTES, "%s/" FOLDER_SERVERS "/%s", account->state_path, name);
	for (size_t i = 0; i < N_FILES; i++) {
		char *path = paths + (i + 1) * PATH_BYTES;

		snprintf(path, PATH_BYTES, "%s/" FOLDER_SERVERS "/%s/%s", account->state_path, name,
			 files[i].name);
		opened[i] = (struct hr_process_file){hr_span_of(path), files[i].fd, 1};
	}
	return account->process->start(
		call,
		&(struct hr_process_start){
			.size = sizeof(struct hr_process_start),
			.n_argv = argv.n,
			.argv = argv.words,
			.directory = hr_span_of(paths),
			.files = opened,
			.n_files = N_FILES,
			.flags = HR_PROCESS_OWN_PROGRAM,
			.env = env,
			.n_env = sizeof(env) / sizeof(env[0]),
			.n_companions = sizeof(companions) / sizeof(companions[0]),
			.companions = companions,
		},
		ret_process);
}

int32_t program_start(const struct hr_account *account, const struct hr_call *call,
		      enum program_task task, const char *name, struct hr_span host_name,
		      struct hr_process *ret_process)
{
	int32_t result = program_try(account, call, task, name, host_name, ret_process);

	if (result == HR_NOT_FOUND)
		return hr_fail(call, HR_INVALID, "helper", PROGRAM_MISSING, account->helper);
	return result;
}
