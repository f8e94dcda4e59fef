/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets and access tokens. Secrets are encrypted with AES-256-GCM, bound to table, row and field;
 * API tokens are stored as SHA-256 only. */
#ifndef HR_STORE_SECRET_ROWS_H
#define HR_STORE_SECRET_ROWS_H

#include <stddef.h>

#include "store/store.h"

/* owner_table "server", "installation", "document"; value is copied and encrypted. */
int secret_put(struct tx *tx, const char *owner_table, const char *owner_id, const char *field,
	       const void *value, size_t len, struct hr_error *err);

/* NUL added; the caller wipes (OPENSSL_clear_free) *ret_value of *ret_len + 1 bytes. HR_NOT_FOUND. */
int secret_get(struct tx *tx, const char *owner_table, const char *owner_id, const char *field,
	       char **ret_value, size_t *ret_len, struct hr_error *err);

/* Nothing there is fine. */
int secret_delete(struct tx *tx, const char *owner_table, const char *owner_id, const char *field,
		  struct hr_error *err);
int secret_delete_all(struct tx *tx, const char *owner_table, const char *owner_id,
		      struct hr_error *err);

enum token_role { ROLE_VIEWER = 1, ROLE_BROKER = 2, ROLE_OPERATOR = 3, ROLE_ADMIN = 4 };

const char *token_role_name(enum token_role role);
int token_role_find(const char *name);

struct api_token {
	char id[ID_SIZE];
	char name[64];
	enum token_role role;
	int64_t created_ms;
	int64_t expires_ms; /* MS_NEVER: never */
	int64_t revoked_ms; /* 0: not */
};

/* hash: SHA-256 of the token's text. HR_CONFLICT: the name is taken. */
int token_insert(struct tx *tx, const struct api_token *token, const uint8_t hash[32],
		 struct hr_error *err);
/* HR_NOT_FOUND. Expired and revoked ones are found too: the caller looks at their times. */
int token_get_by_hash(struct tx *tx, const uint8_t hash[32], struct api_token *ret,
		      struct hr_error *err);
/* By id, or the name of one not revoked (revoked ones give their name free). */
int token_revoke(struct tx *tx, const char *name_or_id, int64_t now_ms, struct hr_error *err);
/* By name; revoked ones too. The caller frees. */
int token_list(struct tx *tx, struct api_token **ret_tokens, size_t *ret_n, struct hr_error *err);

#endif
