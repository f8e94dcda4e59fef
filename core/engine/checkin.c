/* SPDX-License-Identifier: Apache-2.0 */
/* Check-ins: the installation's signing key, each server's token, and what a call changes. Not
 * here: the token's form (checkin_token.c) and the HTTP route (core/api). */
#include "engine/checkin.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/text.h"
#include "engine/checkin_token.h"
#include "engine/sessions.h"
#include "engine/silence.h"
#include "engine/ssh_key.h"
#include "store/secret_rows.h"
#include "store/server_rows.h"

/* Where keys are kept: secrets of the installation. "kid" names the present one, "key:<kid>" is
 * each; older ones stay as long as their tokens may be used. */
#define OWNER_TABLE "installation"
#define OWNER_ID "checkin"
#define KEY_FIELD_SIZE (CHECKIN_KID_SIZE + 8)

static int get_text(struct tx *tx, const char *field, char *buf, size_t size, struct hr_error *err)
{
	char *value = NULL;
	size_t len = 0;

	if (secret_get(tx, OWNER_TABLE, OWNER_ID, field, &value, &len, err) != 0)
		return -1;
	text_copy(buf, size, value);
	OPENSSL_clear_free(value, len + 1);
	return 0;
}

/* The key of that name. HR_NOT_FOUND. */
static int key_get(struct tx *tx, const char *kid, struct checkin_key *ret, struct hr_error *err)
{
	char field[KEY_FIELD_SIZE];
	char *value = NULL;
	size_t len = 0;

	text_format(field, sizeof(field), "key:%s", kid);
	if (get_text(tx, "issuer", ret->issuer, sizeof(ret->issuer), err) != 0 ||
	    secret_get(tx, OWNER_TABLE, OWNER_ID, field, &value, &len, err) != 0)
		return -1;
	if (len != sizeof(ret->bytes)) {
		OPENSSL_clear_free(value, len + 1);
		return error_set(err, HR_INTERNAL, "the check-in key %s has a wrong length", kid);
	}
	memcpy(ret->bytes, value, len);
	OPENSSL_clear_free(value, len + 1);
	text_copy(ret->kid, sizeof(ret->kid), kid);
	return 0;
}

static int present_key(struct tx *tx, struct checkin_key *ret, struct hr_error *err)
{
	char kid[CHECKIN_KID_SIZE];

	if (get_text(tx, "kid", kid, sizeof(kid), err) != 0)
		return -1;
	return key_get(tx, kid, ret, err);
}

int checkin_key_ensure(struct tx *tx, struct id_source *ids, struct hr_error *err)
{
	char field[KEY_FIELD_SIZE], kid[CHECKIN_KID_SIZE], issuer[ID_SIZE];
	struct hr_error missing = {0};
	uint8_t bytes[32];
	int rc;

	if (get_text(tx, "kid", kid, sizeof(kid), &missing) == 0)
		return 0;
	if (missing.class != HR_NOT_FOUND) {
		if (err)
			*err = missing;
		return -1;
	}
	id_secret_text(ids, kid, 8);
	id_new(ids, issuer);
	id_source_bytes(ids, bytes, sizeof(bytes));
	text_format(field, sizeof(field), "key:%s", kid);
	rc = secret_put(tx, OWNER_TABLE, OWNER_ID, field, bytes, sizeof(bytes), err);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	if (rc == 0)
		rc = secret_put(tx, OWNER_TABLE, OWNER_ID, "issuer", issuer, strlen(issuer), err);
	if (rc == 0)
		rc = secret_put(tx, OWNER_TABLE, OWNER_ID, "kid", kid, strlen(kid), err);
	return rc;
}

int checkin_token_make(struct tx *tx, const struct server *server, char **ret_token,
		       struct hr_error *err)
{
	struct checkin_claims claims = {.issued_s = server->token_issued_ms / MS_PER_S,
					.expires_s = server->token_expires_ms / MS_PER_S};
	struct checkin_key key;
	int rc;

	text_copy(claims.server_id, sizeof(claims.server_id), server->id);
	if (present_key(tx, &key, err) != 0)
		return -1;
	rc = checkin_token_sign(&key, &claims, ret_token, err);
	OPENSSL_cleanse(&key, sizeof(key));
	return rc;
}

/* Turns "there is no such row" into a refusal; other errors stay. */
static int refuse_missing(struct hr_error *err, const char *why)
{
	if (err && err->class == HR_NOT_FOUND)
		error_set(err, HR_AUTH, "the check-in token is refused: %s", why);
	return -1;
}

static int open_token(struct tx *tx, const char *token, struct checkin_claims *ret,
		      struct hr_error *err)
{
	char kid[CHECKIN_KID_SIZE];
	struct checkin_key key;
	int rc;

	if (checkin_token_kid(token, kid, err) != 0)
		return -1;
	if (key_get(tx, kid, &key, err) != 0)
		return refuse_missing(err, "it is signed by a key that this installation has not");
	rc = checkin_token_open(&key, token, ret, err);
	OPENSSL_cleanse(&key, sizeof(key));
	return rc;
}

/* The server that the token names, if the token may still speak for it. */
static int authorise(struct tx *tx, int64_t now_ms, const char *token, struct server *ret,
		     struct hr_error *err)
{
	struct checkin_claims claims;
	int64_t moved_ms;

