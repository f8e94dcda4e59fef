/* SPDX-License-Identifier: Apache-2.0 */
/* Bearer tokens and the unix socket's peers. Tokens are 258 random bits, so their hash needs no
 * salt and no stretching. */
#include "api/auth.h"

#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "api/routes.h"
#include "base/clock.h"
#include "base/text.h"

#define TOKEN_PREFIX "hr_"
#define TOKEN_CHARS 43

void auth_token_hash(const char *text, uint8_t ret_hash[32])
{
	unsigned len = 0;

	if (EVP_Digest(text, strlen(text), ret_hash, &len, EVP_sha256(), NULL) != 1 || len != 32)
		memset(ret_hash, 0, 32); /* no token has this hash */
}

void auth_token_text(struct id_source *ids, char buf[API_TOKEN_SIZE])
{
	memcpy(buf, TOKEN_PREFIX, sizeof(TOKEN_PREFIX));
	id_secret_text(ids, buf + strlen(TOKEN_PREFIX), TOKEN_CHARS);
}

int auth_token_holds(struct tx *tx, const uint8_t hash[32], int64_t now_ms, bool *ret_holds,
		     struct hr_error *err)
{
	struct api_token token;
	struct hr_error why = {0};

	*ret_holds = false;
	if (token_get_by_hash(tx, hash, &token, &why) != 0) {
		if (why.class == HR_NOT_FOUND)
			return 0;
		if (err)
			*err = why;
		return -1;
	}
	*ret_holds = token.revoked_ms == 0 && token.expires_ms > now_ms;
	return 0;
}

static int lookup_token(struct tx *tx, void *arg, struct hr_error *err)
{
	struct known_token *known = arg;

	return token_get_by_hash(tx, known->hash, &known->token, err);
}

/* The token of this hash. Most requests come with one that was seen since the last commit: that is not
 * read again. One that was revoked before the request came is not known any more. */
static int find_token(struct exchange *exchange, const uint8_t hash[32],
		      const struct api_token **ret_token, struct hr_error *err)
{
	struct known_token *known = &exchange->listener->tokens[hash[0] % TOKENS_KNOWN];
	struct store *store = exchange->api->options.store;
	/* Before the read: a commit meanwhile counts as one after it. */
	uint64_t commits = store_commits(store);

	*ret_token = &known->token;
	if (known->token.id[0] != '\0' && known->commits == commits &&
	    memcmp(known->hash, hash, sizeof(known->hash)) == 0)
		return 0;
	memset(known, 0, sizeof(*known));
	known->commits = commits;
	memcpy(known->hash, hash, sizeof(known->hash));
	return store_read(store, lookup_token, known, err);
}

static int refuse(struct hr_error *err, const char *message)
{
	return error_set(err, HR_AUTH, "%s", message);
}

/* "Bearer <token>"; the scheme's case does not matter. NULL: none. */
static const char *bearer(const char *header)
{
	if (!header || strncasecmp(header, "Bearer ", 7) != 0)
		return NULL;
	header += 7;
	return header + strspn(header, " ");
}

static int check_token(struct exchange *exchange, const char *header, struct hr_error *err)
{
	const char *text = bearer(header);
	const struct api_token *token;
	uint8_t hash[32];
	char time[TIME_TEXT_SIZE];

	if (!text)
		return refuse(err, "the Authorization header must read: Bearer hr_...");
	if (strlen(text) != strlen(TOKEN_PREFIX) + TOKEN_CHARS ||
	    strncmp(text, TOKEN_PREFIX, strlen(TOKEN_PREFIX)) != 0)
		return refuse(
			err,
			"this is no access token of Headroom: those begin with hr_ and have 46 "
			"characters");
	auth_token_hash(text, hash);
	if (find_token(exchange, hash, &token, err) != 0)
		return err->class == HR_NOT_FOUND
			       ? refuse(err,
					"this access token is not known here; make one with: headroom "
					"token create")
			       : -1;
	if (token->revoked_ms != 0)
		return error_set(err, HR_AUTH, "the access token \"%s\" was revoked at %s",
				 token->name, time_text(token->revoked_ms, time));
	if (token->expires_ms <= clock_now().wall_ms)
		return error_set(err, HR_AUTH, "the access token \"%s\" expired at %s", token->name,
				 time_text(token->expires_ms, time));
	exchange->role = token->role;
	exchange->by_token = true;
	memcpy(exchange->token_hash, hash, sizeof(exchange->token_hash));
	text_copy(exchange->who, sizeof(exchange->who), token->name);
	return 0;
}

/* "operator or admin" */
static void roles_text(unsigned roles, char buf[64])
{
	buf[0] = '\0';
	for (int role = ROLE_VIEWER; role <= ROLE_ADMIN; role++)
		if (roles & ROLE_BIT(role))
			text_format(buf + strlen(buf), 64 - strlen(buf), "%s%s",
				    buf[0] ? " or " : "", token_role_name((enum token_role)role));
}

static int check_role(const struct exchange *exchange, struct hr_error *err)
{
	char roles[64];

	if (exchange->route->roles & ROLE_BIT(exchange->role))
		return 0;
	roles_text(exchange->route->roles, roles);
	error_set(err, HR_AUTH, "the token \"%s\" has the role %s; this needs %s", exchange->who,
		  token_role_name(exchange->role), roles);
	err->http_status = MHD_HTTP_FORBIDDEN;
	return -1;
}

int auth_check(struct exchange *exchange, struct hr_error *err)
{
	const char *header = exchange_header(exchange, MHD_HTTP_HEADER_AUTHORIZATION);

	if (exchange->route->roles == 0)
		return 0;
	if (header) {
		if (check_token(exchange, header, err) != 0)
			return -1;
	} else if (exchange->peer && exchange->peer->trusted) {
		exchange->role = ROLE_ADMIN;
		text_copy(exchange->who, sizeof(exchange->who), "an administrator on this machine");
	} else {
		return refuse(err,
			      "this needs an access token: send the header \"Authorization: Bearer "
			      "hr_...\"; make one with: headroom token create");
	}
	return check_role(exchange, err);
}
