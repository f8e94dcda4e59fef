/* SPDX-License-Identifier: Apache-2.0 */
/* Definitions from bytes, as `headroom apply` reads them: YAML, then each document's kind. What was
 * read can be written as JSON, and is the same when it is read again. */
#include "cli/yaml.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "model/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const json_t *documents)
{
	const json_t *document;
	size_t i;

	json_array_foreach (documents, i, document) {
		json_t *same = NULL, *body = NULL;
		struct hr_error err = {0};
		char *text = json_text(document);
		int kind = document_kind_find(json_string_or(document, "kind", NULL));

		if (!text)
			abort();
		/* JSON is YAML; a NUL or a depth over the limit cannot be in it. */
		if (yaml_parse(text, strlen(text), "again", &same, &err) != 0 ||
		    !json_equal(json_array_get(same, 0), document))
			abort();
		if (kind >= 0 &&
		    document_normalize((enum document_kind)kind, document, 0, &body, &err) == 0)
			json_decref(body);
		json_decref(same);
		free(text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	json_t *documents = NULL;
	struct hr_error err = {0};

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (yaml_parse(text, size, "the definitions", &documents, &err) == 0) {
		again(documents);
		json_decref(documents);
	} else if (err.message[0] == '\0') {
		abort();
	}
	free(text);
	return 0;
}