	if (open_token(tx, token, &claims, err) != 0)
		return -1;
	if (server_get(tx, claims.server_id, ret, err) != 0)
		return refuse_missing(err, "its server does not exist any more");
	if (claims.issued_s != ret->token_issued_ms / MS_PER_S ||
	    claims.expires_s != ret->token_expires_ms / MS_PER_S)
		return error_set(
			err, HR_AUTH,
			"the check-in token is refused: it is not the present one of server %s",
			ret->name);
	if (ret->state == SERVER_PLANNED || ret->state > SERVER_RUNNING)
		return error_set(err, HR_AUTH, "the check-in token is refused: server %s is %s",
				 ret->name, server_state_name(ret->state));
	/* Once the server said "running", the token lives as long as the server does. Its claims are
	 * signed: when the clock jumps, the server's row moves with it (jumps.c), they cannot. */
	moved_ms = ret->created_ms - ret->token_issued_ms;
	if (ret->checked_in_ms == 0 && ret->ready_ms == 0 &&
	    now_ms >= ret->token_expires_ms + moved_ms)
		return error_set(
			err, HR_AUTH,
			"the check-in token is refused: it expired before server %s checked in",
			ret->name);
	return 0;
}

/* Keeps type and base64 only: what stands after them is the sender's free text. */
static int take_host_key(struct server *server, const char *text, struct hr_error *err)
{
	char key[sizeof(server->host_key)];
	size_t len;

	if (!ssh_key_public_valid(text))
		return error_set_field(
			err, HR_INVALID, "ssh_host_key", "ssh-ed25519 AAAAC3NzaC1lZDI1...",
			"the host key of server %s is no OpenSSH public key of a kind that is "
			"accepted (Ed25519, ECDSA, RSA from 2048 bits); send one line of "
			"/etc/ssh/ssh_host_ed25519_key.pub",
			server->name);
	text_copy(key, sizeof(key), text);
	len = strcspn(key, " ");
	len += 1 + strcspn(key + len + 1, " ");
	key[len] = '\0';
	if (server->host_key[0] != '\0' && strcmp(server->host_key, key) != 0)
		return error_set_field(
			err, HR_CONFLICT, "ssh_host_key", NULL,
			"server %s told another host key when it checked in first; users would "
			"take the change for an attack, so it is refused",
			server->name);
	text_copy(server->host_key, sizeof(server->host_key), key);
	return 0;
}

/* Of a server that runs: whatever it says, it is heard. */
static int apply_beat(struct tx *tx, struct life_context *context, struct server *server,
		      struct hr_error *err)
{
	bool was_missing;

	server->checked_in_ms = context->now_ms;
	if (silence_heard(tx, context, server, &was_missing, err) != 0 ||
	    server_update(tx, server, err) != 0)
		return -1;
	return was_missing ? sessions_seat_queue(tx, context, server->pool_id, err) : 0;
}

static int apply_running(struct tx *tx, struct life_context *context, struct server *server,
			 struct hr_error *err)
{
	bool first = server->checked_in_ms == 0;

	server->checked_in_ms = context->now_ms;
	server->percent = 100;
	if (server->state == SERVER_RUNNING)
		return apply_beat(tx, context, server, err);
	if (first && life_event(tx, context->now_ms, server, NULL, "server.checked_in",
				"server %s checked in", server->name) != 0)
		return error_set(err, HR_INTERNAL, "the check-in of server %s was not recorded",
				 server->name);
	/* Where its address is not known yet, this only notes that it is ready. */
	if (life_running(tx, context, server, "it checked in", err) != 0)
		return -1;
	if (server->state != SERVER_RUNNING)
		return 0;
	return sessions_seat_queue(tx, context, server->pool_id, err);
}

/* A server's own words, fit to be shown on a terminal. */
static void take_words(const char *text, char *buf, size_t size)
{
	text_copy(buf, size, text);
	for (; *buf != '\0'; buf++)
		if ((unsigned char)*buf < 0x20 || *buf == 0x7f)
			*buf = ' ';
}

static int apply_failed(struct tx *tx, struct life_context *context, struct server *server,
			const struct checkin *checkin, struct hr_error *err)
{
	char words[sizeof(server->failure)], reason[sizeof(server->failure)];

	take_words(checkin->message, words, sizeof(words));
	text_format(reason, sizeof(reason), "its startup script said that it failed%s%s",
		    words[0] ? ": " : "", words);
	return life_fail(tx, context, server, reason, err);
}

int checkin_apply(struct tx *tx, struct life_context *context, const struct checkin *checkin,
		  struct server *ret_server, struct hr_error *err)
{
	struct server *server = ret_server;

	if (authorise(tx, context->now_ms, checkin->token, server, err) != 0)
		return -1;
	if (checkin->ssh_host_key && take_host_key(server, checkin->ssh_host_key, err) != 0)
		return -1;
	if (strcmp(checkin->status, "failed") == 0)
		return apply_failed(tx, context, server, checkin, err);
	take_words(checkin->message && checkin->message[0] ? checkin->message : checkin->status,
		   server->stage, sizeof(server->stage));
	if (checkin->percent >= 0)
		server->percent = checkin->percent > 100 ? 100 : checkin->percent;
	if (strcmp(checkin->status, "running") == 0)
		return apply_running(tx, context, server, err);
	if (server->state == SERVER_RUNNING)
		return apply_beat(tx, context, server, err);
	if (server->checked_in_ms != 0)
		server->checked_in_ms = context->now_ms;
	return server_update(tx, server, err);
}
