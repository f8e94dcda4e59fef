/* SPDX-License-Identifier: Apache-2.0 */
/* Prints docs/definitions.md from the tables of fields and of one module's settings; or the keys of
 * the daemon's configuration as docs/headroomd.md has them.
 * Usage: definitions_page /path/of/local.so | definitions_page --daemon-keys */
#include <headroom/provider.h>

#include <stdio.h>
#include <string.h>

#include "cli/fields.h"
#include "host/loader.h"
#include "model/daemon_table.h"
#include "model/document.h"

/* In the order in which a reader needs them. */
static const struct {
	enum document_kind kind;
	const char *is;
} kinds[] = {
	{DOCUMENT_ZONE, "A place where pools run."},
	{DOCUMENT_POOL, "Servers that serve the same sessions."},
	{DOCUMENT_PROVIDER_CONFIG, "One account at one provider. Several autoscale configs may "
				   "share it."},
	{DOCUMENT_AUTOSCALE_CONFIG, "How one pool grows and shrinks in one zone through one "
				    "provider config. A pool may have several."},
};

static const char intro[] =
	"# Fields of definitions\n\n"
	"What a file for `headroom apply -f` may hold; the API takes the same fields as JSON. This "
	"page is made\nfrom the tables by which the daemon checks them (`make definitions`): do "
	"not edit it. On a terminal:\n`headroom describe autoscale-config`, and `headroom provider "
	"describe local` for a module's settings.\n\n"
	"A definition is a YAML mapping with its `kind`; several stand in one file, divided by "
	"`---`. See\n[demo.yaml](../templates/pools/demo.yaml).\n\n"
	"```yaml\nkind: pool\nname: demo\nqueue_timeout: 30m\n```\n\n"
	"- Durations: a number of seconds, or with a unit: `90s`, `5m`, `2h`, `1d`. Bytes: a "
	"number, or `20GiB`,\n  `512MB`.\n"
	"- Other definitions are named by name or id.\n"
	"- `startup_script_file` in place of `startup_script` names a file beside the "
	"definition's.\n"
	"- Patterns are POSIX extended regular expressions for the whole value.\n\n"
	"Defaults to know before the first pool:\n\n";

/* Of an autoscale config. */
static const char *const surprising[] = {"reusable",
					 "max_simultaneous_sessions_per_server",
					 "max_simultaneous_users",
					 "connection_type",
					 "require_checkin",
					 "downscale_backoff"};

static int print_surprising(FILE *out)
{
	const struct schema *schema = document_schema(DOCUMENT_AUTOSCALE_CONFIG);

	for (size_t i = 0; i < sizeof(surprising) / sizeof(surprising[0]); i++) {
		const struct hr_setting *row = schema_find(schema, surprising[i]);

		if (!row || !row->default_value) {
			fprintf(stderr, "definitions_page: %s has no default\n", surprising[i]);
			return -1;
		}
		fprintf(out, "- `%s: %s`: %s\n", row->key, row->default_value, row->help);
	}
	return 0;
}

static int print_kind(FILE *out, enum document_kind kind, const char *is)
{
	json_t *schema = schema_describe(document_schema(kind));

	if (!schema)
		return -1;
	fprintf(out, "\n## %s\n\n%s\n", document_kind_name(kind), is);
	fields_markdown(out, schema, 3);
	json_decref(schema);
	return 0;
}

static int print_module(FILE *out, const char *path)
{
	struct hr_error err = {0};
	struct module *module;
	json_t *schema;

	if (loader_open(path, LOADER_MAY_BE_LOCAL, &module, &err) != 0) {
		fprintf(stderr, "definitions_page: %s\n", err.message);
		return -1;
	}
	schema = schema_describe(&module->schema);
	if (schema) {
		fprintf(out,
			"\n## settings of provider `%s`\n\nUnder `settings` of a "
			"provider-config with `provider: %s`.\n",
			module->id, module->id);
		fields_markdown(out, schema, 3);
	}
	json_decref(schema);
	loader_close(module);
	return schema ? 0 : -1;
}

static void print_daemon_keys(FILE *out)
{
	for (const struct daemon_section *section = daemon_sections; section->name; section++)
		for (size_t i = 0; i < section->schema.n_rows; i++)
			fprintf(out, "| `[%s] %s` |\n", section->name,
				schema_row(&section->schema, i)->key);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: definitions_page /path/of/local.so | --daemon-keys\n", stderr);
		return 2;
	}
	if (strcmp(argv[1], "--daemon-keys") == 0) {
		print_daemon_keys(stdout);
		return fflush(stdout) != 0 || ferror(stdout);
	}
	fputs(intro, stdout);
	if (print_surprising(stdout) != 0)
		return 1;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (print_kind(stdout, kinds[i].kind, kinds[i].is) != 0)
			return 1;
	if (print_module(stdout, argv[1]) != 0)
		return 1;
	return fflush(stdout) != 0 || ferror(stdout);
}
