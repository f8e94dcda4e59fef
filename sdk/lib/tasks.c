/* SPDX-License-Identifier: Apache-2.0 */
/* A provider's task that a step waits for, in its resume token: "WORD/LOOKS/ID". */
#include <headroom/sdk.h>

#include <stdlib.h>
#include <string.h>

#define FIRST_MS 500
#define LONGEST_MS 15000

/* Where the token begins with "WORD/": what comes behind it, else NULL. */
static const char *behind(const struct hr_step *step, const char *word)
{
	size_t len = strlen(word);
	struct hr_span token = step->resume_token;

	if (token.len <= len || memcmp(token.ptr, word, len) != 0 || token.ptr[len] != '/')
		return NULL;
	return token.ptr + len + 1;
}

static struct hr_span id_in(const struct hr_step *step, const char *from)
{
	const char *end = step->resume_token.ptr + step->resume_token.len;
	const char *slash = from ? memchr(from, '/', (size_t)(end - from)) : NULL;

	return slash ? (struct hr_span){slash + 1, (uint64_t)(end - slash - 1)}
		     : (struct hr_span){0};
}

struct hr_span hr_task_id(const struct hr_step *step, const char *word)
{
	return id_in(step, behind(step, word));
}

int32_t hr_task_again(const struct hr_call *call, const struct hr_step *step, const char *word,
		      struct hr_span id, int32_t percent, const char *stage)
{
	const char *from = behind(step, word);
	struct hr_span known = id_in(step, from);
	unsigned looks = 0;
	int64_t delay = FIRST_MS;

	if (known.len == id.len && id.len > 0 && memcmp(known.ptr, id.ptr, id.len) == 0) {
		for (; *from >= '0' && *from <= '9' && looks < 1000; from++)
			looks = looks * 10 + (unsigned)(*from - '0');
		looks++;
	}
	for (unsigned i = 0; i < looks && delay < LONGEST_MS; i++)
		delay += delay / 2;
	return hr_again(call, hr_text(call, "%s/%u/%.*s", word, looks, HR_SPAN_ARG(id)),
			delay < LONGEST_MS ? delay : LONGEST_MS, percent, stage);
}
