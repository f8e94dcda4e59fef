/* SPDX-License-Identifier: Apache-2.0 */
/* Why a module's process has ended, as far as the daemon knows: what is counted and what is told. What
 * the process was refused long ago is no reason. Not here: what follows (core/provider/process_account.c). */
#include "base/text.h"
#include "provider/host_sandbox.h"
#include "provider/process_state.h"

#define KILLED "was killed from outside (SIGKILL), perhaps by the kernel for lack of memory"
#define LOOK_EVERY_MS MS_PER_S

/* Whether a call is still under way that was so when a system call was refused. */
static bool is_in_that_call(const struct process_account *account)
{
	if (account->n_forbidden == 0)
		return false;
	if (account->reopen_number != 0 && account->reopen_number <= account->forbidden_call)
		return true;
	if (!account->lane || account->lane->running == 0)
		return false;
	for (struct job *job = account->dispatcher->lanes.running; job; job = job->next)
		if (job->lane == account->lane && job->number <= account->forbidden_call)
			return true;
	return false;
}

void process_reason_forbidden(struct process_account *account, const char *name)
{
	if (!is_in_that_call(account))
		account->n_forbidden = 0;
	text_copy(account->forbidden, sizeof(account->forbidden), name);
	account->n_forbidden++;
	account->forbidden_call = account->dispatcher->last_number;
}

enum host_end process_reason_of(const struct process_account *account,
				const struct host_ending *ending)
{
	if (account->refusal.class != 0)
		return HOST_END_REFUSED;
	if (account->why_killed[0] != '\0')
		return account->kill_end;
	if (ending->was_killed)
		return HOST_END_KILLED;
	if (ending->by_sandbox)
		return HOST_END_FORBIDDEN;
	if (account->memory_limit_mib > 0)
		return HOST_END_MEMORY;
	return is_in_that_call(account) ? HOST_END_FORBIDDEN : HOST_END_CRASH;
}

/* ", after it was refused the system call socket (3 such refusals)"; or nothing. */
static void name_forbidden(const struct process_account *account, bool by_sandbox, char *buf,
			   size_t size)
{
	char more[40] = "";

	buf[0] = '\0';
	if (account->n_forbidden > 1)
		text_format(more, sizeof(more), " (%u such refusals)", account->n_forbidden);
	if (account->n_forbidden > 0 && (by_sandbox || is_in_that_call(account)))
		text_format(buf, size, ", after it was refused the system call %s%s",
			    account->forbidden, more);
	else if (by_sandbox) /* its thread held the signal back that tells of it */
		text_format(buf, size, ", for a system call that modules may not use");
}

void process_reason_text(const struct process_account *account, const struct host_ending *ending,
			 char *buf, size_t size)
{
	bool was_us = account->why_killed[0] != '\0';
	const char *how = was_us               ? "was ended: "
			  : ending->was_killed ? KILLED
			  : ending->by_sandbox ? "was ended by its sandbox"
					       : ending->how;
	char forbidden[128], memory[80] = "";

	name_forbidden(account, !was_us && ending->by_sandbox, forbidden, sizeof(forbidden));
	if (account->memory_limit_mib > 0)
		text_format(memory, sizeof(memory), HOST_EXHAUSTED, account->memory_limit_mib);
	text_format(buf, size, "the process of module %s %s%s%s%s", account->module->id, how,
		    account->why_killed, memory, forbidden);
}

int64_t process_reason_step(struct process_account *account)
{
	int64_t now = account->dispatcher->now.mono_ms;
	bool is_busy = account->lane && (account->lane->running > 0 || account->reopen_number != 0);

	if (!account->host || account->why_killed[0] != '\0')
		return MS_NEVER;
	if (account->look_ms <= now) {
		account->look_ms = now + LOOK_EVERY_MS;
		if (host_process_threads(account->host) >= HOST_THREADS_MAX)
			process_account_kill(account, HOST_END_THREADS,
					     "it has %d threads, as many as a module may have",
					     HOST_THREADS_MAX);
	}
	/* One that does nothing is looked at when others are. */
	return is_busy ? account->look_ms : MS_NEVER;
}
