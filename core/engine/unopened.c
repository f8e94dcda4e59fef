/* SPDX-License-Identifier: Apache-2.0 */
/* Which accounts cannot be asked anything, for whoever waits for all of them (--remove-servers). */
#include <stdlib.h>

#include "base/text.h"
#include "engine/engine_state.h"

/* A module that crashed may do better the next time; one that is refused, or that refuses its
 * settings, will not. */
#define TRIES_OF_CRASHES 2

static bool is_definite(const struct hr_error *error)
{
	return error->class == HR_INVALID || error->class == HR_AUTH ||
	       error->class == HR_NOT_FOUND || error->class == HR_UNSUPPORTED;
}

int engine_list_unopened(const struct engine *engine, struct engine_unopened **ret_unopened,
			 size_t *ret_n, struct hr_error *err)
{
	struct engine_unopened *all;
	size_t n = 0;

	for (const struct engine_account *a = engine->accounts; a; a = a->next)
		n++;
	all = calloc(n + 1, sizeof(*all));
	if (!all)
		return error_no_memory(err, "looking at accounts");
	n = 0;
	for (const struct engine_account *a = engine->accounts; a; a = a->next) {
		struct engine_unopened *one = &all[n];

		if (a->open_failures == 0)
			continue;
		text_copy(one->id, sizeof(one->id), a->id);
		text_copy(one->name, sizeof(one->name), a->name);
		text_copy(one->why, sizeof(one->why), a->open_error.message);
		one->is_hopeless =
			is_definite(&a->open_error) || a->open_failures >= TRIES_OF_CRASHES;
		n++;
	}
	*ret_unopened = all;
	*ret_n = n;
	return 0;
}
