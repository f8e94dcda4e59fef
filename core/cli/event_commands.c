/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on events. Following them, each is printed once, also over restarts of the daemon: it is asked
 * to go on after the last one that came whole. What is not an event goes to standard error. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/resource.h"

#define PAUSE_FIRST_MS 250
#define PAUSE_MOST_MS 2000

static const struct column columns[] = {
	{"AT", "at"}, {"KIND", "kind"}, {"MESSAGE", "message"}, {NULL, NULL}};

struct watch {
	enum output output;
	struct hr_error error; /* why printing ended */
};

static int print_event(enum output output, const char *data, const json_t *event)
{
	char at[64], kind[64], *message;

	if (output == OUTPUT_JSON)
		return puts(data) < 0 ? -1 : 0;
	text_copy(at, sizeof(at), json_string_or(event, "at", "-"));
	text_copy(kind, sizeof(kind), json_string_or(event, "kind", "-"));
	terminal_safe(at, false);
	if (output == OUTPUT_NAME)
		return puts(at) < 0 ? -1 : 0;
	message = strdup(json_string_or(event, "message", "-"));
	if (message == NULL)
		return -1;
	printf("%-20s  %-20s  %s\n", at, terminal_safe(kind, false), terminal_safe(message, false));
	free(message);
	return 0;
}

static int take_event(void *context, const struct client_event *event)
{
	struct watch *watch = context;
	CLEANUP_JSON json_t *json = NULL;
	CLEANUP_FREE char *message = NULL;

	if (json_parse(event->data, strlen(event->data), "an event", &json, &watch->error) != 0)
		return 1;
	if (strcmp(event->name, "lost") == 0) {
		message = strdup(json_string_or(json, "message", ""));
		if (message != NULL)
			fprintf(stderr, "headroom: %s\n", terminal_safe(message, false));
		return 0;
	}
	if (print_event(watch->output, event->data, json) == 0 && fflush(stdout) == 0)
		return 0;
	error_set_errno(&watch->error, errno, "cannot write to standard output");
	return 1;
}

static void pause_ms(long ms)
{
	const struct timespec pause = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&pause, NULL);
}

/* Until a signal ends us, or the daemon refuses for another reason than that it is busy. */
static int follow(const struct invocation *invocation, const char *path, struct hr_error *err)
{
	struct watch watch = {.output = invocation->output};
	char id[CLIENT_ID_SIZE] = "";
	bool ever = false, told = false, reached;
	long wait_ms = PAUSE_FIRST_MS;

	for (;;) {
		struct hr_error why = {0};
		int ret = client_stream(invocation->client, path, id, take_event, &watch, &reached,
					&why);

		if (ret > 0)
			why = watch.error;
		if (ret > 0 || (!reached && !ever) || (ret < 0 && why.http_status != 503)) {
			*err = why;
			return -1;
		}
		ever = true;
		if (reached) {
			told = false;
			wait_ms = PAUSE_FIRST_MS;
		} else if (!told) {
			told = true;
			fprintf(stderr, "headroom: %s; trying again\n",
				terminal_safe(why.message, false));
		}
		pause_ms(wait_ms);
		wait_ms = wait_ms * 2 < PAUSE_MOST_MS ? wait_ms * 2 : PAUSE_MOST_MS;
	}
}

static int watch_events(const struct invocation *invocation, const char *path, struct hr_error *err)
{
	if (invocation->output == OUTPUT_TABLE) {
		printf("%-20s  %-20s  %s\n", columns[0].title, columns[1].title, columns[2].title);
		fflush(stdout);
	}
	return follow(invocation, path, err);
}

int event_list_run(const struct invocation *invocation, struct hr_error *err)
{
	static const char *const options[] = {"--pool", "--server", "--session", "--limit"};
	char *path = client_path("events", NULL, NULL);
	CLEANUP_FREE char *owned = NULL;
	CLEANUP_JSON json_t *body = NULL;
	int failed = path == NULL;

	for (size_t i = 0; !failed && i < sizeof(options) / sizeof(options[0]); i++)
		failed = client_query(&path, options[i] + 2,
				      invocation_option(invocation, options[i]));
	if (!failed)
		failed = client_query(&path, "newest", "true");
	owned = path;
	if (failed)
		return error_no_memory(err, "listing");
	if (invocation_option(invocation, "--watch") != NULL)
		return watch_events(invocation, owned, err);
	if (client_call(invocation->client, "GET", owned, NULL, &body, err) != 0)
		return -1;
	return table_print(invocation->output, columns, json_object_get(body, "items"), err);
}
