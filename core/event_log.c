/* SPDX-License-Identifier: Apache-2.0 */
/* Events to log lines. Reading them back is what makes sure that nothing is told before it is
 * stored, whoever stored it. */
#include "event_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/operation_rows.h"

#define LINES_AT_ONCE 200

static int read_newest(struct tx *tx, void *arg, struct hr_error *err)
{
	const struct event_query query = {.newest = true, .limit = 1};
	struct event_log *log = arg;
	struct event *events = NULL;
	size_t n = 0;

	if (event_list(tx, &query, &events, &n, err) != 0)
		return -1;
	log->last = n > 0 ? events[n - 1].number : 0;
	free(events);
	return 0;
}

int event_log_open(struct event_log *log, struct store *store, struct hr_error *err)
{
	return store_read(store, read_newest, log, err);
}

/* What a person must look at; the rest is the ordinary course of things. */
static enum log_level level_of(const struct event *event)
{
	static const char *const grave[] = {"failed", "refused",   "paused",
					    "short",  "protected", "opened"};
	const char *dot = strrchr(event->kind, '.');

	for (size_t i = 0; dot != NULL && i < sizeof(grave) / sizeof(grave[0]); i++) {
		if (strcmp(dot + 1, grave[i]) == 0)
			return LOG_LEVEL_WARNING;
	}
	return LOG_LEVEL_INFO;
}

static int log_new(struct tx *tx, void *arg, struct hr_error *err)
{
	struct event_log *log = arg;
	const struct event_query query = {.after_number = log->last, .limit = LINES_AT_ONCE};
	struct event *events = NULL;
	size_t n = 0;

	if (event_list(tx, &query, &events, &n, err) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct event *event = &events[i];
		const struct log_subject subject = {
			.pool = event->pool_id[0] != '\0' ? event->pool_id : NULL,
			.server = event->server_id[0] != '\0' ? event->server_id : NULL,
			.session = event->session_id[0] != '\0' ? event->session_id : NULL,
			.operation = event->operation_id[0] != '\0' ? event->operation_id : NULL,
			.request = event->request_id[0] != '\0' ? event->request_id : NULL,
		};

		log_line(level_of(event), &subject, "%s: %s", event->kind, event->message);
		log->last = event->number;
	}
	free(events);
	return 0;
}

void event_log_step(struct event_log *log, struct store *store)
{
	struct hr_error err = {0};

	if (store_read(store, log_new, log, &err) != 0)
		log_line(LOG_LEVEL_ERROR, NULL, "events cannot be read for the log: %s",
			 err.message);
}
