/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates by OpenSSL, a server by libmicrohttpd. */
#include "certificates.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <check.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/text.h"

static char *text_of(BIO *bio)
{
	char *at = NULL;
	long len = BIO_get_mem_data(bio, &at);
	char *text = strndup(at, (size_t)len);

	BIO_free(bio);
	return text;
}

static void add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	ck_assert_ptr_nonnull(extension);
	ck_assert_int_eq(X509_add_ext(cert, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void set_pin(struct certificate *c)
{
	unsigned char *der = NULL, hash[32];
	int len = i2d_PUBKEY(c->key, &der);
	char *base64;

	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(EVP_Digest(der, (size_t)len, hash, NULL, EVP_sha256(), NULL), 1);
	base64 = text_base64(hash, sizeof(hash));
	snprintf(c->pin, sizeof(c->pin), "sha256//%s", base64);
	free(base64);
	OPENSSL_free(der);
}

void certificate_make(struct certificate *c, const char *name, const char *names,
		      const struct certificate *issuer)
{
	static long serial;
	X509_NAME *subject;
	BIO *bio;

	memset(c, 0, sizeof(*c));
	c->key = EVP_EC_gen("P-256");
	c->cert = X509_new();
	X509_set_version(c->cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(c->cert), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(c->cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(c->cert), 86400);
	X509_set_pubkey(c->cert, c->key);
	subject = X509_get_subject_name(c->cert);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1,
				   -1, 0);
	X509_set_issuer_name(c->cert, issuer ? X509_get_subject_name(issuer->cert) : subject);
	add_extension(c->cert, NID_basic_constraints, names ? "CA:FALSE" : "critical,CA:TRUE");
	if (names)
		add_extension(c->cert, NID_subject_alt_name, names);
	ck_assert_int_gt(X509_sign(c->cert, issuer ? issuer->key : c->key, EVP_sha256()), 0);
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, c->cert);
	c->cert_pem = text_of(bio);
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_PrivateKey(bio, c->key, NULL, NULL, 0, NULL, NULL);
	c->key_pem = text_of(bio);
	set_pin(c);
}

void certificate_free(struct certificate *c)
{
	EVP_PKEY_free(c->key);
	X509_free(c->cert);
	free(c->key_pem);
	free(c->cert_pem);
}

/* Whether the client showed a certificate. GnuTLS is libmicrohttpd's, and not linked by ourselves. */
static bool shows_certificate(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	const void *(*peers)(void *session, unsigned *n) = NULL;
	unsigned n = 0;

	*(void **)&peers = dlsym(RTLD_DEFAULT, "gnutls_certificate_get_peers");
	ck_assert_ptr_nonnull((void *)(uintptr_t)peers);
	return info && peers(info->tls_session, &n) != NULL && n > 0;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *data_len, void **state)
{
	const char *text = shows_certificate(connection) ? "yes" : "no";
	bool redirects = strncmp(url, "/to/", 4) == 0;
	struct MHD_Response *response;
	char place[64];
	enum MHD_Result rc;

	(void)context;
	(void)method;
	(void)version;
	(void)data;
	if (!*state) {
		*state = connection;
		return MHD_YES;
	}
	*data_len = 0;
	response = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
						   MHD_RESPMEM_PERSISTENT);
	snprintf(place, sizeof(place), "https://127.0.0.1:%.6s/", redirects ? url + 4 : "");
	if (redirects)
		MHD_add_response_header(response, "Location", place);
	rc = MHD_queue_response(connection, redirects ? 302 : 200, response);
	MHD_destroy_response(response);
	return rc;
}

void tls_server_start(struct tls_server *server, const struct certificate *own,
		      const struct certificate *client_ca, const char *priorities)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct MHD_OptionItem more[3];
	int n = 0;

	if (client_ca)
		more[n++] =
			(struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_TRUST, 0, client_ca->cert_pem};
	if (priorities)
		more[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0,
						    (void *)(uintptr_t)priorities};
	more[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
	server->daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS, 0, NULL, NULL, answer, NULL,
		MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_HTTPS_MEM_KEY, own->key_pem,
		MHD_OPTION_HTTPS_MEM_CERT, own->cert_pem, MHD_OPTION_ARRAY, more, MHD_OPTION_END);
	ck_assert_ptr_nonnull(server->daemon);
	server->port = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void tls_server_stop(struct tls_server *server)
{
	MHD_stop_daemon(server->daemon);
}
