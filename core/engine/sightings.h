/* SPDX-License-Identifier: Apache-2.0 */
/* Bad looks at servers, in memory: one alone proves nothing, providers' answers may be stale. */
#ifndef HR_ENGINE_SIGHTINGS_H
#define HR_ENGINE_SIGHTINGS_H

#include "engine/engine_state.h"

/* What one look saw wrong with a server. */
struct suspect {
	char server_id[ID_SIZE];
	char instance_id[256];
	char reason[320];
	bool absent; /* only missing in a list: a direct read has the last word */
};

/* One look at an account by `kind` (DISPATCH_STATUS or DISPATCH_LIST) found these and no others
 * bad. Servers seen bad for the second time in a row, at least 5 s apart, are failed; those that were
 * only absent are asked for by status first. A list of a module with HR_CAP_ABSENT_ONE_LOOK that
 * shows one as stopped, gone or in error needs no second look. */
void sightings_judge(struct engine *engine, const char *account, enum dispatch_kind kind,
		     const struct suspect *suspects, size_t n);

void sightings_free(struct engine *engine);

#endif
