/* SPDX-License-Identifier: Apache-2.0 */
/* TLS as far as a probe needs it: one ClientHello, and whether a ServerHello answers it. A whole
 * handshake by OpenSSL would read a stranger's certificate to prove no more than that, and would need
 * libssl in every host process. */
#ifndef HR_BUILTIN_PROBE_TLS_H
#define HR_BUILTIN_PROBE_TLS_H

#include "builtin/probe_words.h"

#define PROBE_TLS_HELLO_MAX 256

/* A ClientHello for TLS 1.2 and 1.3; gives its length. */
size_t probe_tls_hello(unsigned char ret_hello[PROBE_TLS_HELLO_MAX]);

/* A handshake record whose first message is a ServerHello (or asks for another key), warnings
 * before it allowed. */
enum probe_verdict probe_tls(const unsigned char *data, size_t len, char ret_text[PROBE_TEXT_SIZE]);

#endif
