/* SPDX-License-Identifier: Apache-2.0 */
/* See probe_tls.h; RFC 8446, 4.1.2 and 5.1. */
#include "builtin/probe_tls.h"

#include <string.h>

#include "base/text.h"

#define RECORD_HEAD 5
#define RECORD_MAX (16384 + 256)
#define ALERT 21
#define HANDSHAKE 22
#define SERVER_HELLO 2
#define SERVER_HELLO_MIN (2 + 32 + 1 + 2 + 1) /* version, random, no session id, suite, method */
#define WARNING 1

/* Behind the random bytes: suites, and extensions that servers want. */
static const unsigned char offers[] = {
	0,                                                                      /* no session id */
	0,    34,                                                               /* suites */
	0x13, 0x01, 0x13, 0x02, 0x13, 0x03,                                     /* TLS 1.3 */
	0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30, 0xcc, 0xa9, 0xcc, 0xa8, /* ECDHE, AEAD */
	0xc0, 0x09, 0xc0, 0x13, 0xc0, 0x0a, 0xc0, 0x14,                         /* ECDHE, CBC */
	0,    0x9c, 0,    0x9d, 0,    0x2f, 0,    0x35,                         /* RSA */
	1,    0,                                                                /* no compression */
	0,    89,                                                               /* extensions */
	0,    0x0b, 0,    2,    1,    0, /* point format: uncompressed */
	0,    0x0a, 0,    8,    0,    6,    0,    0x1d, 0,    0x17, 0,    0x18, /* groups */
	0,    0x0d, 0,    16,   0,    14,                                       /* signatures */
	0x04, 0x03, 0x05, 0x03, 0x08, 0x04, 0x08, 0x05, 0x04, 0x01, 0x05, 0x01,
	0x02, 0x01, 0,    0x2b, 0,    5,    4,    0x03, 0x04, 0x03, 0x03, /* versions */
	0,    0x33, 0,    38,   0,    36,   0,    0x1d, 0,    32, /* key share: X25519's base point */
};
#define KEY_SIZE 32

static void put_length(unsigned char *at, size_t value)
{
	at[0] = (unsigned char)(value >> 8);
	at[1] = (unsigned char)value;
}

size_t probe_tls_hello(unsigned char ret_hello[PROBE_TLS_HELLO_MAX])
{
	static const char random[33] = "Headroom asks only who is there.";
	const size_t body = 2 + 32 + sizeof(offers) + KEY_SIZE;
	unsigned char *at = ret_hello;

	memset(ret_hello, 0, PROBE_TLS_HELLO_MAX);
	at[0] = HANDSHAKE;
	put_length(at + 1, 0x0301);
	put_length(at + 3, 4 + body);
	at += RECORD_HEAD;
	at[0] = 1; /* ClientHello; a byte of its length is 0 */
	put_length(at + 2, body);
	put_length(at + 4, 0x0303);
	memcpy(at + 6, random, 32);
	memcpy(at + 38, offers, sizeof(offers));
	at[38 + sizeof(offers)] = 9; /* the key: nobody will use it */
	return RECORD_HEAD + 4 + body;
}

static enum probe_verdict wrong_alert(int number, char *ret_text)
{
	text_format(ret_text, PROBE_TEXT_SIZE, "it speaks TLS, but refuses with alert %d", number);
	return PROBE_WRONG;
}

/* As much of a handshake record as is there. */
static enum probe_verdict judge_hello(const unsigned char *part, size_t there, size_t length,
				      char *ret_text)
{
	size_t message;

	if (length < 4 + SERVER_HELLO_MIN || (there > 0 && part[0] != SERVER_HELLO))
		return probe_wrong(part, there, ret_text);
	if (there < 6)
		return PROBE_MORE;
	message = (size_t)part[1] << 16 | (size_t)part[2] << 8 | part[3];
	if (message < SERVER_HELLO_MIN || message > RECORD_MAX || part[4] != 3)
		return probe_wrong(part, there, ret_text);
	/* The random bytes too: nothing that stops here would serve anybody. */
	if (there < 4 + SERVER_HELLO_MIN)
		return PROBE_MORE;
	text_copy(ret_text, PROBE_TEXT_SIZE, "a TLS server");
	return PROBE_SPEAKS;
}

enum probe_verdict probe_tls(const unsigned char *data, size_t len, char ret_text[PROBE_TEXT_SIZE])
{
	size_t at = 0;

	for (;;) {
		const unsigned char *record = data + at;
		size_t there = len - at, length;

		if ((there > 0 && record[0] != HANDSHAKE && record[0] != ALERT) ||
		    (there > 1 && record[1] != 3))
			return probe_wrong(record, there, ret_text);
		if (there < RECORD_HEAD)
			return PROBE_MORE;
		length = (size_t)record[3] << 8 | record[4];
		there -= RECORD_HEAD;
		if (length == 0 || length > RECORD_MAX)
			return probe_wrong(record, there + RECORD_HEAD, ret_text);
		if (record[0] == HANDSHAKE)
			return judge_hello(record + RECORD_HEAD, there < length ? there : length,
					   length, ret_text);
		if (length != 2)
			return probe_wrong(record, there + RECORD_HEAD, ret_text);
		if (there < 2)
			return PROBE_MORE;
		if (record[RECORD_HEAD] != WARNING)
			return wrong_alert(record[RECORD_HEAD + 1], ret_text);
		at += RECORD_HEAD + length;
	}
}
