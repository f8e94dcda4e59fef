/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of an account's process unasked: that it failed and why, that it pauses, that it runs
 * again. Not here: who makes events of it (core/engine/account_news.c). */
#include <string.h>

#include "base/text.h"
#include "provider/process_state.h"

/* What was never open is opened again by whoever asked for it, when that one wants. */
static void tell_pause(struct process_account *account)
{
	int64_t left = account->brake.not_before_ms - account->dispatcher->now.mono_ms;

	if (!account->lane->seat || account->pause_is_told || left <= 0)
		return;
	account->pause_is_told = true;
	dispatch_tell(account->dispatcher->answers, account->lane->account, DISPATCH_NEWS_PAUSED,
		      "the process of module %s is started again in %lld s, after it failed %u "
		      "times in a row",
		      account->module->id, (long long)((left + MS_PER_S - 1) / MS_PER_S),
		      account->brake.n_crashes);
}

void process_news_failed(struct process_account *account, const char *reason)
{
	if (!account->lane || account->dispatcher->is_cancelled)
		return;
	if (!account->is_down || strcmp(account->told_reason, reason) != 0)
		dispatch_tell(account->dispatcher->answers, account->lane->account,
			      DISPATCH_NEWS_FAILED, "%s", reason);
	account->is_down = true;
	text_copy(account->told_reason, sizeof(account->told_reason), reason);
	tell_pause(account);
}

void process_news_running(struct process_account *account)
{
	if (!account->is_down)
		return;
	account->is_down = false;
	account->pause_is_told = false;
	dispatch_tell(account->dispatcher->answers, account->lane->account, DISPATCH_NEWS_RUNNING,
		      "the process of module %s runs again", account->module->id);
}
