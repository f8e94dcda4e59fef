/* SPDX-License-Identifier: Apache-2.0 */
/* Encryption of small values with AES-256-GCM: bound to a place, so that a value moved elsewhere
 * no longer opens. */
#ifndef HR_STORE_SEAL_H
#define HR_STORE_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define SEAL_KEY_SIZE 32
#define SEAL_NONCE_SIZE 12
#define SEAL_TAG_SIZE 16
#define SEAL_EXTRA (SEAL_NONCE_SIZE + SEAL_TAG_SIZE) /* how much longer the sealed value is */

struct seal_key {
	uint8_t bytes[SEAL_KEY_SIZE];
};

/* place: three texts, none NULL. *ret_sealed (len + SEAL_EXTRA bytes: nonce, ciphertext, tag) is
 * the caller's to free. */
int seal_close(const struct seal_key *key, const char *const place[3], const void *value,
	       size_t len, uint8_t **ret_sealed, size_t *ret_len, struct hr_error *err);

/* HR_AUTH: another key or place, or changed bytes. *ret_value has a NUL added; the caller frees it
 * with OPENSSL_clear_free(*ret_value, *ret_len + 1). */
int seal_open(const struct seal_key *key, const char *const place[3], const void *sealed,
	      size_t sealed_len, char **ret_value, size_t *ret_len, struct hr_error *err);

#endif
