/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and certificates made at run time, and an HTTPS server on 127.0.0.1 that uses them. */
#ifndef HR_TESTS_HTTP_CERTIFICATES_H
#define HR_TESTS_HTTP_CERTIFICATES_H

#include <stdbool.h>

#include <microhttpd.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

struct certificate {
	EVP_PKEY *key;
	X509 *cert;
	char *key_pem;
	char *cert_pem;
	char pin[64]; /* sha256//... */
};

/* Signed by issuer, or by itself where that is NULL; names: "IP:127.0.0.1,DNS:localhost", or NULL:
 * a CA. */
void certificate_make(struct certificate *ret, const char *name, const char *names,
		      const struct certificate *issuer);
void certificate_free(struct certificate *certificate);

struct tls_server {
	struct MHD_Daemon *daemon;
	int port;
};

/* Answers with 200 and, as its body, whether the client showed a certificate: "yes" or "no"; to "/to/PORT"
 * with a redirect to that port. It asks for a certificate where client_ca is given. priorities: of GnuTLS, or NULL. */
void tls_server_start(struct tls_server *server, const struct certificate *own,
		      const struct certificate *client_ca, const char *priorities);
void tls_server_stop(struct tls_server *server);

#endif
