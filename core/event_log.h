/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's log of events: each event that was stored becomes one line, after its commit. */
#ifndef HR_EVENT_LOG_H
#define HR_EVENT_LOG_H

#include "store/store.h"

struct event_log {
	int64_t last; /* number of the last event logged */
};

/* Begins after the events that are there already. */
int event_log_open(struct event_log *log, struct store *store, struct hr_error *err);

/* Logs what is new, at most some hundred lines. The main thread, between steps of the engine. */
void event_log_step(struct event_log *log, struct store *store);

#endif
