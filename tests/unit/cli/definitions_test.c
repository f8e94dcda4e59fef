/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/json.h"
#include "cli/definitions.h"
#include "../base/suite.h"
#include "folder.h"

static struct definition *definitions;
static size_t n_definitions;
static struct hr_error err;

static const char *path_of(const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s%s%s", folder, name[0] != '\0' ? "/" : "", name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	fclose(file);
}

static void reads(const char *name)
{
	memset(&err, 0, sizeof(err));
	ck_assert_msg(definitions_read(path_of(name), &definitions, &n_definitions, &err) == 0,
		      "%s", err.message);
}

/* The message begins with the folder's path, which is left out here. */
static void refuses(const char *name, const char *message)
{
	const char *got = err.message;

	memset(&err, 0, sizeof(err));
	ck_assert_int_eq(definitions_read(path_of(name), &definitions, &n_definitions, &err), -1);
	if (strncmp(got, folder, strlen(folder)) == 0)
		got += strlen(folder);
	ck_assert_str_eq(got, message);
}

static void order_is(const char *wanted)
{
	char order[256] = "";

	for (size_t i = 0; i < n_definitions; i++) {
		size_t len = strlen(order);

		ck_assert_ptr_null(json_object_get(definitions[i].body, "kind"));
		ck_assert_str_eq(json_string_or(definitions[i].body, "name", ""),
				 definitions[i].name);
		snprintf(order + len, sizeof(order) - len, "%s%s/%s", len > 0 ? " " : "",
			 document_kind_name(definitions[i].kind), definitions[i].name);
	}
	ck_assert_str_eq(order, wanted);
	definitions_free(definitions, n_definitions);
}

START_TEST(lower_kinds_come_first_else_as_written)
{
	put("a.yaml", "kind: autoscale-config\nname: a1\n---\nkind: pool\nname: p2\n---\n"
		      "kind: pool\nname: p1\n---\nkind: provider-config\nname: c\n---\n"
		      "kind: zone\nname: z\n---\nkind: autoscale-config\nname: a0\n");
	reads("a.yaml");
	order_is(
		"zone/z provider-config/c pool/p2 pool/p1 autoscale-config/a1 autoscale-config/a0");
}
END_TEST

START_TEST(a_folder_is_read_by_name)
{
	put("b.yml", "kind: pool\nname: two\n");
	put("a.yaml", "kind: pool\nname: one\n---\nkind: autoscale-config\nname: x\n");
	put("c.json", "{\"kind\": \"zone\", \"name\": \"three\"}");
	put(".hidden.yaml", "no: definition\n");
	put("notes.txt", "no: definition\n");
	reads("");
	order_is("zone/three pool/one pool/two autoscale-config/x");
}
END_TEST

START_TEST(a_script_file_is_put_in)
{
	put("script.sh", "#!/bin/sh\necho {ssh_key} \xe2\x82\xac\n");
	put("a.yaml", "kind: autoscale-config\nname: x\nstartup_script_file: script.sh\n");
	reads("a.yaml");
	ck_assert_uint_eq(n_definitions, 1);
	ck_assert_ptr_null(json_object_get(definitions[0].body, "startup_script_file"));
	ck_assert_str_eq(json_string_or(definitions[0].body, "startup_script", ""),
			 "#!/bin/sh\necho {ssh_key} \xe2\x82\xac\n");
	definitions_free(definitions, n_definitions);
}
END_TEST

START_TEST(a_script_file_by_its_whole_path)
{
	char text[600];

	put("script.sh", "x\n");
	snprintf(text, sizeof(text), "kind: autoscale-config\nname: x\nstartup_script_file: %s\n",
		 path_of("script.sh"));
	put("a.yaml", text);
	reads("a.yaml");
	ck_assert_str_eq(json_string_or(definitions[0].body, "startup_script", ""), "x\n");
	definitions_free(definitions, n_definitions);
}
END_TEST

