/* SPDX-License-Identifier: Apache-2.0 */
/* Linked into a module with its own jansson and OpenSSL inside: what they compute has to be right in the sandboxed
 * process, which has others of its own. A wrong result ends the process, and so the module's description. For
 * tests/vendor-hour.sh. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/evp.h>

__attribute__((constructor)) static void compute(void)
{
	/* SHA-256 of "abc": FIPS 180-2, B.1. */
	static const unsigned char wanted[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea};
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	json_t *json = json_loads("{\"a\": [1, 2]}", 0, NULL);

	if (!EVP_Digest("abc", 3, hash, &len, EVP_sha256(), NULL) || len != 32 ||
	    memcmp(hash, wanted, sizeof(wanted)) != 0 ||
	    json_array_size(json_object_get(json, "a")) != 2)
		abort();
	json_decref(json);
}
