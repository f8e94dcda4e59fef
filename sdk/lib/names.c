/* SPDX-License-Identifier: Apache-2.0 */
/* Names within a provider's limits. */
#include <headroom/sdk.h>

#include <string.h>

#define HASH_LEN 12 /* hexadecimal digits: 48 bits */

static uint64_t fnv1a(struct hr_span text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (uint64_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.ptr[i]) * 0x100000001b3u;
	return hash;
}

static int is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static int may_be(char c, const char *more)
{
	return is_letter(c) || (c >= '0' && c <= '9') || (c && strchr(more, c));
}

static int fits(struct hr_span name, uint32_t max, const char *more)
{
	if (name.len == 0 || name.len > max || !is_letter(name.ptr[0]))
		return 0;
	for (uint64_t i = 0; i < name.len; i++)
		if (!may_be(name.ptr[i], more))
			return 0;
	return 1;
}

const char *hr_name_fit(const struct hr_call *call, struct hr_span name, uint32_t max,
			const char *more)
{
	uint64_t keep = max > HASH_LEN + 1 ? max - HASH_LEN - 1 : 0;
	char *buf, instead = 'x';

	if (more[0])
		instead = more[0];
	if (fits(name, max, more))
		return hr_text(call, "%.*s", HR_SPAN_ARG(name));
	if (keep > name.len)
		keep = name.len;
	buf = call->alloc(call, keep + 2);
	if (!buf)
		return "";
	buf[0] = 'h';
	for (uint64_t i = 0; i < keep; i++) {
		char c = name.ptr[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		buf[i] = c;
		if (!may_be(c, more))
			buf[i] = instead;
	}
	if (!is_letter(buf[0]))
		buf[0] = 'h';
	return hr_text(call, "%s%.1s%012llx", buf, more,
		       (unsigned long long)fnv1a(name) & 0xffffffffffffu);
}
