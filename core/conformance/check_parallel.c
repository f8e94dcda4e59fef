/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts at once; see checks.h. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "conformance/checks.h"
#include "conformance/life.h"
#include "conformance/tap.h"

#define ACCOUNTS 8
#define LIVES 3 /* of each account, one after the other */
#define PATIENCE_MS 30000

struct account_life {
	struct subject subject;
	pthread_t thread;
	bool runs;
	char why[256]; /* what was other than for one account; or "" */
};

/* One operation to its end, in which no call may fail: for one account alone none does. */
static bool goes_well(struct account_life *life, enum dispatch_kind kind, struct server *server)
{
	int64_t until_ms = clock_now().mono_ms + PATIENCE_MS;
	int32_t result = HR_AGAIN;

	while (result == HR_AGAIN && clock_now().mono_ms < until_ms) {
		struct dispatch_answer *answer = life_call(&life->subject, kind, server);

		if (!answer)
			return false;
		result = answer->result;
		if (result >= HR_AUTH)
			text_format(life->why, sizeof(life->why), "%s: %s: %.180s",
				    dispatch_kind_name(kind), error_class_name(result),
				    answer->error.message);
		else if (kind == DISPATCH_STATUS && answer->n_instances != 1)
			text_format(life->why, sizeof(life->why), "status: %zu answers for one id",
				    answer->n_instances);
		dispatch_answer_free(answer);
	}
	if (result == HR_AGAIN)
		text_format(life->why, sizeof(life->why), "%s does not come to an end",
			    dispatch_kind_name(kind));
	return life->why[0] == '\0';
}

static void *live(void *context)
{
	struct account_life *life = context;
	bool well = true;

	for (int i = 0; well && i < LIVES; i++) {
		struct server server;

		life_server(&server);
		well = goes_well(life, DISPATCH_CREATE, &server) &&
		       goes_well(life, DISPATCH_STATUS, &server) &&
		       goes_well(life, DISPATCH_LIST, &server) &&
		       goes_well(life, DISPATCH_DESTROY, &server);
		if (well && life_count(&life->subject, &server, 0) != 0)
			text_copy(life->why, sizeof(life->why), "its server is still listed");
		life_forget(&server);
	}
	return NULL;
}

static void run(struct account_life *lives, size_t n, const char *line)
{
	const char *why = "";

	for (size_t i = 0; i < n; i++)
		lives[i].runs = pthread_create(&lives[i].thread, NULL, live, &lives[i]) == 0;
	for (size_t i = 0; i < n; i++) {
		if (lives[i].runs)
			pthread_join(lives[i].thread, NULL);
		if (why[0] == '\0')
			why = lives[i].runs ? lives[i].why : "no thread could be started";
	}
	if (!tap_ok(why[0] == '\0', "%s", line))
		tap_note("%s", why);
}

void check_parallel(const struct subject_options *options)
{
	struct account_life *lives = calloc(ACCOUNTS, sizeof(*lives));
	struct hr_error err = {0};
	bool open = true;

	if (!lives) {
		tap_ok(false, "there is memory for eight accounts");
		return;
	}
	for (size_t i = 0; i < ACCOUNTS; i++)
		open = open && subject_open(options, &lives[i].subject, &err) == 0 &&
		       subject_account(&lives[i].subject, &err) == HR_OK;
	if (tap_ok(open, "eight accounts are open at once"))
		run(lives, ACCOUNTS, "eight accounts at once live as one alone");
	else
		tap_note("%s", err.message);
	for (size_t i = 0; i < ACCOUNTS; i++)
		if (lives[i].subject.options)
			subject_close(&lives[i].subject);
	free(lives);
}
