/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets are not to be found in the file, and open only in their own place. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "store/sql.h"
#include "store/tx.h"

#define PLAIN "correct horse battery staple"

static void expect_secret(struct tx *tx, const char *id, const char *field, const char *wanted)
{
	struct hr_error err = {0};
	char *value;
	size_t len;

	must(secret_get(tx, "server", id, field, &value, &len, &err));
	ck_assert_uint_eq(len, strlen(wanted));
	ck_assert_str_eq(value, wanted);
	OPENSSL_clear_free(value, len + 1);
}

TRANSACTION_TEST(keeps_replaces_and_deletes)
{
	struct hr_error err = {0};
	char *value;
	size_t len;

	must(secret_put(tx, "server", "one", "key", "first", 5, &err));
	must(secret_put(tx, "server", "one", "key", "second", 6, &err));
	must(secret_put(tx, "server", "one", "empty", "", 0, &err));
	must(secret_put(tx, "server", "one", "bytes", "a\0b", 3, &err));
	must(secret_put(tx, "server", "two", "key", "other", 5, &err));
	expect_secret(tx, "one", "key", "second");
	expect_secret(tx, "one", "empty", "");
	must(secret_get(tx, "server", "one", "bytes", &value, &len, &err));
	ck_assert_uint_eq(len, 3);
	ck_assert_mem_eq(value, "a\0b", 4);
	OPENSSL_clear_free(value, len + 1);
	must(secret_delete(tx, "server", "one", "empty", &err));
	must(secret_delete(tx, "server", "one", "empty", &err));
	must_fail(secret_get(tx, "server", "one", "empty", &value, &len, &err), HR_NOT_FOUND,
		  "server one has no secret empty");
	must(secret_delete_all(tx, "server", "one", &err));
	must_fail(secret_get(tx, "server", "one", "key", &value, &len, &err), HR_NOT_FOUND,
		  "server one has no secret key");
	expect_secret(tx, "two", "key", "other");
}

static int put_plain(struct tx *tx, void *arg, struct hr_error *err)
{
	(void)arg;
	return secret_put(tx, "installation", "one", "checkin_key", PLAIN, strlen(PLAIN), err);
}

static int get_plain(struct tx *tx, void *arg, struct hr_error *err)
{
	char **value = arg;
	size_t len;

	return secret_get(tx, "installation", "one", "checkin_key", value, &len, err);
}

/* Whether the file has the text anywhere. */
static bool file_has(const char *path, const char *text)
{
	FILE *file = fopen(path, "r");
	char *bytes;
	size_t len;
	bool has;

	if (!file)
		return false;
	ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
	len = (size_t)ftell(file);
	rewind(file);
	bytes = malloc(len + 1);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_uint_eq(fread(bytes, 1, len, file), len);
	fclose(file);
	has = memmem(bytes, len, text, strlen(text)) != NULL;
	free(bytes);
	return has;
}

START_TEST(the_file_does_not_show_them)
{
	struct hr_error err = {0};
	char path[PATH_SIZE];
	char *value = NULL;

	commit(put_plain, NULL);
	ck_assert(file_has(below(path, "state/headroom.db-wal"), "checkin_key"));
	ck_assert(!file_has(path, PLAIN));
	reopen(false);
	ck_assert(file_has(database_path, "checkin_key"));
	ck_assert(!file_has(database_path, PLAIN));
	must(store_read(store, get_plain, &value, &err));
	ck_assert_str_eq(value, PLAIN);
	free(value);
}
END_TEST

static void swap(struct tx *tx, const char *text)
{
	struct hr_error err = {0};

	must(sql_exec(tx->sql, text, &err));
}

TRANSACTION_TEST(a_moved_secret_does_not_open)
{
	struct hr_error err = {0};
	char *value;
	size_t len;

	must(secret_put(tx, "server", "one", "key", "1", 1, &err));
	must(secret_put(tx, "server", "two", "key", "2", 1, &err));
	must(secret_put(tx, "server", "two", "token", "3", 1, &err));
	swap(tx, "UPDATE secrets SET sealed = (SELECT sealed FROM secrets WHERE owner_id = 'one') "
		 "WHERE owner_id = 'two' AND field = 'key'");
	must_fail(secret_get(tx, "server", "two", "key", &value, &len, &err), HR_AUTH,
		  "secret key of server two was changed outside Headroom: an encrypted value does "
		  "not open");
	swap(tx, "UPDATE secrets SET field = 'pass' WHERE field = 'token'");
	must_fail(secret_get(tx, "server", "two", "pass", &value, &len, &err), HR_AUTH,
		  "secret pass of server two was changed outside Headroom: an encrypted value does "
		  "not open");
	swap(tx, "UPDATE secrets SET owner_table = 'document' WHERE owner_id = 'one'");
	must_fail(secret_get(tx, "document", "one", "key", &value, &len, &err), HR_AUTH,
		  "secret key of document one was changed outside Headroom: an encrypted value "
		  "does not open");
	/* Put back, it opens. */
	swap(tx, "UPDATE secrets SET owner_table = 'server' WHERE owner_id = 'one'");
	expect_secret(tx, "one", "key", "1");
	swap(tx, "UPDATE secrets SET sealed = x'0102' WHERE owner_id = 'one'");
	must_fail(secret_get(tx, "server", "one", "key", &value, &len, &err), HR_AUTH,
		  "secret key of server one was changed outside Headroom: an encrypted value has a "
		  "wrong length");
}

