/* SPDX-License-Identifier: Apache-2.0 */
/* How long servers took from their order to readiness: what estimates and the reasons of deadlines
 * stand on. */
#ifndef HR_ENGINE_READY_TIMES_H
#define HR_ENGINE_READY_TIMES_H

#include <stdbool.h>

#include "headroom/provider.h"
#include "store/store.h"

/* {0}: none yet; ready_times_clear at the end. */
struct ready_times {
	int64_t *ms;
	size_t n;
};

/* Adds those of a config's last 50 servers that became ready. */
int ready_times_add(struct tx *tx, const char *config_id, struct ready_times *times,
		    struct hr_error *err);

/* Median and 90th percentile. False: there are none. */
bool ready_times_measure(struct ready_times *times, int64_t *ret_p50_ms, int64_t *ret_p90_ms);

void ready_times_clear(struct ready_times *times);

#endif
