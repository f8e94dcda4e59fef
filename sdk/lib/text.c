/* SPDX-License-Identifier: Apache-2.0 */
/* Text in the memory of the call: formatted, percent-encoded, as a form. */
#include <headroom/sdk.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct hr_span hr_span_of(const char *text)
{
	return (struct hr_span){text, text ? strlen(text) : 0};
}

int hr_span_is(struct hr_span span, const char *text)
{
	size_t len = strlen(text);

	return span.len == len && (len == 0 || memcmp(span.ptr, text, len) == 0);
}

const char *hr_text(const struct hr_call *call, const char *format, ...)
{
	char *buf = NULL;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len >= 0)
		buf = call->alloc(call, (uint64_t)len + 1);
	if (!buf)
		return "";
	va_start(args, format);
	vsnprintf(buf, (size_t)len + 1, format, args);
	va_end(args);
	return buf;
}

/* Writes the encoded text, up to 3 bytes for each of it; the end. */
static char *encode(char *to, struct hr_span span)
{
	static const char hex[] = "0123456789ABCDEF", kept[] = "-._~";

	for (uint64_t i = 0; i < span.len; i++) {
		unsigned char c = (unsigned char)span.ptr[i];

		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    (c && strchr(kept, c))) {
			*to++ = (char)c;
			continue;
		}
		*to++ = '%';
		*to++ = hex[c >> 4];
		*to++ = hex[c & 15];
	}
	return to;
}

const char *hr_url_part(const struct hr_call *call, struct hr_span part)
{
	char *buf = call->alloc(call, 3 * part.len + 1);

	if (!buf)
		return "";
	*encode(buf, part) = '\0';
	return buf;
}

void hr_form_add(struct hr_form *form, const char *key, struct hr_span value)
{
	struct hr_span name = hr_span_of(key);
	uint64_t need = form->len + 3 * (name.len + value.len) + 3; /* "&", "=", NUL */
	char *to;

	if (need > form->room) {
		char *larger = form->call->alloc(form->call, 2 * need);

		if (!larger)
			return;
		if (form->len > 0)
			memcpy(larger, form->text, form->len);
		form->text = larger;
		form->room = 2 * need;
	}
	to = form->text + form->len;
	if (form->len > 0)
		*to++ = '&';
	to = encode(to, name);
	*to++ = '=';
	to = encode(to, value);
	*to = '\0';
	form->len = (uint64_t)(to - form->text);
}

const char *hr_form_text(const struct hr_form *form)
{
	return form->text ? form->text : "";
}

const char *hr_form_url(const struct hr_form *form, const char *path)
{
	return hr_text(form->call, "%s%s%s", path, form->text ? "?" : "", hr_form_text(form));
}
