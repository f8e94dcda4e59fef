/* SPDX-License-Identifier: Apache-2.0 */
/* headroom/crypto.h - host service "crypto/1": what signing a request takes, so that a small module
 * needs no crypto library. Results are memory of the call's arena, wiped at its end. */
#ifndef HEADROOM_CRYPTO_H
#define HEADROOM_CRYPTO_H

#include <headroom/provider.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HR_CRYPTO_SERVICE "crypto/1"

enum {
	HR_BASE64 = 0,           /* RFC 4648, padded */
	HR_BASE64_URL = 1,       /* RFC 4648 section 5, not padded; decoding takes either */
	HR_RSA_PKCS1_SHA256 = 1, /* signature RSASSA-PKCS1-v1_5 with SHA-256 */
	HR_RSA_DECRYPT_PKCS1 = 1 /* RSAES-PKCS1-v1_5: Windows passwords of EC2 */
};

/* With an error details are set. */
struct hr_crypto_service {
	uint64_t size;
	/* [this call] [in call] [no wait] [errors: invalid, internal] */
	int32_t (*sha256)(const struct hr_call *call, struct hr_span data, uint8_t ret_hash[32]);
	/* [this call] [in call] [no wait] [errors: invalid, internal] */
	int32_t (*hmac_sha256)(const struct hr_call *call, struct hr_span key, struct hr_span data,
			       uint8_t ret_mac[32]);
	/* key: a private key in PEM, without passphrase.
	 * [this call] [in call] [no wait] [errors: invalid, internal] */
	int32_t (*rsa_sign)(const struct hr_call *call, uint32_t scheme, struct hr_span key,
			    struct hr_span data, struct hr_span *ret_signature);
	/* As above.
	 * [this call] [in call] [no wait] [errors: invalid, internal] */
	int32_t (*rsa_decrypt)(const struct hr_call *call, uint32_t scheme, struct hr_span key,
			       struct hr_span data, struct hr_span *ret_text);
	/* [this call] [in call] [no wait] [errors: invalid, internal] */
	int32_t (*base64_encode)(const struct hr_call *call, uint32_t form, struct hr_span data,
				 struct hr_span *ret_text);
	/* [this call] [in call] [no wait] [errors: invalid, internal] */
	int32_t (*base64_decode)(const struct hr_call *call, uint32_t form, struct hr_span text,
				 struct hr_span *ret_data);
};

#ifdef __cplusplus
}
#endif
#endif
