/* SPDX-License-Identifier: Apache-2.0 */
/* The first words of SSH, RFB and RDP servers, judged as they come. Pure functions; no byte of
 * `data` is believed. TLS is in probe_tls.h. */
#ifndef HR_BUILTIN_PROBE_WORDS_H
#define HR_BUILTIN_PROBE_WORDS_H

#include <stddef.h>
#include <stdint.h>

enum probe_verdict {
	PROBE_MORE,   /* it may become right */
	PROBE_SPEAKS, /* proven; ret_text names who */
	PROBE_WRONG   /* it never will; ret_text says what came instead */
};

#define PROBE_TEXT_SIZE 160

/* What a client sends first to an RDP server: an X.224 connection request that offers TLS and CredSSP
 * ([MS-RDPBCGR] 2.2.1.1). */
extern const unsigned char probe_rdp_hello[19];

/* RFC 4253, 4.2: lines of at most 255 bytes, 1 KiB of other text before the one that counts, and
 * protocol version 2. */
enum probe_verdict probe_ssh(const unsigned char *data, size_t len, char ret_text[PROBE_TEXT_SIZE]);

/* RFC 6143, 7.1.1: "RFB 003.008\n". */
enum probe_verdict probe_rfb(const unsigned char *data, size_t len, char ret_text[PROBE_TEXT_SIZE]);

/* An X.224 connection confirm in its TPKT, without or with an answer to the negotiation; a refused
 * negotiation is RDP all the same. */
enum probe_verdict probe_rdp(const unsigned char *data, size_t len, char ret_text[PROBE_TEXT_SIZE]);

/* For PROBE_WRONG: `it answers "HTTP/1.1 400 Bad Request"`, of what can be printed. */
enum probe_verdict probe_wrong(const unsigned char *data, size_t len,
			       char ret_text[PROBE_TEXT_SIZE]);

#endif