START_TEST(script_mistakes)
{
	char message[1024];

	put("a.yaml", "kind: autoscale-config\nname: x\nstartup_script_file: none.sh\n");
	snprintf(message, sizeof(message),
		 "/a.yaml, definition 1, startup_script_file: cannot read %s/none.sh: "
		 "No such file or directory",
		 folder);
	refuses("a.yaml", message);
	put("a.yaml", "kind: autoscale-config\nname: x\nstartup_script_file: [1]\n");
	refuses("a.yaml", "/a.yaml, definition 1: startup_script_file must be a path");
	ck_assert_str_eq(err.field, "startup_script_file");
	ck_assert_str_eq(err.example, "../scripts/local-ssh.sh");
	put("a.yaml", "kind: autoscale-config\nname: x\nstartup_script: a\n"
		      "startup_script_file: script.sh\n");
	refuses("a.yaml", "/a.yaml, definition 1: startup_script and startup_script_file are both "
			  "given; remove one");
	put("script.sh", "\xff\n");
	put("a.yaml", "kind: autoscale-config\nname: x\nstartup_script_file: script.sh\n");
	refuses("a.yaml", "/script.sh is not valid UTF-8");
}
END_TEST

START_TEST(mistakes_say_where_and_what)
{
	char message[1024];

	put("a.yaml", "kind: zone\nname: z\n---\nkind: poool\nname: p\n");
	refuses("a.yaml", "/a.yaml, definition 2: unknown kind \"poool\"; known kinds are zone, "
			  "provider-config, pool, autoscale-config; did you mean pool?");
	ck_assert_str_eq(err.field, "kind");
	put("a.yaml", "kind: something-else\nname: p\n");
	refuses("a.yaml", "/a.yaml, definition 1: unknown kind \"something-else\"; known kinds are "
			  "zone, provider-config, pool, autoscale-config");
	put("a.yaml", "name: p\n");
	refuses("a.yaml", "/a.yaml, definition 1: kind is missing; known kinds are zone, "
			  "provider-config, pool, autoscale-config");
	put("a.yaml", "kind: pool\n");
	refuses("a.yaml", "/a.yaml, definition 1: name is missing");
	put("a.yaml", "kind: pool\nname: 12\n");
	refuses("a.yaml",
		"/a.yaml, definition 1: name must be text; put it in quotes: name: \"...\"");
	put("a.yaml", "- kind: pool\n");
	refuses("a.yaml",
		"/a.yaml, definition 1: a definition must be a mapping with kind and name");
	put("a.yaml", "kind: pool\nname: p\n---\nkind: zone\nname: p\n---\nkind: pool\nname: p\n");
	snprintf(
		message, sizeof(message),
		"/a.yaml, definition 3: pool \"p\" is defined already, by %s/a.yaml, definition 1; "
		"remove one or give it another name",
		folder);
	refuses("a.yaml", message);
}
END_TEST

START_TEST(files_that_hold_nothing)
{
	put("a.yaml", "# nothing\n");
	refuses("a.yaml", "/a.yaml holds no definition");
	unlink(path_of("a.yaml"));
	refuses("", " holds no *.yaml, *.yml or *.json");
}
END_TEST

START_TEST(files_that_are_not_there_or_too_large)
{
	char message[1024];
	char *large = malloc((4u << 20) + 2);

	snprintf(message, sizeof(message), "cannot read %s/none.yaml: No such file or directory",
		 folder);
	refuses("none.yaml", message);
	ck_assert_ptr_nonnull(large);
	memset(large, '#', (4u << 20) + 1);
	large[(4u << 20) + 1] = '\0';
	put("a.yaml", large);
	free(large);
	refuses("a.yaml", "/a.yaml is over 4 MiB: no definition is that long");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {lower_kinds_come_first_else_as_written,
				      a_folder_is_read_by_name,
				      a_script_file_is_put_in,
				      a_script_file_by_its_whole_path,
				      script_mistakes,
				      mistakes_say_where_and_what,
				      files_that_hold_nothing,
				      files_that_are_not_there_or_too_large};
	Suite *suite = suite_create("definitions");
	TCase *tcase = tcase_create("definitions");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, folder_open, folder_close);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
