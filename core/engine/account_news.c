/* SPDX-License-Identifier: Apache-2.0 */
/* One event for each change that the dispatcher tells of. Nothing is decided by them: what an account's
 * failures do is in outcomes.c and accounts.c. */
#include "engine/account_news.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "store/document_rows.h"
#include "store/operation_rows.h"

struct account_news {
	struct task task; /* first */
	enum dispatch_news news;
	char account[ID_SIZE];
	char text[512];
};

static const char *kind_of(enum dispatch_news news)
{
	switch (news) {
	case DISPATCH_NEWS_FAILED: return "module.failed";
	case DISPATCH_NEWS_PAUSED: return "module.paused";
	case DISPATCH_NEWS_RUNNING: return "module.running";
	case DISPATCH_NEWS_BREAKER_OPENED: return "breaker.opened";
	case DISPATCH_NEWS_BREAKER_CLOSED: return "breaker.closed";
	}
	return "module.failed";
}

static int news_run(struct tx *tx, struct task *task, struct hr_error *err)
{
	const struct account_news *news = (struct account_news *)task;
	struct event event = {.at_ms = task->context.now_ms};
	struct document document = {0};
	struct hr_error why = {0};

	/* Of one that was deleted meanwhile there is nothing to tell. */
	if (document_get(tx, DOCUMENT_PROVIDER_CONFIG, news->account, &document, &why) != 0) {
		if (why.class == HR_NOT_FOUND)
			return 0;
		*err = why;
		return -1;
	}
	text_copy(event.kind, sizeof(event.kind), kind_of(news->news));
	text_format(event.message, sizeof(event.message), "%s: %s", document.name, news->text);
	document_clear(&document);
	return event_add(tx, &event, err);
}

static void news_finish(struct engine *engine, struct task *task, const struct hr_error *err)
{
	const struct account_news *news = (struct account_news *)task;

	if (err && task_again(engine, task, 6))
		return;
	if (err)
		log_line(LOG_LEVEL_WARNING, &(struct log_subject){.account = news->account},
			 "%s: %s", kind_of(news->news), news->text);
}

void account_news_take(struct engine *engine, struct dispatch_answer *answer)
{
	struct account_news *news;

	/* No provider config's: there is nobody to tell but whoever reads the log. */
	if (strcmp(answer->account, PROBE_ACCOUNT) == 0) {
		log_line(LOG_LEVEL_WARNING, NULL, "%s", answer->error.message);
		dispatch_answer_free(answer);
		return;
	}
	news = task_new(engine, sizeof(*news), news_run, news_finish, NULL);

	if (news) {
		news->news = answer->news;
		text_copy(news->account, sizeof(news->account), answer->account);
		text_copy(news->text, sizeof(news->text), answer->error.message);
		task_submit(engine, &news->task);
	}
	dispatch_answer_free(answer);
}
