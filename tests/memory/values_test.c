/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out on the floors of values: base, schema, model, and the definitions of the command line. */
#include "failing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/definitions.h"
#include "model/daemon_config.h"
#include "model/document.h"

static const char config_text[] =
	"{\"name\":\"demo-a\",\"pool\":\"demo\",\"zone\":\"here\",\"provider_config\":\"cloud\","
	"\"connection_type\":\"SSH\",\"minimum_available_sessions\":2,\"priority\":3,"
	"\"max_simultaneous_sessions_per_server\":4}";
static char path[] = "/tmp/headroom-memory-XXXXXX";
static json_t *input, *body;

static void write_file(const char *text)
{
	FILE *file;
	int fd;

	text_copy(path, sizeof(path), "/tmp/headroom-memory-XXXXXX");
	fd = mkstemp(path);
	file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (!file || fputs(text, file) < 0 || fclose(file) != 0)
		abort();
}

static void remove_file(void)
{
	unlink(path);
}

/* ---- base ---- */

static int parse_json(struct hr_error *err)
{
	CLEANUP_JSON json_t *json = NULL;
	CLEANUP_FREE char *text = NULL;

	if (json_parse(config_text, strlen(config_text), "it", &json, err) != 0)
		return -1;
	memory_note_json(json);
	text = json_text(json);
	if (!text)
		return error_no_memory(err, "writing JSON");
	memory_note(text);
	return 0;
}

static int merge_json(struct hr_error *err)
{
	CLEANUP_JSON json_t *target = NULL, *patch = NULL;
	static const char change[] =
		"{\"name\":null,\"zone\":{\"a\":[1,2],\"b\":\"c\"},\"new\":true}";

	if (json_parse(config_text, strlen(config_text), "it", &target, err) != 0 ||
	    json_parse(change, strlen(change), "change", &patch, err) != 0)
		return -1;
	if (json_merge_patch(target, patch) != 0)
		return error_no_memory(err, "merging");
	memory_note_json(target);
	return 0;
}

static int encode(struct hr_error *err)
{
	CLEANUP_FREE char *base64 = text_base64("some bytes", 10);
	CLEANUP_FREE char *url = text_base64url("other bytes", 11);
	CLEANUP_FREE char *back = NULL;
	size_t len = 0;

	if (!base64 || !url)
		return error_no_memory(err, "encoding");
	back = text_base64url_decode(url, strlen(url), &len);
	if (!back)
		return error_no_memory(err, "decoding");
	memory_note(base64);
	memory_note(url);
	return 0;
}

/* ---- schema, model ---- */

static void make_input(void)
{
	struct hr_error err;

	if (json_parse(config_text, strlen(config_text), "it", &input, &err) != 0 ||
	    document_normalize(DOCUMENT_AUTOSCALE_CONFIG, input, 0, &body, &err) != 0) {
		fprintf(stderr, "%s\n", err.message);
		abort();
	}
}

static void drop_input(void)
{
	json_decref(input);
	json_decref(body);
	input = body = NULL;
}

static int normalize(struct hr_error *err)
{
	CLEANUP_JSON json_t *made = NULL;

	if (document_normalize(DOCUMENT_AUTOSCALE_CONFIG, input, 0, &made, err) != 0)
		return -1;
	memory_note_json(made);
	return 0;
}

static int mask(struct hr_error *err)
{
	CLEANUP_JSON json_t *made = document_mask(DOCUMENT_AUTOSCALE_CONFIG, body, NULL);
	CLEANUP_JSON json_t *all = NULL;

	if (!made)
		return error_no_memory(err, "masking");
	all = schema_mask_all(body);
	if (!all)
		return error_no_memory(err, "masking");
	memory_note_json(made);
	memory_note_json(all);
	return 0;
}

static int keep_secrets(struct hr_error *err)
{
	const struct schema *schema = document_schema(DOCUMENT_AUTOSCALE_CONFIG);
	CLEANUP_JSON json_t *copy = json_deep_copy(body);

	if (!copy)
		return error_no_memory(err, "copying");
	if (schema_keep_secrets(schema, copy, body, err) != 0 ||
	    schema_check_edit(schema, body, copy, err) != 0)
		return -1;
	memory_note_json(copy);
	return 0;
}

static int describe(struct hr_error *err)
{
	for (int kind = 0; kind < DOCUMENT_KINDS; kind++) {
		CLEANUP_JSON json_t *made = schema_describe(document_schema(kind));

		if (!made)
			return error_no_memory(err, "describing");
		memory_note_json(made);
	}
	return 0;
}

static void write_daemon_config(void)
{
	write_file("[server]\nlisten = 127.0.0.1:7470\n[state]\ndir = /var/lib/headroom\n"
		   "[providers]\npath = /usr/lib/a:/usr/lib/b\n");
}

static int daemon_config(struct hr_error *err)
{
	struct daemon_config config;

	if (daemon_config_load(path, &config, err) != 0)
		return -1;
	memory_note(config.listen_host);
	memory_note(config.provider_dirs[1]);
	daemon_config_clear(&config);
	return 0;
}

/* ---- definitions ---- */

static void write_definitions(void)
{
	write_file("kind: zone\nname: here\n---\nkind: pool\nname: demo\ntype: server\n---\n"
		   "kind: autoscale-config\nname: demo-a\npool: demo\nzone: here\n"
		   "provider_config: cloud\nconnection_type: SSH\n---\n"
		   "kind: provider-config\nname: cloud\nprovider: local\nsettings:\n  a: [b, 3]\n");
}

static int definitions(struct hr_error *err)
{
	struct definition *made = NULL;
	size_t n = 0;

	if (definitions_read(path, &made, &n, err) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		memory_note(made[i].name);
		memory_note_json(made[i].body);
	}
	definitions_free(made, n);
	return 0;
}

int main(void)
{
	static const struct memory_job jobs[] = {
		{"base: JSON read and written", parse_json, NULL, NULL, NULL},
		{"base: JSON merged", merge_json, NULL, NULL, NULL},
		{"base: base64", encode, NULL, NULL, NULL},
		{"schema: described", describe, NULL, NULL, NULL},
		{"schema: secrets kept", keep_secrets, make_input, drop_input, NULL},
		/* glibc 2.36's regcomp crashes without memory. */
		{"model: a config normalised", normalize, make_input, drop_input, "/libc.so."},
		{"model: a config masked", mask, make_input, drop_input, NULL},
		{"model: the daemon's configuration", daemon_config, write_daemon_config,
		 remove_file, "/libc.so."},
		{"cli: definitions", definitions, write_definitions, remove_file, NULL},
	};

	json_object_seed(1);
	return memory_run(jobs, sizeof(jobs) / sizeof(jobs[0]));
}
