/* SPDX-License-Identifier: Apache-2.0 */
/* Check-in tokens from bytes. No bytes are a token of ours but those that we would have signed: what is
 * opened must be, to the last character, what signing its claims gives. A token that begins with "!" is
 * signed here first, so that its claims are reached: the rest is "subject issued expires". */
#include "engine/checkin_token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct checkin_key key = {
	.kid = "k1", .issuer = "01909090-0000-7000-8000-000000000001", .bytes = {1, 2, 3}};

static void open_one(const char *token)
{
	struct checkin_claims claims;
	char kid[CHECKIN_KID_SIZE], *again = NULL;
	struct hr_error err = {0};

	checkin_token_kid(token, kid, &err);
	if (checkin_token_open(&key, token, &claims, &err) != 0) {
		if (err.class != HR_AUTH || err.message[0] == '\0')
			abort();
		return;
	}
	if (checkin_token_sign(&key, &claims, &again, &err) != 0 || strcmp(again, token) != 0)
		abort();
	free(again);
}

static void sign_and_open(const char *text)
{
	struct checkin_claims claims = {.issued_s = 0};
	struct hr_error err = {0};
	long long issued = 0, expires = 0;
	char *token = NULL, subject[ID_SIZE] = "";
	const char *space = strchr(text, ' ');

	text_format(subject, sizeof(subject), "%.*s", (int)(space ? space - text : 0), text);
	if (!text_valid_utf8(subject, strlen(subject)))
		return;
	if (space) {
		char *end;

		issued = strtoll(space, &end, 10);
		expires = strtoll(end, NULL, 10);
	}
	text_copy(claims.server_id, sizeof(claims.server_id), subject);
	claims.issued_s = issued;
	claims.expires_s = expires;
	if (checkin_token_sign(&key, &claims, &token, &err) != 0)
		abort();
	open_one(token);
	free(token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (text[0] == '!')
		sign_and_open(text + 1);
	else
		open_one(text);
	free(text);
	return 0;
}
