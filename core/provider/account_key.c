/* SPDX-License-Identifier: Apache-2.0 */
/* The account key's hash. Values go straight into it: no text of a secret is made here. */
#include "provider/account_key.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/text.h"

/* With its terminating zero, so that no two lists of texts are the same bytes. */
static bool add_text(EVP_MD_CTX *hash, const char *text)
{
	return EVP_DigestUpdate(hash, text, strlen(text) + 1) == 1;
}

static int add_bytes(const char *bytes, size_t len, void *hash)
{
	return EVP_DigestUpdate(hash, bytes, len) == 1 ? 0 : -1;
}

/* JSON text holds no zero byte: the one after it ends the value. */
static bool add_value(EVP_MD_CTX *hash, const json_t *value)
{
	if (value && json_dump_callback(value, add_bytes, hash,
					JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) != 0)
		return false;
	return add_text(hash, "");
}

static bool add_marked(EVP_MD_CTX *hash, const struct schema *schema, const json_t *settings)
{
	for (size_t i = 0; i < schema->n_rows; i++) {
		const struct hr_setting *row = schema_row(schema, i);

		if (!(row->flags & HR_SETTING_ACCOUNT_KEY))
			continue;
		if (!add_text(hash, row->key) ||
		    !add_value(hash, json_object_get(settings, row->key)))
			return false;
	}
	return true;
}

static bool has_marked(const struct schema *schema)
{
	for (size_t i = 0; i < schema->n_rows; i++)
		if (schema_row(schema, i)->flags & HR_SETTING_ACCOUNT_KEY)
			return true;
	return false;
}

int account_key(const struct registry_module *module, const json_t *settings, const char *account,
		char ret_key[ACCOUNT_KEY_SIZE], struct hr_error *err)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	EVP_MD_CTX *hash;
	bool made;

	if (!has_marked(&module->schema)) {
		text_copy(ret_key, ACCOUNT_KEY_SIZE, account);
		return 0;
	}
	hash = EVP_MD_CTX_new();
	made = hash && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 &&
	       add_text(hash, module->id) && add_marked(hash, &module->schema, settings) &&
	       EVP_DigestFinal_ex(hash, digest, &len) == 1 && 2 * len + 1 == ACCOUNT_KEY_SIZE;
	EVP_MD_CTX_free(hash);
	if (!made)
		return error_no_memory(err, "finding an account's key");
	text_hex(digest, len, ret_key);
	return 0;
}
