/* SPDX-License-Identifier: Apache-2.0 */
/* The check-in token's form: JWT (RFC 7519), HS256, strict. Pure functions of a key; where keys are
 * kept and what a token may still do is checkin.c's. */
#ifndef HR_ENGINE_CHECKIN_TOKEN_H
#define HR_ENGINE_CHECKIN_TOKEN_H

#include <stdint.h>

#include "base/error.h"
#include "base/id.h"

#define CHECKIN_TOKEN_MAX 1024 /* characters; ours have about 350 */
#define CHECKIN_KID_SIZE 17

struct checkin_key {
	char kid[CHECKIN_KID_SIZE]; /* A-Z a-z 0-9 - _ */
	char issuer[ID_SIZE];       /* this installation */
	uint8_t bytes[32];          /* wiped by the caller */
};

struct checkin_claims {
	char server_id[ID_SIZE];
	int64_t issued_s;
	int64_t expires_s;
};

/* The same text for the same key and claims; the caller wipes and frees. */
int checkin_token_sign(const struct checkin_key *key, const struct checkin_claims *claims,
		       char **ret_token, struct hr_error *err);

/* The key's name that the token gives, not trusted yet. HR_AUTH: no token of ours at all (form,
 * size, another algorithm than HS256). */
int checkin_token_kid(const char *token, char ret_kid[CHECKIN_KID_SIZE], struct hr_error *err);

/* Signature first, then issuer, purpose and form of the claims; not the expiry. HR_AUTH. */
int checkin_token_open(const struct checkin_key *key, const char *token,
		       struct checkin_claims *ret_claims, struct hr_error *err);

#endif
