/* SPDX-License-Identifier: Apache-2.0 */
/* Brakes below the planner: how many servers of a config may be started and destroyed in an hour,
 * how it goes on after failures in a row, and what an administrator stops by a file. Held where
 * operations start; the planner is told, so that another config can stand in. */
#ifndef HR_ENGINE_BRAKES_H
#define HR_ENGINE_BRAKES_H

#include <stdbool.h>

#include "engine/engine.h"
#include "model/autoscale_config.h"
#include "model/operation.h"
#include "store/store.h"

/* What began before that is not counted any more. */
#define BRAKES_COUNTED_MS (3600 * MS_PER_S)

struct brake {
	int64_t until_ms; /* 0: nothing is held back; MS_NEVER: until something else happens */
	char reason[256]; /* in words, to follow a name and "is held back: " */
};

struct brake_limits {
	char config_id[ID_SIZE];
	int64_t creates_per_hour;
	int64_t destroys_per_hour;
	int64_t failure_budget;
};

/* max_instances: of its provider config; -1: none. */
void brake_limits_of(const struct autoscale_config *config, int64_t max_instances,
		     struct brake_limits *ret_limits);

/* Of the newest revision. *ret_found: false where the config is deleted, which nothing holds back. */
int brake_limits_load(struct tx *tx, const char *config_id, struct brake_limits *ret_limits,
		      bool *ret_found, struct hr_error *err);

/* Whether the first delivery of an operation of this kind may go. */
int brake_look(struct tx *tx, int64_t now_ms, const struct brake_limits *limits,
	       enum operation_kind kind, struct brake *ret_brake, struct hr_error *err);

/* The same for what stops everything, ENGINE_STOP_* of the present moment. */
void brake_of_stops(unsigned stops, const struct engine_options *options, enum operation_kind kind,
		    bool first, struct brake *ret_brake);

#endif
