/* SPDX-License-Identifier: Apache-2.0 */
/* What the mock has the host's services "crypto/1" and "random/1" do, for tests that they work where
 * modules run. */
#ifndef TESTS_MODULES_GOOD_MOCK_SERVICES_H
#define TESTS_MODULES_GOOD_MOCK_SERVICES_H

#include <headroom/crypto.h>
#include <headroom/random.h>

/* A create whose instance id is "HMAC.SHA-256" of the server's id, both as base64 of the form for
 * URLs; the HMAC's key is `key`. The step's script is an RSA key in PEM: what it signs (the server's id)
 * is the resume token, what it decrypts (the resume token that came) is the text. */
int32_t mock_sign(const struct hr_crypto_service *crypto, const struct hr_call *call,
		  const struct hr_step *step, struct hr_span key);

/* A create whose instance id is 16 random bytes, in hexadecimal. */
int32_t mock_throw_dice(const struct hr_random_service *random, const struct hr_call *call);

#endif
