/* SPDX-License-Identifier: Apache-2.0 */
/* See mock_services.h. A service that is missing is HR_UNSUPPORTED; one that fails has said why. */
#include "mock_services.h"

#include <stdio.h>
#include <string.h>

#define HASH_SIZE 32

static int32_t mac_and_hash(const struct hr_crypto_service *crypto, const struct hr_call *call,
			    struct hr_span key, struct hr_span data, struct hr_span ret[2])
{
	uint8_t mac[HASH_SIZE], hash[HASH_SIZE];
	const struct hr_span bytes[] = {{(const char *)mac, HASH_SIZE},
					{(const char *)hash, HASH_SIZE}};
	int32_t rc = crypto->hmac_sha256(call, key, data, mac);

	if (rc == HR_OK)
		rc = crypto->sha256(call, data, hash);
	for (int i = 0; rc == HR_OK && i < 2; i++)
		rc = crypto->base64_encode(call, HR_BASE64_URL, bytes[i], &ret[i]);
	return rc;
}

int32_t mock_sign(const struct hr_crypto_service *crypto, const struct hr_call *call,
		  const struct hr_step *step, struct hr_span key)
{
	struct hr_span texts[2], signature, signed_text, sealed, open;
	char id[128];
	int32_t rc;

	if (!crypto)
		return HR_UNSUPPORTED;
	rc = mac_and_hash(crypto, call, key, step->server_id, texts);
	if (rc == HR_OK)
		rc = crypto->rsa_sign(call, HR_RSA_PKCS1_SHA256, step->script, step->server_id,
				      &signature);
	if (rc == HR_OK)
		rc = crypto->base64_encode(call, HR_BASE64, signature, &signed_text);
	if (rc == HR_OK)
		rc = crypto->base64_decode(call, HR_BASE64, step->resume_token, &sealed);
	if (rc == HR_OK)
		rc = crypto->rsa_decrypt(call, HR_RSA_DECRYPT_PKCS1, step->script, sealed, &open);
	if (rc != HR_OK)
		return rc;
	snprintf(id, sizeof(id), "%.*s.%.*s", (int)texts[0].len, texts[0].ptr, (int)texts[1].len,
		 texts[1].ptr);
	call->instance(call, (struct hr_span){id, strlen(id)});
	call->again(call, signed_text, 0, -1, open);
	return HR_AGAIN;
}

int32_t mock_throw_dice(const struct hr_random_service *random, const struct hr_call *call)
{
	uint8_t bytes[16];
	char id[2 * sizeof(bytes) + 1];
	int32_t rc;

	if (!random)
		return HR_UNSUPPORTED;
	rc = random->bytes(bytes, sizeof(bytes));
	if (rc != HR_OK)
		return rc;
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	call->instance(call, (struct hr_span){id, strlen(id)});
	return HR_OK;
}
