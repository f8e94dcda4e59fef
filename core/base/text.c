/* SPDX-License-Identifier: Apache-2.0 */
/* Copying, formatting and checking of text. Not here: encodings (encode.c), nearest names
 * (nearest.c). */
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The largest length up to limit at which text does not end inside a character. */
static size_t cut_at_border(const char *text, size_t limit)
{
	size_t at = limit;

	while (at > 0 && limit - at < 4 && is_continuation(text[at]))
		at--;
	return is_continuation(text[at]) ? limit : at;
}

bool text_copy(char *buf, size_t size, const char *text)
{
	size_t len = text ? strlen(text) : 0;
	bool whole = len < size;

	if (size == 0)
		return len == 0;
	if (!whole)
		len = cut_at_border(text, size - 1);
	if (len > 0)
		memmove(buf, text, len);
	/* The rest is zeroed too: such arrays are written to the store and compared whole. */
	memset(buf + len, 0, size - len);
	return whole;
}

bool text_formatv(char *buf, size_t size, const char *format, va_list args)
{
	va_list again;
	char *whole;
	int len;

	if (size == 0)
		return false;
	va_copy(again, args);
	len = vsnprintf(buf, size, format, args);
	if (len >= 0 && (size_t)len < size) {
		va_end(again);
		return true;
	}
	if (len < 0) {
		buf[0] = '\0';
	} else if (vasprintf(&whole, format, again) >= 0) {
		/* Whether the last character was cut through is seen in the whole text only. */
		text_copy(buf, size, whole);
		free(whole);
	}
	va_end(again);
	return false;
}

bool text_format(char *buf, size_t size, const char *format, ...)
{
	va_list args;
	bool whole;

	va_start(args, format);
	whole = text_formatv(buf, size, format, args);
	va_end(args);
	return whole;
}

int text_to_int64(const char *text, int64_t minimum, int64_t maximum, int64_t *ret_value)
{
	const char *digits;
	char *end;
	long long value;

	if (!text)
		return -1;
	digits = text[0] == '-' ? text + 1 : text;
	if (digits[0] < '0' || digits[0] > '9')
		return -1;
	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0' || value < minimum || value > maximum)
		return -1;
	*ret_value = value;
	return 0;
}

size_t text_utf8_next(const char *text, size_t len, uint32_t *ret_code)
{
	static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char first;
	size_t n;
	uint32_t code;

	if (len == 0)
		return 0;
	first = (unsigned char)text[0];
	if (first < 0x80)
		n = 1;
	else if (first >= 0xc2 && first <= 0xdf)
		n = 2;
	else if (first >= 0xe0 && first <= 0xef)
		n = 3;
	else if (first >= 0xf0 && first <= 0xf4)
		n = 4;
	else
		return 0;
	if (n > len)
		return 0;
	code = n == 1 ? first : first & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (!is_continuation(text[i]))
			return 0;
		code = code << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (code < lowest[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	if (ret_code)
		*ret_code = code;
	return n;
}

bool text_valid_utf8(const char *text, size_t len)
{
	uint32_t code;

	for (size_t at = 0, n; at < len; at += n) {
		n = 1;
		if (text[at] > 0 && (unsigned char)text[at] < 0x80) /* most are */
			continue;
		n = text_utf8_next(text + at, len - at, &code);
		if (n == 0 || code == 0)
			return false;
	}
	return true;
}

void text_clean(char *text)
{
	size_t len = strlen(text), used = 0, n;

	if (text_valid_utf8(text, len))
		return;
	for (size_t at = 0; at < len; at += n) {
		n = text_utf8_next(text + at, len - at, NULL);
		if (n > 0) {
			memmove(text + used, text + at, n);
			used += n;
			continue;
		}
		text[used++] = '?';
		n = 1;
		while (at + n < len && is_continuation(text[at + n]))
			n++;
	}
	text[used] = '\0';
}
