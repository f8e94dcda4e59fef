/* SPDX-License-Identifier: Apache-2.0 */
/* See sandboxed.h. */
#include "conformance/sandboxed.h"

#include <ftw.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mailbox.h"
#include "base/text.h"
#include "provider/process.h"

#define ACCOUNT "00000000-0000-4000-8000-00000000c0de"
#define UID_FIRST 61184 /* as the daemon's default: [security] host_uids */
#define UID_LAST 61439
#define OPEN_MS 20000
#define STEP_MS 20

static struct dispatch_answer *wait_for(struct sandboxed *s, uint64_t ticket, int64_t until_ms)
{
	while (clock_now().mono_ms < until_ms) {
		struct pollfd ready = {.fd = dispatch_fd(s->dispatcher), .events = POLLIN};
		struct mail *mail;

		dispatch_step(s->dispatcher, clock_now());
		while ((mail = mailbox_take(s->answers)) != NULL) {
			struct dispatch_answer *answer = (struct dispatch_answer *)mail;

			if (answer->ticket == ticket)
				return answer;
			if (answer->kind == DISPATCH_NEWS && s->news[0] == '\0')
				text_copy(s->news, sizeof(s->news), answer->error.message);
			dispatch_answer_free(answer);
		}
		poll(&ready, 1, STEP_MS);
	}
	return NULL;
}

struct dispatch_answer *sandboxed_ask(void *context, const struct dispatch_request *request)
{
	struct sandboxed *s = context;
	struct dispatch_request own = *request;
	struct hr_error err = {0};

	own.ticket = ++s->ticket;
	text_copy(own.account, sizeof(own.account), ACCOUNT);
	if (dispatch_submit(s->dispatcher, &own, &err) != 0)
		return NULL;
	return wait_for(s, own.ticket, clock_now().mono_ms + own.timeout_ms + 5000);
}

static int open_account(struct sandboxed *s, const struct subject *subject, const json_t *settings,
			struct hr_error *err)
{
	struct dispatch_request request = {.kind = DISPATCH_OPEN,
					   .timeout_ms = OPEN_MS,
					   .provider = subject->described->id,
					   .settings = settings};
	struct dispatch_answer *answer = sandboxed_ask(s, &request);
	int32_t result = answer ? answer->result : HR_TIMEOUT;

	if (answer && result != HR_OK)
		*err = answer->error;
	else if (!answer)
		error_set(err, HR_TIMEOUT, "no answer to open came%s%s", s->news[0] ? ": " : "",
			  s->news);
	dispatch_answer_free(answer);
	return result == HR_OK ? 0 : -1;
}

int sandboxed_open(const struct subject *subject, struct sandboxed *ret, struct hr_error *err)
{
	struct process_options options = {.registry = subject->registry,
					  .installation = "conformance",
					  .host_uid_first = UID_FIRST,
					  .host_uid_last = UID_LAST,
					  .host_program = subject->options->host_program,
					  .http = subject->http};

	memset(ret, 0, sizeof(*ret));
	text_copy(ret->folder, sizeof(ret->folder), "/tmp/headroom-conformance.XXXXXX");
	/* As root the module's user, and its servers', have to get through it. */
	if (!mkdtemp(ret->folder) || chmod(ret->folder, 0711) != 0) {
		ret->folder[0] = '\0';
		return error_set(err, HR_INTERNAL, "no folder can be made below /tmp");
	}
	ret->answers = mailbox_new(NULL, NULL);
	if (!ret->answers)
		return error_no_memory(err, "starting the module's process");
	options.state_dir = ret->folder;
	options.answers = ret->answers;
	if (process_dispatcher_new(&options, &ret->dispatcher, err) != 0)
		return -1;
	return open_account(ret, subject, subject->options->settings, err);
}

static int remove_one(const char *path, const struct stat *st, int what, struct FTW *where)
{
	(void)st, (void)what, (void)where;
	return remove(path);
}

void sandboxed_close(struct sandboxed *s)
{
	struct mail *mail;

	if (s->dispatcher)
		dispatch_free(s->dispatcher);
	while (s->answers && (mail = mailbox_take(s->answers)) != NULL)
		dispatch_answer_free((struct dispatch_answer *)mail);
	if (s->answers)
		mailbox_free(s->answers);
	if (s->folder[0] != '\0')
		nftw(s->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
