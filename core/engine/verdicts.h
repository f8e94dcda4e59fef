/* SPDX-License-Identifier: Apache-2.0 */
/* What rounds of probes come to for one server, in its row. When they do: rounds.c. */
#ifndef HR_ENGINE_VERDICTS_H
#define HR_ENGINE_VERDICTS_H

#include "engine/probes.h"

#define VERDICT_ROUNDS 3 /* mute in so many, one after the other, it is unanswered */

/* NULL: it speaks. Else it was mute in VERDICT_ROUNDS and more, and that is why. Counts only if the server
 * still is as it was asked. */
void verdict_give(struct engine *engine, const struct probe_wish *wish, const char *why);

#endif
