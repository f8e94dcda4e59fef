/* SPDX-License-Identifier: Apache-2.0 */
/* What the registry makes of a description: of an honest one all that the descriptor says, and of one that
 * lies nothing. The process that describes a module has run its constructors, so it may say anything. */
#include "provider/registry.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <check.h>
#include <jansson.h>

#include "../../modules/module_folder.h"
#include "base/json.h"
#include "base/log.h"

#define AS_TEXT_OF(number) #number
#define AS_TEXT(number) AS_TEXT_OF(number)
#define SYMBOL AS_TEXT(HR_PROVIDER_SYMBOL)

static struct module_folder modules, other;
static char path[600]; /* of the module httplearn */

static void setup(void)
{
	umask(022);
	module_folder_make(&modules);
	module_folder_make(&other);
	module_folder_add(&modules, GOOD_MODULE("httplearn"), "httplearn.so", path, sizeof(path));
}

static void teardown(void)
{
	module_folder_remove(&modules);
	module_folder_remove(&other);
}

static struct registry *open_with(const char *host, const char *local_modules)
{
	const struct registry_options options = {
		.path = modules.path, .local_modules = local_modules, .host_program = host};
	struct registry *registry;
	struct hr_error err;

	ck_assert_int_eq(registry_open(&options, &registry, &err), 0);
	ck_assert_uint_eq(registry_count(registry), 1);
	return registry;
}

static json_t *describe(void)
{
	char text[65536];
	json_t *description;

	module_describe(path, text, sizeof(text));
	description = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(description);
	return description;
}

/* ---- Honest ones --------------------------------------------------------------------------- */

static void ck_same_text(const char *seen, const char *said)
{
	ck_assert((seen == NULL) == (said == NULL));
	if (said)
		ck_assert_str_eq(seen, said);
}

static void ck_same_settings(const struct schema *seen, const struct hr_provider *said)
{
	ck_assert_uint_eq(seen->n_rows, said->n_settings);
	ck_assert_uint_gt(seen->n_rows, 0);
	for (uint32_t i = 0; i < said->n_settings; i++) {
		const struct hr_setting *row = schema_row(seen, i), *from = &said->settings[i];

		ck_assert_str_eq(row->key, from->key);
		ck_assert_uint_eq(row->type, from->type);
		ck_assert_uint_eq(row->flags, from->flags);
		ck_assert_uint_eq(row->role, from->role);
		ck_same_text(row->default_value, from->default_value);
		ck_same_text(row->title, from->title);
		ck_same_text(row->help, from->help);
		ck_same_text(row->shown_when, from->shown_when);
		ck_assert((row->choices == NULL) == (from->choices == NULL));
		for (size_t k = 0; from->choices && (k == 0 || from->choices[k - 1]); k++)
			ck_same_text(row->choices[k], from->choices[k]);
	}
}

static void ck_same_hosts(const struct registry_module *seen, const struct hr_provider *said)
{
	ck_assert_uint_eq(seen->n_hosts, said->n_hosts);
	ck_assert_uint_eq(seen->n_hosts, 2);
	for (uint32_t i = 0; i < said->n_hosts; i++) {
		ck_assert_str_eq(seen->hosts[i].pattern, said->hosts[i].pattern);
		ck_same_text(seen->hosts[i].only_when, said->hosts[i].only_when);
		ck_assert_uint_eq(seen->hosts[i].flags, said->hosts[i].flags);
	}
	ck_assert_str_eq(seen->hosts[0].pattern, "{name}.test");
	ck_assert_str_eq(seen->hosts[0].only_when, "names=given");
}

/* The module's own constant is what it is compared with. */
static void ck_as_its_descriptor(const struct registry_module *seen)
{
	void *file = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const struct hr_provider *said = file ? dlsym(file, SYMBOL) : NULL;

	ck_assert_msg(said != NULL, "%s", dlerror());
	ck_assert_msg(seen->usable, "%s", seen->reason);
	ck_assert_str_eq(seen->id, said->id);
	ck_assert_str_eq(seen->title, said->title);
	ck_assert_str_eq(seen->version, said->version);
	ck_assert_str_eq(seen->vendor, said->vendor);
	ck_assert_uint_eq(seen->abi_major, said->abi_major);
	ck_assert_uint_eq(seen->abi_minor, said->abi_minor);
	ck_assert_uint_eq(seen->draft, said->draft);
	ck_assert_uint_eq(seen->profile, said->profile);
	ck_assert_uint_eq(seen->capabilities, said->capabilities);
	ck_assert_uint_eq(seen->capabilities, HR_CAP_LEARNS_HOSTS | HR_CAP_ABSENT_ONE_LOOK);
	ck_assert_uint_eq(seen->thread_model, said->thread_model);
	ck_assert_uint_eq(seen->max_concurrency, said->max_concurrency);
	ck_assert_uint_eq(seen->rate_per_minute, said->rate_per_minute);
	ck_assert_uint_eq(seen->rate_burst, said->rate_burst);
	ck_assert_uint_eq(seen->script_max, said->script_max);
	ck_assert_uint_eq(seen->linux_scripts, said->linux_scripts);
	ck_assert_uint_eq(seen->windows_scripts, said->windows_scripts);
	ck_same_settings(&seen->schema, said);
	ck_same_hosts(seen, said);
	dlclose(file);
}

START_TEST(a_process_tells_the_descriptor)
{
	char host[600];
	struct registry *registry = open_with(host_program(host, sizeof(host)), "");

	ck_as_its_descriptor(registry_at(registry, 0));
	ck_assert(!registry_at(registry, 0)->by_manifest);
	ck_assert_ptr_null(registry_at(registry, 0)->manifest_note);
	registry_close(registry);
}
END_TEST

