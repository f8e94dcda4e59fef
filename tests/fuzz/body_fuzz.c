/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of requests from bytes: the first one chooses the kind of document. What is accepted must be
 * accepted again as it came out, and patching it with itself must change nothing. */
#include "model/document.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "schema/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void accepted(enum document_kind kind, json_t *body)
{
	json_t *again = NULL, *patched = json_deep_copy(body), *masked;
	struct hr_error err;

	if (document_normalize(kind, body, 0, &again, &err) != 0 || !json_equal(body, again))
		abort();
	/* A null in settings would be taken away by a patch. */
	if (kind != DOCUMENT_PROVIDER_CONFIG &&
	    (json_merge_patch(patched, body) != 0 || !json_equal(patched, body)))
		abort();
	masked = document_mask(kind, body, NULL);
	if (!masked)
		abort();
	json_decref(masked);
	json_decref(patched);
	json_decref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum document_kind kind = size > 0 ? (enum document_kind)(data[0] % DOCUMENT_KINDS) : 0;
	json_t *input = NULL, *body = NULL;
	struct hr_error err;
	char *text;

	if (size == 0)
		return 0;
	/* On the heap, so that a byte read beyond is seen. */
	text = malloc(size);
	if (!text)
		abort();
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (json_parse(text, size - 1, "the request body", &input, &err) == 0) {
		char *written = json_text(input);

		if (!written)
			abort();
		free(written);
		if (document_normalize(kind, input, 0, &body, &err) == 0)
			accepted(kind, body);
		else if (err.message[0] == '\0')
			abort();
	}
	json_decref(body);
	json_decref(input);
	free(text);
	return 0;
}