/* Every byte counts: nonce, ciphertext and tag. */
TRANSACTION_TEST(a_changed_byte_is_noticed)
{
	struct seal_key key = {{1, 2, 3}};
	const char *const place[3] = {"a", "b", "c"}, *const shifted[3] = {"ab", "", "c"};
	struct hr_error err = {0};
	uint8_t *sealed, *again;
	size_t sealed_len, len;
	char *value;

	(void)tx;
	must(seal_close(&key, place, "text", 4, &sealed, &sealed_len, &err));
	must(seal_close(&key, place, "text", 4, &again, &len, &err));
	ck_assert_uint_eq(sealed_len, 4 + SEAL_EXTRA);
	ck_assert_mem_ne(sealed, again, sealed_len); /* a nonce is never used twice */
	for (size_t i = 0; i < sealed_len; i++) {
		sealed[i] ^= 0x40;
		must_fail(seal_open(&key, place, sealed, sealed_len, &value, &len, &err), HR_AUTH,
			  "an encrypted value does not open");
		sealed[i] ^= 0x40;
	}
	must_fail(seal_open(&key, shifted, sealed, sealed_len, &value, &len, &err), HR_AUTH,
		  "an encrypted value does not open");
	must(seal_open(&key, place, sealed, sealed_len, &value, &len, &err));
	ck_assert_str_eq(value, "text");
	OPENSSL_clear_free(value, len + 1);
	free(sealed);
	free(again);
}

static struct api_token new_token(int number, const char *name)
{
	struct api_token token = {
		.role = ROLE_OPERATOR, .created_ms = 1000 + number, .expires_ms = MS_NEVER};

	text_copy(token.id, sizeof(token.id), id_of(number));
	text_copy(token.name, sizeof(token.name), name);
	return token;
}

TRANSACTION_TEST(tokens_are_found_by_hash)
{
	struct api_token token = new_token(1, "ci"), other = new_token(2, "ci"), got, *list;
	uint8_t hash[32] = {1}, other_hash[32] = {1, 2};
	struct hr_error err = {0};
	size_t n;

	must(token_insert(tx, &token, hash, &err));
	must_fail(token_insert(tx, &other, other_hash, &err), HR_CONFLICT,
		  "there is a token named \"ci\" already; revoke it first, or choose another name");
	ck_assert_str_eq(err.field, "name");
	must(token_get_by_hash(tx, hash, &got, &err));
	ck_assert_str_eq(got.id, token.id);
	ck_assert_str_eq(got.name, "ci");
	ck_assert_int_eq(got.role, ROLE_OPERATOR);
	ck_assert_int_eq(got.created_ms, 1001);
	ck_assert_int_eq(got.expires_ms, MS_NEVER);
	ck_assert_int_eq(got.revoked_ms, 0);
	must_fail(token_get_by_hash(tx, other_hash, &got, &err), HR_NOT_FOUND,
		  "this token is not known");
	must(token_revoke(tx, "ci", 5000, &err));
	must_fail(token_revoke(tx, "ci", 6000, &err), HR_NOT_FOUND,
		  "there is no token \"ci\" that could be revoked; see: headroom token list");
	must(token_get_by_hash(tx, hash, &got, &err));
	ck_assert_int_eq(got.revoked_ms, 5000);
	must(token_insert(tx, &other, other_hash, &err));
	must(token_list(tx, &list, &n, &err));
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(list[1].id, other.id);
	free(list);
	must(token_revoke(tx, other.id, 7000, &err));
}

TRANSACTION_TEST(roles_have_names)
{
	static const char *const names[] = {"viewer", "broker", "operator", "admin"};

	(void)tx;
	for (int role = ROLE_VIEWER; role <= ROLE_ADMIN; role++) {
		ck_assert_str_eq(token_role_name((enum token_role)role), names[role - 1]);
		ck_assert_int_eq(token_role_find(names[role - 1]), role);
	}
	ck_assert_int_eq(token_role_find("root"), -1);
	ck_assert_int_eq(token_role_find(NULL), -1);
}

int main(void)
{
	const TTest *const tests[] = {
		keeps_replaces_and_deletes,   the_file_does_not_show_them,
		a_moved_secret_does_not_open, a_changed_byte_is_noticed,
		tokens_are_found_by_hash,     roles_have_names,
	};

	return run_tests("secret_rows", tests, sizeof(tests) / sizeof(tests[0]), store_setup,
			 store_teardown);
}
