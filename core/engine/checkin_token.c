/* SPDX-License-Identifier: Apache-2.0 */
/* Signs and opens check-in tokens. The reader takes exactly what the writer makes: two dots, HS256,
 * a known key, no critical extensions. */
#include "engine/checkin_token.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"

#define PURPOSE "checkin"
#define SIGNATURE_CHARS 43 /* 32 bytes in base64url */

struct parts {
	const char *header;
	size_t header_len;
	const char *payload;
	size_t payload_len;
	const char *signature;
	size_t signature_len;
};

static int refuse(struct hr_error *err, const char *why)
{
	return error_set(err, HR_AUTH, "the check-in token is refused: %s", why);
}

/* HMAC of text as base64url, into buf of SIGNATURE_CHARS + 1. */
static int sign_text(const struct checkin_key *key, const char *text, size_t len,
		     char buf[SIGNATURE_CHARS + 1], struct hr_error *err)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned digest_len = 0;
	char *base64;

	if (!HMAC(EVP_sha256(), key->bytes, sizeof(key->bytes), (const unsigned char *)text, len,
		  digest, &digest_len) ||
	    digest_len != 32)
		return error_set(err, HR_INTERNAL, "OpenSSL made no HMAC");
	base64 = text_base64url(digest, digest_len);
	if (!base64)
		return error_no_memory(err, "signing a check-in token");
	text_copy(buf, SIGNATURE_CHARS + 1, base64);
	free(base64);
	return 0;
}

/* json as base64url; takes the reference over. NULL: no memory. */
static char *encode(json_t *json)
{
	char *text = json ? json_text(json) : NULL;
	char *base64 = text ? text_base64url(text, strlen(text)) : NULL;

	free(text);
	json_decref(json);
	return base64;
}

int checkin_token_sign(const struct checkin_key *key, const struct checkin_claims *claims,
		       char **ret_token, struct hr_error *err)
{
	char *header =
		encode(json_pack("{ss ss ss}", "alg", "HS256", "typ", "JWT", "kid", key->kid));
	char *payload = encode(json_pack(
		"{ss ss ss sI sI}", "aud", PURPOSE, "iss", key->issuer, "sub", claims->server_id,
		"iat", (json_int_t)claims->issued_s, "exp", (json_int_t)claims->expires_s));
	size_t size =
		header && payload ? strlen(header) + strlen(payload) + SIGNATURE_CHARS + 3 : 0;
	char signature[SIGNATURE_CHARS + 1];
	char *token = size > 0 ? malloc(size) : NULL;
	int rc = -1;

	if (!token) {
		error_no_memory(err, "making a check-in token");
		goto out;
	}
	text_format(token, size, "%s.%s", header, payload);
	if (sign_text(key, token, strlen(token), signature, err) != 0)
		goto out;
	text_format(token + strlen(token), size - strlen(token), ".%s", signature);
	*ret_token = token;
	token = NULL;
	rc = 0;
out:
	free(header);
	free(payload);
	free(token);
	return rc;
}

static int split(const char *token, struct parts *ret, struct hr_error *err)
{
	const char *first, *second;

	if (!token || *token == '\0')
		return refuse(err, "there is none");
	if (strlen(token) > CHECKIN_TOKEN_MAX)
		return refuse(err, "it is longer than any token of ours");
	first = strchr(token, '.');
	second = first ? strchr(first + 1, '.') : NULL;
	if (!second || strchr(second + 1, '.'))
		return refuse(err, "it has not the three parts of a JWT");
	ret->header = token;
	ret->header_len = (size_t)(first - token);
	ret->payload = first + 1;
	ret->payload_len = (size_t)(second - first - 1);
	ret->signature = second + 1;
	ret->signature_len = strlen(second + 1);
	return 0;
}

/* The JSON object of one part. */
static int decode(const char *text, size_t len, const char *what, json_t **ret,
		  struct hr_error *err)
{
	struct hr_error ignored;
	size_t json_len = 0;
	char *json_bytes = text_base64url_decode(text, len, &json_len);
	json_t *json = NULL;

	if (json_bytes && json_parse(json_bytes, json_len, what, &json, &ignored) == 0 &&
	    json_is_object(json)) {
		free(json_bytes);
		*ret = json;
		return 0;
	}
	free(json_bytes);
	json_decref(json);
	return refuse(err, "a part of it is no JSON object in base64url");
}

static bool kid_valid(const char *kid)
{
	size_t len =
		strspn(kid, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

	return len > 0 && len < CHECKIN_KID_SIZE && kid[len] == '\0';
}

int checkin_token_kid(const char *token, char ret_kid[CHECKIN_KID_SIZE], struct hr_error *err)
{
	CLEANUP_JSON json_t *header = NULL;
	struct parts parts;
	const char *kid;

	if (split(token, &parts, err) != 0 ||
	    decode(parts.header, parts.header_len, "header", &header, err) != 0)
		return -1;
	if (strcmp(json_string_or(header, "alg", ""), "HS256") != 0)
		return refuse(err, "its algorithm is not HS256");
	if (json_object_get(header, "crit"))
		return refuse(err, "it has critical extensions");
	if (strcmp(json_string_or(header, "typ", "JWT"), "JWT") != 0)
		return refuse(err, "its type is not JWT");
	kid = json_string_or(header, "kid", "");
	if (!kid_valid(kid))
		return refuse(err, "it names no key");
	text_copy(ret_kid, CHECKIN_KID_SIZE, kid);
	return 0;
}

static int read_claims(const struct checkin_key *key, const json_t *payload,
		       struct checkin_claims *ret, struct hr_error *err)
{
	const char *server_id = json_string_or(payload, "sub", "");

	if (strcmp(json_string_or(payload, "iss", ""), key->issuer) != 0)
		return refuse(err, "it is another installation's");
	if (strcmp(json_string_or(payload, "aud", ""), PURPOSE) != 0)
		return refuse(err, "it is for another purpose than check-in");
	if (!id_valid(server_id))
		return refuse(err, "it names no server");
	if (!json_is_integer(json_object_get(payload, "iat")) ||
	    !json_is_integer(json_object_get(payload, "exp")))
		return refuse(err, "it does not say when it was made and when it ends");
	text_copy(ret->server_id, sizeof(ret->server_id), server_id);
	ret->issued_s = json_integer_or(payload, "iat", 0);
	ret->expires_s = json_integer_or(payload, "exp", 0);
	return 0;
}

int checkin_token_open(const struct checkin_key *key, const char *token,
		       struct checkin_claims *ret_claims, struct hr_error *err)
{
	CLEANUP_JSON json_t *payload = NULL;
	char expected[SIGNATURE_CHARS + 1];
	char kid[CHECKIN_KID_SIZE];
	struct parts parts;

	if (checkin_token_kid(token, kid, err) != 0 || split(token, &parts, err) != 0)
		return -1;
	if (strcmp(kid, key->kid) != 0)
		return refuse(err, "it is signed by another key");
	if (sign_text(key, token, (size_t)(parts.signature - token) - 1, expected, err) != 0)
		return -1;
	/* As text: two texts may decode to the same bytes, only one of them is what we made. */
	if (parts.signature_len != SIGNATURE_CHARS ||
	    CRYPTO_memcmp(parts.signature, expected, SIGNATURE_CHARS) != 0)
		return refuse(err, "its signature is wrong");
	if (decode(parts.payload, parts.payload_len, "payload", &payload, err) != 0)
		return -1;
	return read_claims(key, payload, ret_claims, err);
}
