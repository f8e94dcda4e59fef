/* SPDX-License-Identifier: Apache-2.0 */
/* Text in fixed arrays and growing buffers, UTF-8. */
#ifndef HR_BASE_TEXT_H
#define HR_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

/* Copies text (NULL counts as "") into buf of size bytes, cut at a character's border where it is
 * too long. Gives false when it was cut. */
bool text_copy(char *buf, size_t size, const char *text);

/* printf into buf, cut likewise. Gives false when it was cut. */
bool text_format(char *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same from a va_list. */
bool text_formatv(char *buf, size_t size, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

/* Whole text as a decimal integer within the limits: 0, or -1. */
int text_to_int64(const char *text, int64_t minimum, int64_t maximum, int64_t *ret_value);

/* Whether the len bytes are valid UTF-8 without NUL. */
bool text_valid_utf8(const char *text, size_t len);

/* Makes it valid UTF-8 where it stands: "?" for each piece that is none, such as a character that was cut
 * through by "%.64s". */
void text_clean(char *text);

/* Length in bytes of the valid UTF-8 character that text begins with, 0 when it begins with none or
 * is empty; ret_code (may be NULL) gets its number. */
size_t text_utf8_next(const char *text, size_t len, uint32_t *ret_code);

/* Of the NULL-terminated candidates the nearest to text (small edit distance), or NULL when none
 * is near: for "did you mean". */
const char *text_nearest(const char *text, const char *const *candidates);

/* Hexadecimal; buf holds 2 * len + 1. */
void text_hex(const void *bytes, size_t len, char *buf);

/* Base64 and base64url without padding (RFC 4648). Encoders give malloc'ed text or NULL; decoders
 * give malloc'ed bytes (NUL added) or NULL when the text is not of that form. */
char *text_base64(const void *bytes, size_t len);
char *text_base64url(const void *bytes, size_t len);
void *text_base64url_decode(const char *text, size_t text_len, size_t *ret_len);

#endif
