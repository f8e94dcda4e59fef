/* SPDX-License-Identifier: Apache-2.0 */
/* A module for a running daemon that tries in each create what its setting `attempt` says, and then
 * says what came of it, works, or crashes. Not here: what can be tried (attempt.c). */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <headroom/provider.h>

#include "attempt.h"

#define CHANNEL_FD 3

/* The choices, with the attempts in the same order. */
static const char *const attempts[] = {
	"none", "open", "socket",  "connect", "exec",    "fork",    "ptrace",
	"kill", "map",  "protect", "sockets", "blocked", "threads", NULL,
};
static const int tries[] = {
	-1,
	TRY_OPEN_SHADOW,
	TRY_SOCKET,
	TRY_CONNECT,
	TRY_EXEC,
	TRY_FORK_LIBRARY,
	TRY_PTRACE,
	TRY_KILL,
	TRY_MAP_EXEC,
	TRY_PROTECT_EXEC,
	TRY_THREE_SOCKETS,
	TRY_SOCKET,
	TRY_ENDLESS_THREADS,
};
static const char *const thens[] = {"tell", "work", "crash", "crash-later", NULL};

static const struct hr_setting settings[] = {
	{.key = "attempt",
	 .type = HR_TYPE_ENUM,
	 .default_value = "none",
	 .choices = attempts,
	 .title = "Attempt",
	 .help = "What each create tries."},
	{.key = "then",
	 .type = HR_TYPE_ENUM,
	 .default_value = "tell",
	 .choices = thens,
	 .title = "Then",
	 .help = "What it does afterwards; crash-later: in the next list."},
	{.key = "token", .type = HR_TYPE_SECRET, .title = "Token", .help = "Not needed."},
};

struct hr_account {
	size_t attempt;
	char then[32];
};

static char *volatile nowhere; /* what a compiler cannot see through */

static int is(struct hr_span span, const char *text)
{
	return span.len == strlen(text) && memcmp(span.ptr, text, span.len) == 0;
}

static int32_t outlaw_open(const struct hr_host *host, const struct hr_call *call,
			   const struct hr_open *request, struct hr_account **ret_account)
{
	struct hr_account *a = calloc(1, sizeof(*a));

	(void)host;
	(void)call;
	if (!a)
		return HR_INTERNAL;
	for (uint32_t i = 0; i < request->n_values; i++) {
		const struct hr_value *v =
			(const void *)((const char *)request->values + i * request->value_stride);

		if (is(v->key, "then"))
			snprintf(a->then, sizeof(a->then), "%.*s", (int)v->text.len, v->text.ptr);
		for (size_t at = 0; is(v->key, "attempt") && attempts[at]; at++)
			if (is(v->text, attempts[at]))
				a->attempt = at;
	}
	attempt_socket = CHANNEL_FD;
	*ret_account = a;
	return HR_OK;
}

static void outlaw_close(struct hr_account *a)
{
	free(a);
}

static int32_t outlaw_check(struct hr_account *a, const struct hr_call *call,
			    const struct hr_check_sink *sink)
{
	(void)a;
	(void)call;
	(void)sink;
	return HR_OK;
}

static void block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
}

static int32_t outlaw_create(struct hr_account *a, const struct hr_call *call,
			     const struct hr_step *step)
{
	struct hr_fault fault = {.size = sizeof(fault)};
	const char *name = attempts[a->attempt];
	char text[128];
	long value = 0;

	(void)step;
	errno = 0;
	if (strcmp(name, "blocked") == 0)
		block_signals();
	if (tries[a->attempt] >= 0)
		value = attempt_try(tries[a->attempt]);
	snprintf(text, sizeof(text), "%s: %s", name, value < 0 ? strerror(errno) : "done");
	while (strcmp(name, "threads") == 0)
		pause();
	if (strcmp(a->then, "crash") == 0)
		*nowhere = 1;
	if (strcmp(a->then, "tell") != 0) {
		call->instance(call, (struct hr_span)HR_SPAN_OF("i-1"));
		return HR_OK;
	}
	fault.message = (struct hr_span){text, strlen(text)};
	call->fail(call, &fault);
	return HR_QUOTA;
}

static int32_t outlaw_status(struct hr_account *a, const struct hr_call *call,
			     const struct hr_status *request, const struct hr_instance_sink *sink)
{
	(void)a;
	(void)call;
	for (uint32_t i = 0; i < request->n_instances; i++) {
		const struct hr_instance instance = {
			.size = sizeof(instance),
			.instance_id = request->instance_ids[i],
			.state = HR_STATE_RUNNING,
		};

		sink->instance(sink, &instance);
	}
	return HR_OK;
}

static int32_t outlaw_list(struct hr_account *a, const struct hr_call *call,
			   const struct hr_list *request, const struct hr_instance_sink *sink)
{
	(void)call;
	(void)request;
	if (strcmp(a->then, "crash-later") == 0)
		*nowhere = 1;
	sink->complete(sink);
	return HR_OK;
}

static int32_t outlaw_destroy(struct hr_account *a, const struct hr_call *call,
			      const struct hr_step *step)
{
	(void)a;
	(void)call;
	(void)step;
	return HR_OK;
}

HR_EXPORT const struct hr_provider HR_PROVIDER_SYMBOL = {
	HR_PROVIDER_HEADER,
	.thread_model = HR_THREADS_PARALLEL,
	.id = "outlaw",
	.title = "Outlaw",
	.version = "1.0",
	.vendor = "Acme",
	.url = "https://acme.example",
	.licence = "Apache-2.0",
	.profile = HR_PROFILE_COMPUTE,
	.settings = settings,
	.n_settings = sizeof(settings) / sizeof(settings[0]),
	.settings_stride = sizeof(settings[0]),
	.linux_scripts = HR_SCRIPT_AT_CREATE,
	.open = outlaw_open,
	.close = outlaw_close,
	.check = outlaw_check,
	.create = outlaw_create,
	.status = outlaw_status,
	.list = outlaw_list,
	.destroy = outlaw_destroy,
};
