/* SPDX-License-Identifier: Apache-2.0 */
/* Startup scripts from bytes: what is accepted when it is saved must render, and no tag may be left. */
#include "engine/script.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct script_values values = {
	.server_id = "0190-id",
	.server_hostname = "demo-1",
	.upstream_auth_address = "127.0.0.1:8460",
	.checkin_jwt = "a.b.c",
	.checkin_url = "http://127.0.0.1/",
	.provider_name = "local",
	.pool_name = "demo",
	.connection_port = "22",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *rendered = NULL;
	struct hr_error err;
	size_t len;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (script_check(text, &err) == 0) {
		script_unfilled_tag(text);
		if (script_render(text, &values, &rendered, &len, &err) == 0) {
			if (strlen(rendered) != len)
				abort();
		} else if (err.class != HR_INVALID || strlen(text) < 1024) {
			/* Only what becomes too long may fail. */
			abort();
		}
	} else if (err.message[0] == '\0') {
		abort();
	}
	free(rendered);
	free(text);
	return 0;
}
