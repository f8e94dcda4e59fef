/* SPDX-License-Identifier: Apache-2.0 */
/* Settings tables and values for them from bytes: lines "key type flags minimum maximum default example
 * pattern choice shown_when" ("-": none), then an empty line, then a JSON document. A table that is
 * accepted must describe itself, and what it accepts must be accepted again as it came out. */
#include "schema/schema.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define ROWS_MAX 16
#define WORDS 10

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *word_or_null(const char *word)
{
	return word && strcmp(word, "-") != 0 ? word : NULL;
}

/* One line, which is cut up. */
static void read_row(char *line, struct hr_setting *row, const char *choices[2])
{
	char *words[WORDS] = {NULL}, *rest = line;

	for (int i = 0; i < WORDS; i++)
		words[i] = strsep(&rest, " ");
	*row = (struct hr_setting){
		.key = words[0],
		.type = words[1] ? (uint32_t)strtoul(words[1], NULL, 10) : 0,
		.flags = words[2] ? (uint32_t)strtoul(words[2], NULL, 0) : 0,
		.minimum = words[3] ? strtoll(words[3], NULL, 10) : 0,
		.maximum = words[4] ? strtoll(words[4], NULL, 10) : 0,
		.default_value = word_or_null(words[5]),
		.example = word_or_null(words[6]),
		.pattern = word_or_null(words[7]),
		.title = "T",
		.help = "H",
		.shown_when = word_or_null(words[9]),
	};
	choices[0] = word_or_null(words[8]);
	choices[1] = NULL;
	if (choices[0])
		row->choices = choices;
}

static void run_document(const struct schema *schema, const json_t *input)
{
	json_t *document = NULL, *again = NULL, *masked;
	struct hr_error err;

	if (schema_normalize(schema, input, 0, &document, &err) != 0)
		return;
	if (schema_normalize(schema, document, SCHEMA_ALLOW_MASKED, &again, &err) != 0 ||
	    !json_equal(document, again))
		abort();
	if (schema_check_edit(schema, document, again, &err) != 0)
		abort();
	masked = schema_mask(schema, document);
	if (!masked)
		abort();
	json_decref(masked);
	json_decref(again);
	json_decref(document);
}

static void run_table(const struct schema *schema, const char *text)
{
	json_t *description, *input = NULL;
	struct hr_error err;

	if (schema_check(schema, &err) != 0)
		return;
	description = schema_describe(schema);
	if (!description)
		abort();
	json_decref(description);
	if (json_parse(text, strlen(text), "the document", &input, &err) != 0)
		return;
	run_document(schema, input);
	json_decref(input);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hr_setting rows[ROWS_MAX] = {{.key = NULL}};
	const char *choices[ROWS_MAX][2];
	struct schema schema = {
		.subject = "fuzz", .rows = rows, .stride = sizeof(struct hr_setting)};
	char *text = malloc(size + 1), *rest = text;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	while (rest && *rest && schema.n_rows < ROWS_MAX) {
		char *line = strsep(&rest, "\n");

		if (line[0] == '\0')
			break;
		read_row(line, &rows[schema.n_rows], choices[schema.n_rows]);
		schema.n_rows++;
	}
	run_table(&schema, rest ? rest : "");
	free(text);
	return 0;
}
