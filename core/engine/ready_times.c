/* SPDX-License-Identifier: Apache-2.0 */
/* They are read where they are needed: few ask, and rows of servers that are gone stay for a week. */
#include "engine/ready_times.h"

#include <stdlib.h>

#include "store/server_rows.h"

#define TIMES_PER_CONFIG 50

int ready_times_add(struct tx *tx, const char *config_id, struct ready_times *times,
		    struct hr_error *err)
{
	int64_t *grown = realloc(times->ms, (times->n + TIMES_PER_CONFIG) * sizeof(*grown));
	size_t n = 0;

	if (!grown)
		return error_no_memory(err, "reading how long servers took");
	times->ms = grown;
	if (server_ready_times(tx, config_id, grown + times->n, &n, err) != 0)
		return -1;
	times->n += n;
	return 0;
}

static int compare_ms(const void *a, const void *b)
{
	const int64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

bool ready_times_measure(struct ready_times *times, int64_t *ret_p50_ms, int64_t *ret_p90_ms)
{
	if (times->n == 0)
		return false;
	qsort(times->ms, times->n, sizeof(*times->ms), compare_ms);
	*ret_p50_ms = times->ms[times->n / 2];
	*ret_p90_ms = times->ms[(times->n * 9) / 10];
	return true;
}

void ready_times_clear(struct ready_times *times)
{
	free(times->ms);
	*times = (struct ready_times){0};
}
