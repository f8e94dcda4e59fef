/* SPDX-License-Identifier: Apache-2.0 */
/* Startup scripts for cloud-init, EC2Launch and cloudbase-init. Not here: gzip.c. */
#include <headroom/sdk_script.h>

#include <string.h>

#define LINE_MAX_ 998 /* bytes of one line of a message: RFC 5322, 2.1.1 */

const char *hr_base64(const struct hr_call *call, struct hr_span data)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *buf = call->alloc(call, (data.len + 2) / 3 * 4 + 1), *to = buf;

	if (!buf)
		return "";
	for (uint64_t i = 0; i < data.len; i += 3) {
		uint32_t n = data.len - i < 3 ? (uint32_t)(data.len - i) : 3, bits = 0;

		for (uint32_t k = 0; k < 3; k++)
			bits = bits << 8 | (k < n ? (unsigned char)data.ptr[i + k] : 0);
		memset(to, '=', 4);
		for (uint32_t k = 0; k <= n; k++)
			to[k] = digits[bits >> (18 - 6 * k) & 63];
		to += 4;
	}
	*to = '\0';
	return buf;
}

/* Whether it can stand in a message as it is. */
static int is_mail(struct hr_span text)
{
	uint64_t line = 0;

	for (uint64_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		line = c == '\n' ? 0 : line + 1;
		if (line > LINE_MAX_ || c >= 127 || (c < ' ' && c != '\n' && c != '\t'))
			return 0;
	}
	return 1;
}

static int holds(struct hr_span text, const char *word)
{
	size_t len = strlen(word);

	for (uint64_t i = 0; i + len <= text.len; i++)
		if (memcmp(text.ptr + i, word, len) == 0)
			return 1;
	return 0;
}

/* One that is in no part. */
static const char *boundary_find(const struct hr_call *call, const struct hr_part *parts, size_t n)
{
	const char *boundary = "headroom-part";

	for (unsigned number = 1;; number++) {
		size_t i = 0;

		while (i < n && !holds(parts[i].text, boundary))
			i++;
		if (i == n || boundary[0] == '\0')
			return boundary;
		boundary = hr_text(call, "headroom-part-%u", number);
	}
}

const char *hr_cloud_init(const struct hr_call *call, const struct hr_part *parts, size_t n_parts)
{
	const char *boundary = boundary_find(call, parts, n_parts);
	const char *all = hr_text(call,
				  "Content-Type: multipart/mixed; boundary=\"%s\"\n"
				  "MIME-Version: 1.0\n\n",
				  boundary);

	for (size_t i = 0; i < n_parts; i++) {
		int plain = is_mail(parts[i].text);

		all = hr_text(call,
			      "%s--%s\n"
			      "Content-Type: %s; charset=\"utf-8\"\n"
			      "MIME-Version: 1.0\n"
			      "Content-Transfer-Encoding: %s\n"
			      "Content-Disposition: attachment; filename=\"%s\"\n\n"
			      "%.*s%s\n",
			      all, boundary, parts[i].type, plain ? "7bit" : "base64",
			      parts[i].file_name, plain ? (int)parts[i].text.len : 0,
			      parts[i].text.ptr ? parts[i].text.ptr : "",
			      plain ? "" : hr_base64(call, parts[i].text));
	}
	return hr_text(call, "%s--%s--\n", all, boundary);
}

static int begins(struct hr_span text, const char *word)
{
	size_t len = strlen(word);

	return text.len >= len && memcmp(text.ptr, word, len) == 0;
}

const char *hr_ec2launch(const struct hr_call *call, struct hr_span script, uint32_t flags)
{
	if (holds(script, "<powershell>") || holds(script, "<script>") ||
	    begins(script, "version:"))
		return hr_text(call, "%.*s", HR_SPAN_ARG(script));
	return hr_text(call, "<powershell>\r\n%.*s\r\n</powershell>\r\n%s%s", HR_SPAN_ARG(script),
		       flags & HR_EC2_EACH_BOOT ? "<persist>true</persist>\r\n" : "",
		       flags & HR_EC2_DETACH ? "<detach>true</detach>\r\n" : "");
}

const char *hr_cloudbase(const struct hr_call *call, struct hr_span script)
{
	static const char *const known[] = {"#ps1", "#!", "rem cmd", "#cloud-config",
					    "Content-Type"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (begins(script, known[i]))
			return hr_text(call, "%.*s", HR_SPAN_ARG(script));
	return hr_text(call, "#ps1_sysnative\r\n%.*s", HR_SPAN_ARG(script));
}
