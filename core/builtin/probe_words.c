/* SPDX-License-Identifier: Apache-2.0 */
/* See probe_words.h. */
#include "builtin/probe_words.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

#define SSH_LINE_MAX 255
#define SSH_BEFORE_MAX 1024
#define SHOWN_MAX 60
#define RFB_SIZE 12
#define TPKT_SIZE 4
#define CONFIRM_SIZE 7 /* of the X.224 header, its own length byte included */
#define NEGOTIATION_SIZE 8

const unsigned char probe_rdp_hello[19] = {
	3,    0,    0, 19,          /* TPKT: version, reserved, length */
	14,   0xe0, 0, 0,  0, 0, 0, /* connection request; references; class 0 */
	1,    0,    8, 0,           /* RDP_NEG_REQ, flags, length */
	0x03, 0,    0, 0            /* PROTOCOL_SSL | PROTOCOL_HYBRID */
};

/* Printable ASCII of one line; other bytes as '?'. */
static void show(const unsigned char *data, size_t len, char *buf, size_t size)
{
	size_t n = 0;

	while (n < len && n < size - 1 && n < SHOWN_MAX && data[n] != '\r' && data[n] != '\n') {
		buf[n] = isprint(data[n]) ? (char)data[n] : '?';
		n++;
	}
	buf[n] = '\0';
}

enum probe_verdict probe_wrong(const unsigned char *data, size_t len,
			       char ret_text[PROBE_TEXT_SIZE])
{
	char shown[SHOWN_MAX + 1];

	show(data, len, shown, sizeof(shown));
	text_format(ret_text, PROBE_TEXT_SIZE, "it answers \"%s\"", shown);
	return PROBE_WRONG;
}

/* ---- SSH ---- */

static bool begins(const unsigned char *data, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && memcmp(data, with, n) == 0;
}

/* A whole line, without its end. */
static enum probe_verdict ssh_line(const unsigned char *line, size_t len, char *ret_text)
{
	if (!begins(line, len, "SSH-"))
		return PROBE_MORE;
	if (!begins(line, len, "SSH-2.0-") && !begins(line, len, "SSH-1.99-"))
		return probe_wrong(line, len, ret_text);
	/* A name must follow. */
	if (len == strlen(line[4] == '2' ? "SSH-2.0-" : "SSH-1.99-") ||
	    memchr(line, '\0', len) != NULL)
		return probe_wrong(line, len, ret_text);
	show(line, len, ret_text, PROBE_TEXT_SIZE);
	return PROBE_SPEAKS;
}

enum probe_verdict probe_ssh(const unsigned char *data, size_t len, char ret_text[PROBE_TEXT_SIZE])
{
	size_t at = 0;

	while (at < len) {
		const unsigned char *end = memchr(data + at, '\n', len - at);
		size_t line = end ? (size_t)(end - (data + at)) : len - at;
		enum probe_verdict verdict;

		if (line > SSH_LINE_MAX ||
		    (at >= SSH_BEFORE_MAX && !begins(data + at, line, "SSH-")))
			return probe_wrong(data, len, ret_text);
		if (!end)
			return PROBE_MORE;
		if (line > 0 && data[at + line - 1] == '\r')
			line--;
		verdict = ssh_line(data + at, line, ret_text);
		if (verdict != PROBE_MORE)
			return verdict;
		at = (size_t)(end - data) + 1;
	}
	return PROBE_MORE;
}

/* ---- RFB ---- */

enum probe_verdict probe_rfb(const unsigned char *data, size_t len, char ret_text[PROBE_TEXT_SIZE])
{
	static const char pattern[RFB_SIZE + 1] = "RFB ddd.ddd\n";
	size_t n = len < RFB_SIZE ? len : RFB_SIZE;

	/* cppcheck-suppress knownConditionTrueFalse ; thinks len is always 0 */
	for (size_t i = 0; i < n; i++)
		if (pattern[i] == 'd' ? !isdigit(data[i]) : data[i] != (unsigned char)pattern[i])
			return probe_wrong(data, len, ret_text);
	if (len < RFB_SIZE)
		return PROBE_MORE;
	show(data, RFB_SIZE, ret_text, PROBE_TEXT_SIZE);
	return PROBE_SPEAKS;
}

/* ---- RDP ---- */

static bool is_negotiation(const unsigned char *part)
{
	return (part[0] == 2 || part[0] == 3) && part[2] == NEGOTIATION_SIZE && part[3] == 0;
}

enum probe_verdict probe_rdp(const unsigned char *data, size_t len, char ret_text[PROBE_TEXT_SIZE])
{
	static const char said[] = "an RDP server";
	const size_t plain = TPKT_SIZE + CONFIRM_SIZE, whole = plain + NEGOTIATION_SIZE;
	size_t told = len > 3 ? ((size_t)data[2] << 8 | data[3]) : 0;

	if ((len > 0 && data[0] != 3) || (len > 1 && data[1] != 0) ||
	    (len > 3 && told != plain && told != whole) ||
	    (len > 4 && data[4] != told - TPKT_SIZE - 1) || (len > 5 && data[5] != 0xd0) ||
	    (len > 10 && data[10] != 0))
		return probe_wrong(data, len, ret_text);
	if (len < plain || len < told)
		return PROBE_MORE;
	if (told == whole && !is_negotiation(data + plain))
		return probe_wrong(data, len, ret_text);
	text_copy(ret_text, PROBE_TEXT_SIZE, said);
	return PROBE_SPEAKS;
}
