/* SPDX-License-Identifier: Apache-2.0 */
/* Access tokens: made, listed, revoked. Their text is shown once and stored nowhere. */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "api/auth.h"
#include "api/handlers.h"
#include "api/names.h"
#include "api/page.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "schema/schema.h"

static const char *const roles[] = {"viewer", "broker", "operator", "admin", NULL};

static const struct hr_setting wish_rows[] = {
	{.key = "name",
	 .type = HR_TYPE_STRING,
	 .flags = HR_SETTING_REQUIRED,
	 .minimum = 1,
	 .maximum = 63,
	 .pattern = "[a-z0-9][a-z0-9-]{0,62}",
	 .title = "Name",
	 .help = "What the token is called, in lists and in the log.",
	 .example = "portal"},
	{.key = "role",
	 .type = HR_TYPE_ENUM,
	 .flags = HR_SETTING_REQUIRED,
	 .choices = roles,
	 .title = "Role",
	 .help = "What it may do."},
	{.key = "expires",
	 .type = HR_TYPE_STRING,
	 .maximum = 40,
	 .title = "Expires",
	 .help = "A time, or how long from now. Not given: never.",
	 .example = "90d"},
};

static const struct schema wish_schema = SCHEMA_OF("token", wish_rows);

static json_t *view(const struct api_token *token)
{
	return json_pack("{ss ss ss so so so}", "id", token->id, "name", token->name, "role",
			 token_role_name(token->role), "created", time_json(token->created_ms),
			 "expires", time_json(token->expires_ms), "revoked",
			 time_json(token->revoked_ms));
}

/* "2027-01-01T00:00:00Z", "90d". */
static int parse_expiry(const char *text, int64_t now_ms, int64_t *ret_ms, struct hr_error *err)
{
	int64_t seconds;

	*ret_ms = MS_NEVER;
	if (!text)
		return 0;
	if (time_parse(text, ret_ms) != 0) {
		if (schema_parse_duration(text, &seconds) != 0 || seconds <= 0 ||
		    seconds > INT64_C(3153600000))
			return error_set_field(
				err, HR_INVALID, "expires", "90d",
				"\"%s\" is neither a time such as 2027-01-31T00:00:00Z nor a "
				"duration such as 90d",
				text);
		*ret_ms = now_ms + seconds * MS_PER_S;
	}
	if (*ret_ms <= now_ms)
		return error_set_field(err, HR_INVALID, "expires", "90d",
				       "the token would have expired already at %s", text);
	return 0;
}

static int insert_token(struct tx *tx, struct id_source *ids, struct api_token *token,
			const char *text, struct hr_error *err)
{
	uint8_t hash[32];

	id_new(ids, token->id);
	auth_token_hash(text, hash);
	return token_insert(tx, token, hash, err);
}

/* Inserts a new one; its text goes to buf. */
static int make_token(struct tx *tx, struct id_source *ids, struct api_token *token,
		      char buf[API_TOKEN_SIZE], struct hr_error *err)
{
	auth_token_text(ids, buf);
	return insert_token(tx, ids, token, buf, err);
}

static int run_create(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	struct api_token token = {.created_ms = exchange->context.now_ms};
	char text[API_TOKEN_SIZE];
	json_t *body = NULL, *whole;
	int rc;

	if (schema_normalize(&wish_schema, exchange->input, 0, &body, err) != 0)
		return -1;
	text_copy(token.name, sizeof(token.name), json_string_or(body, "name", ""));
	token.role = (enum token_role)token_role_find(json_string_or(body, "role", ""));
	rc = parse_expiry(json_string_or(body, "expires", NULL), token.created_ms,
			  &token.expires_ms, err);
	json_decref(body);
	if (rc != 0 || make_token(tx, &exchange->context.ids, &token, text, err) != 0)
		return -1;
	whole = view(&token);
	rc = exchange_answer(exchange, whole, err);
	if (rc == 0 && json_object_set_new(whole, "token", json_string(text)) != 0)
		rc = error_no_memory(err, "answering");
	OPENSSL_cleanse(text, sizeof(text));
	exchange->status = MHD_HTTP_CREATED;
	return rc;
}

int tokens_create(struct exchange *exchange, struct hr_error *err)
{
	return exchange_write(exchange, run_create, err);
}

static int run_list(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	struct api_token *tokens = NULL;
	struct page page;
	size_t n = 0;
	int rc;

	if (page_begin(exchange, &page, err) != 0)
		return -1;
	rc = token_list(tx, &tokens, &n, err);
	/* There are few: one page holds all. */
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = page_add(&page, view(&tokens[i]), tokens[i].name, err);
	free(tokens);
	return page_end(exchange, &page, rc, err);
}

int tokens_list(struct exchange *exchange, struct hr_error *err)
{
	return exchange_read(exchange, run_list, err);
}

static int run_delete(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	exchange->status = MHD_HTTP_NO_CONTENT;
	return token_revoke(tx, exchange->params[0], exchange->context.now_ms, err);
}

int tokens_delete(struct exchange *exchange, struct hr_error *err)
{
	return exchange_write(exchange, run_delete, err);
}

/* ---- The first one ------------------------------------------------------------------------- */

struct first {
	struct id_source seed;
	struct api_token token;
	const char *text;
};

static int run_first(struct tx *tx, void *arg, struct hr_error *err)
{
	struct first *first = arg;
	struct id_source ids = first->seed;

	return insert_token(tx, &ids, &first->token, first->text, err);
}

int api_token_make(char ret_token[API_TOKEN_SIZE], struct hr_error *err)
{
	struct id_source ids;

	if (id_source_init(&ids, random_system, NULL) != 0)
		return error_set(err, HR_INTERNAL, "the system gives no random numbers");
	auth_token_text(&ids, ret_token);
	OPENSSL_cleanse(&ids, sizeof(ids));
	return 0;
}

int api_token_create_admin(struct store *store, const char *name, const char *token,
			   struct hr_error *err)
{
	struct first first = {.text = token};
	int rc;

	if (id_source_init(&first.seed, random_system, NULL) != 0)
		return error_set(err, HR_INTERNAL, "the system gives no random numbers");
	text_copy(first.token.name, sizeof(first.token.name), name);
	first.token.role = ROLE_ADMIN;
	first.token.created_ms = clock_now().wall_ms;
	first.token.expires_ms = MS_NEVER;
	rc = store_write(store, run_first, &first, err);
	OPENSSL_cleanse(&first.seed, sizeof(first.seed));
	return rc;
}
