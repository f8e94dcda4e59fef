/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": the nearest of some names, by edit distance. */
#include <ctype.h>
#include <string.h>

#include "base/text.h"

#define NAME_MAX_LEN 64

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static int lower(char c)
{
	return tolower((unsigned char)c);
}

/* Optimal string alignment without regard to case: insert, delete, replace and swap of neighbours
 * cost 1 each. Both at most NAME_MAX_LEN long. */
static size_t edit_distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
	size_t rows[3][NAME_MAX_LEN + 1];
	size_t *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= n_b; j++) {
		before[j] = j; /* not read before it is set; given a value all the same */
		last[j] = j;
	}
	for (size_t i = 1; i <= n_a; i++) {
		size_t *recycled;

		now[0] = i;
		for (size_t j = 1; j <= n_b; j++) {
			size_t replaced = last[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));

			now[j] = smaller(smaller(last[j], now[j - 1]) + 1, replaced);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]))
				now[j] = smaller(now[j], before[j - 2] + 1);
		}
		recycled = before;
		before = last;
		last = now;
		now = recycled;
	}
	return last[n_b];
}

/* How many edits still count as a slip. */
static size_t tolerance(size_t len)
{
	if (len <= 4)
		return 1;
	if (len <= 8)
		return 2;
	return len <= 16 ? 3 : len / 4;
}

const char *text_nearest(const char *text, const char *const *candidates)
{
	size_t len = strlen(text);
	const char *best = NULL;
	size_t best_distance = tolerance(len) + 1;

	if (len == 0 || len > NAME_MAX_LEN)
		return NULL;
	for (; *candidates; candidates++) {
		size_t candidate_len = strlen(*candidates);
		size_t distance;

		if (candidate_len == 0 || candidate_len > NAME_MAX_LEN)
			continue;
		distance = edit_distance(text, len, *candidates, candidate_len);
		/* Nothing in common is no resemblance, however short the two are. */
		if (distance < best_distance &&
		    distance < smaller(len, candidate_len) + (distance == 0)) {
			best_distance = distance;
			best = *candidates;
		}
	}
	return best;
}
