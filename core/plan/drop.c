/* SPDX-License-Identifier: Apache-2.0 */
/* Planned servers, for which no call has been made, that neither a seat nor a target needs, counting
 * all that runs or is on its way: those that this plan adds as well as those of an earlier one. */
#include "plan/pass.h"

#include <stdlib.h>

struct planned {
	bool is_new;
	bool outdated;
	size_t rank;
	int64_t created_ms;
	size_t slot;
};

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

/* New ones, then outdated ones, the worst priority, the newest. */
static int compare_planned(const void *a, const void *b)
{
	const struct planned *x = a, *y = b;
	int order = ORDER(y->is_new, x->is_new);

	if (!order)
		order = ORDER(y->outdated, x->outdated);
	if (!order)
		order = ORDER(y->rank, x->rank);
	if (!order)
		order = ORDER(y->created_ms, x->created_ms);
	return order ? order : ORDER(y->slot, x->slot);
}

void drop_needless(struct pass *pass)
{
	struct planned *planned = calloc(pass->n_slots + 1, sizeof(*planned));
	size_t n = 0;

	if (!planned) {
		pass->no_memory = true;
		return;
	}
	for (size_t i = pass->first_coming; i < pass->n_slots; i++) {
		const struct slot *slot = &pass->slots[i];

		if (pass->servers[i].state != SERVER_PLANNED || slot->dropped ||
		    slot->tier == TIER_STUCK || slot->taken > 0)
			continue;
		planned[n++] = (struct planned){.is_new = slot->source == SOURCE_NEW,
						.outdated = pass->servers[i].outdated,
						.rank = slot->rank,
						.created_ms = pass->servers[i].created_ms,
						.slot = i};
	}
	qsort(planned, n, sizeof(*planned), compare_planned);
	for (size_t i = 0; i < n; i++) {
		size_t slot = planned[i].slot;
		const struct pass_zone *zone = &pass->zones[pass->slots[slot].zone];

		if (!pass->slots[slot].counted ||
		    zone->spare - pass->servers[slot].free >= zone->target)
			pass_drop(pass, slot);
	}
	free(planned);
}