START_TEST(so_does_a_manifest)
{
	json_t *description = describe();
	char *text = json_text(description), manifest[600];
	struct registry *registry;

	module_folder_write(&modules, "httplearn.json", text, manifest, sizeof(manifest));
	registry = open_with("/nonexistent/headroom-host", "");
	ck_as_its_descriptor(registry_at(registry, 0));
	ck_assert(registry_at(registry, 0)->by_manifest);
	ck_assert_ptr_null(registry_at(registry, 0)->manifest_note);
	registry_close(registry);
	free(text);
	json_decref(description);
}
END_TEST

/* Another build's manifest is not believed, and whoever looks at the module is told so. */
START_TEST(a_manifest_of_another_build)
{
	json_t *description = describe();
	char host[600], manifest[600], *text;
	struct registry *registry;

	ck_assert(json_is_string(json_object_get(description, "file_sha256")));
	json_object_set_new(description, "file_sha256", json_sprintf("%064d", 0));
	json_object_set_new(description, "title", json_string("An older one"));
	text = json_text(description);
	module_folder_write(&modules, "httplearn.json", text, manifest, sizeof(manifest));
	registry = open_with(host_program(host, sizeof(host)), "");
	ck_as_its_descriptor(registry_at(registry, 0));
	ck_assert(!registry_at(registry, 0)->by_manifest);
	ck_assert_ptr_nonnull(strstr(registry_at(registry, 0)->manifest_note,
				     "it is of another build of the module"));
	registry_close(registry);
	free(text);
	json_decref(description);
}
END_TEST

/* ---- Lies ---------------------------------------------------------------------------------- */

/* A registry whose modules are described by a program that says this. */
static struct registry *open_told(const json_t *description, const char *local_modules)
{
	char said[600], host[600], script[700], *text = json_text(description);

	module_folder_write(&other, "said", text, said, sizeof(said));
	snprintf(script, sizeof(script), "#!/bin/sh\nexec /bin/cat '%s'\n", said);
	module_folder_write(&other, "host", script, host, sizeof(host));
	ck_assert_int_eq(chmod(host, 0755), 0);
	free(text);
	return open_with(host, local_modules);
}

#define ANOTHER "its process describes another module"

static const struct {
	const char *list;   /* whose first record lies; NULL: the description itself */
	const char *member; /* in which member */
	const char *value;  /* as JSON; NULL: it is not there */
	const char *message;
} lies[] = {
	{NULL, "module", "\"mock\"", ANOTHER},
	{NULL, "module", NULL, ANOTHER},
	{NULL, "title", NULL, ANOTHER},
	{NULL, "version", NULL, ANOTHER},
	{NULL, "vendor", NULL, ANOTHER},
	{NULL, "abi_major", "7", ANOTHER},
	{NULL, "draft", NULL, ANOTHER},
	{NULL, "draft", "1", ANOTHER},
	{NULL, "profile", "2", "it asks for profile local, which is not granted to it"},
	{NULL, "profile", "3", "it asks for a profile that there is not"},
	{NULL, "profile", NULL, "it asks for a profile that there is not"},
	{NULL, "thread_model", NULL, "it has no thread model"},
	{NULL, "thread_model", "999", "it has no thread model"},
	{"settings", "type", "99",
	 "table \"settings of provider httplearn\", row 1 (\"url\"): type 99 is unknown"},
	{"settings", "help", NULL,
	 "table \"settings of provider httplearn\", row 1 (\"url\"): the help is missing"},
	{"settings", "role", "10", "a setting has the role reference, which is the daemon's own"},
	{"hosts", "pattern", NULL, "a rule for hosts has no pattern"},
};

START_TEST(lies_are_refused)
{
	json_t *description = describe(), *liar = description;
	struct registry *registry;
	char expected[1400];

	if (lies[_i].list)
		liar = json_array_get(json_object_get(description, lies[_i].list), 0);
	ck_assert(json_is_object(liar));
	if (lies[_i].value)
		json_object_set_new(liar, lies[_i].member,
				    json_loads(lies[_i].value, JSON_DECODE_ANY, NULL));
	else
		ck_assert_int_eq(json_object_del(liar, lies[_i].member), 0);
	registry = open_told(description, "");
	snprintf(expected, sizeof(expected),
		 "provider \"httplearn\" (%s): %s; report this to its vendor", path,
		 lies[_i].message);
	ck_assert(!registry_at(registry, 0)->usable);
	ck_assert_str_eq(registry_at(registry, 0)->reason, expected);
	registry_close(registry);
	json_decref(description);
}
END_TEST

/* The same program, telling the truth, is believed; and profile local where it is granted. */
START_TEST(what_is_no_lie_is_believed)
{
	json_t *description = describe();
	struct registry *registry = open_told(description, "");

	ck_as_its_descriptor(registry_at(registry, 0));
	registry_close(registry);
	json_object_set_new(description, "profile", json_integer(HR_PROFILE_LOCAL));
	registry = open_told(description, "local, httplearn");
	ck_assert_msg(registry_at(registry, 0)->usable, "%s", registry_at(registry, 0)->reason);
	ck_assert_uint_eq(registry_at(registry, 0)->profile, HR_PROFILE_LOCAL);
	registry_close(registry);
	json_decref(description);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("registry_description");
	TCase *tests = tcase_create("registry_description");
	SRunner *runner;
	int failed;

	log_setup(LOG_LEVEL_NONE, LOG_FORMAT_TEXT);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_process_tells_the_descriptor);
	tcase_add_test(tests, so_does_a_manifest);
	tcase_add_test(tests, a_manifest_of_another_build);
	tcase_add_loop_test(tests, lies_are_refused, 0, sizeof(lies) / sizeof(lies[0]));
	tcase_add_test(tests, what_is_no_lie_is_believed);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
