/* SPDX-License-Identifier: Apache-2.0 */
/* Check: the server program is started as it is for a server, in a folder of its own, and tells
 * what it finds. So what is checked is what servers will meet: their uid, their way in. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "folder.h"
#include "journal.h"
#include "protocol.h"
#include "report.h"
#include "start.h"

#define PROBE_MS INT64_C(15000)

/* "failed CLASS SETTING TEXT" */
static void problem_parse(const struct hr_check_sink *sink, const char *line)
{
	char class_name[16], setting[32];
	int used = 0;

	if (sscanf(line, "failed %15s %31s %n", class_name, setting, &used) < 2)
		return;
	hr_problem(sink, !strcmp(class_name, "invalid") ? HR_INVALID : HR_TRANSIENT,
		   strcmp(setting, "-") ? setting : NULL, "%s", line + used);
}

static int32_t answer_read(const struct hr_account *account, const struct hr_call *call,
			   const struct hr_check_sink *sink, int folder)
{
	char text[8192], *rest = text, *line;
	bool answered = false;

	if (file_read_end(folder, FILE_JOURNAL, text, sizeof(text)) < 0)
		text[0] = '\0';
	while ((line = strsep(&rest, "\n")) && rest) {
		answered = true;
		if (!strncmp(line, "failed ", 7))
			problem_parse(sink, line);
		else if (!strcmp(line, "usable supervisor") && !strcmp(account->isolation, "auto"))
			report_log(
				account, call, HR_LOG_WARNING,
				"Namespaces cannot be used here, so local servers will run without "
				"walls around them: install bubblewrap and allow user namespaces, "
				"or set isolation to 'namespaces' to refuse that.");
	}
	if (answered)
		return HR_OK;
	if (file_read_end(folder, FILE_INIT_LOG, text, sizeof(text)) < 0)
		text[0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	hr_problem(sink, HR_INVALID, "helper", "The program %s gave no answer%s%s.",
		   account->helper, text[0] ? ": " : "", text);
	return HR_OK;
}

/* Waits for the probe to end. */
static int32_t probe_wait(const struct hr_account *account, const struct hr_call *call,
			  const struct hr_process *process)
{
	int64_t end = account->clock->monotonic_ms() + PROBE_MS;
	const struct timespec pause = {.tv_nsec = 20L * 1000 * 1000};
	int32_t result = HR_OK;

	while ((result = account->process->probe(call, process)) == HR_OK) {
		if (call->cancelled(call) || account->clock->monotonic_ms() > end ||
		    call->remaining_ms(call) < 100) {
			(void)account->process->signal(call, process, SIGKILL);
			return call->cancelled(call)
				       ? HR_CANCELLED
				       : hr_fail(call, HR_TIMEOUT, NULL,
						 "The program %s did not answer in time.",
						 account->helper);
		}
		nanosleep(&pause, NULL);
	}
	return result == HR_NOT_FOUND ? HR_OK : result;
}

static int32_t probe_run(const struct hr_account *account, const struct hr_call *call,
			 const struct hr_check_sink *sink, int folder, const char *name)
{
	struct hr_process process = {0};
	int root = folder_make_path(account, folder, FOLDER_ROOT);
	int32_t result;

	if (root >= 0)
		close(root);
	if (root < 0 || file_touch(account, folder, FILE_JOURNAL, JOURNAL_MODE) ||
	    file_touch(account, folder, FILE_INIT_LOG, 0600))
		return hr_fail(call, report_class_of_errno(errno), NULL,
			       "Nothing can be written into %s: %s.", account->state_path,
			       strerrordesc_np(errno));
	result = program_try(account, call, PROGRAM_PROBE, name, (struct hr_span){0}, &process);
	if (result == HR_NOT_FOUND) {
		hr_problem(sink, HR_INVALID, "helper", PROGRAM_MISSING, account->helper);
		return HR_OK;
	}
	if (result == HR_OK)
		result = probe_wait(account, call, &process);
	return result == HR_OK ? answer_read(account, call, sink, folder) : result;
}

/* What checks that were killed left behind: folders of probes older than any probe lives. */
static void leftovers_remove(const struct hr_account *account, int servers)
{
	int copy = fcntl(servers, F_DUPFD_CLOEXEC, 0);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	struct stat st;

	if (!dir && copy >= 0)
		close(copy);
	while (dir && (entry = readdir(dir))) {
		if (!strncmp(entry->d_name, PROBE_PREFIX, sizeof(PROBE_PREFIX) - 1) &&
		    fstatat(servers, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    (int64_t)st.st_mtime * 1000 + 4 * PROBE_MS < account->clock->wall_ms())
			(void)!tree_remove(servers, entry->d_name, NULL, NULL, NULL);
	}
	if (dir)
		closedir(dir);
}

int32_t account_check(struct hr_account *account, const struct hr_call *call,
		      const struct hr_check_sink *sink)
{
	static atomic_uint counter;
	char name[64];
	int servers, folder;
	int32_t result;

	if (account->uid == 0) {
		hr_problem(sink, HR_INVALID, NULL,
			   "The folder %s belongs to root, and local servers never run as root: "
			   "give it to an unprivileged user.",
			   account->state_path);
		return HR_OK;
	}
	snprintf(name, sizeof(name), PROBE_PREFIX "%ld-%u", (long)getpid(),
		 atomic_fetch_add(&counter, 1));
	servers = folder_servers(account);
	if (servers >= 0)
		leftovers_remove(account, servers);
	/* What a check that was killed left, if a process of the same number did. */
	folder = servers < 0 || tree_remove(servers, name, NULL, NULL, NULL)
			 ? -1
			 : folder_make(account, servers, name, 0700);
	if (folder < 0) {
		result = hr_fail(call, report_class_of_errno(errno), NULL,
				 "Nothing can be written into %s/" FOLDER_SERVERS ": %s.",
				 account->state_path, strerrordesc_np(errno));
	} else {
		result = probe_run(account, call, sink, folder, name);
		close(folder);
		(void)!tree_remove(servers, name, NULL, NULL, NULL);
	}
	if (servers >= 0)
		close(servers);
	return result;
}
