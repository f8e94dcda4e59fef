/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks, and whether that role may. */
#ifndef HR_API_AUTH_H
#define HR_API_AUTH_H

#include "api/exchange.h"

#define ROLE_BIT(role) (1u << (role))

/* Fills role and who. HR_AUTH: 401 without a valid token, 403 with one whose role is not enough. */
int auth_check(struct exchange *exchange, struct hr_error *err);

/* Whether the token of this hash may still be used. -1: the store's errors. */
int auth_token_holds(struct tx *tx, const uint8_t hash[32], int64_t now_ms, bool *ret_holds,
		     struct hr_error *err);

/* SHA-256 of a token's text, as it is stored. */
void auth_token_hash(const char *text, uint8_t ret_hash[32]);

/* New token text from random bytes: "hr_" and 43 characters. */
void auth_token_text(struct id_source *ids, char buf[API_TOKEN_SIZE]);

#endif
