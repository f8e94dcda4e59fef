/* SPDX-License-Identifier: Apache-2.0 */
/* Which modules are found, in which order, and what is said of those that cannot be used. */
#include "provider/registry.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "../../modules/module_folder.h"
#include "base/log.h"

static struct module_folder first, second;
static char path[600], other_path[600];

static void setup(void)
{
	umask(022);
	module_folder_make(&first);
	module_folder_make(&second);
}

static void teardown(void)
{
	module_folder_remove(&first);
	module_folder_remove(&second);
}

/* Of both folders, with a slash too many and one that is not there. */
static struct registry *open_both(const char *local_modules)
{
	char search[1200], host[600];
	const struct registry_options options = {
		.path = search,
		.local_modules = local_modules,
		.host_program = host_program(host, sizeof(host)),
	};
	struct registry *registry;
	struct hr_error err;

	snprintf(search, sizeof(search), "%s/::%s:/nonexistent/modules", first.path, second.path);
	ck_assert_int_eq(registry_open(&options, &registry, &err), 0);
	return registry;
}

START_TEST(good_and_refused)
{
	const struct registry_module *module;
	struct registry *registry;
	struct hr_error err = {0};

	module_folder_add(&first, GOOD_MODULE("mock"), "mock.so", path, sizeof(path));
	module_folder_add(&second, BROKEN_MODULE("badmagic"), "acme.so", other_path,
			  sizeof(other_path));
	module_folder_write(&second, "README", "no module\n", (char[600]){0}, 600);
	registry = open_both("local");
	ck_assert_uint_eq(registry_count(registry), 2);
	module = registry_at(registry, 0);
	ck_assert_str_eq(module->id, "mock");
	ck_assert_str_eq(module->path, path);
	ck_assert(module->usable);
	ck_assert_ptr_null(module->reason);
	ck_assert_str_eq(module->title, "Mock");
	ck_assert_str_eq(module->version, "1.0");
	ck_assert_str_eq(module->vendor, "Acme");
	ck_assert_uint_eq(module->draft, HR_ABI_DRAFT);
	ck_assert_uint_eq(module->script_max, 16384);
	ck_assert_uint_eq(module->rate_per_minute, 1200);
	ck_assert_uint_eq(module->rate_burst, 40);
	ck_assert_uint_eq(module->linux_scripts, HR_SCRIPT_AT_CREATE);
	ck_assert_uint_eq(module->capabilities, HR_CAP_CREATES_ONCE);
	ck_assert_ptr_nonnull(schema_find(&module->schema, "token"));

	module = registry_at(registry, 1);
	ck_assert_str_eq(module->id, "acme");
	ck_assert(!module->usable);
	ck_assert_ptr_nonnull(strstr(module->reason, "begins with 0x12345678"));
	ck_assert_uint_eq(module->schema.n_rows, 0);
	ck_assert_int_ne(registry_find(registry, "acme", &module, &err), 0);
	ck_assert_str_eq(err.message, registry_at(registry, 1)->reason);
	ck_assert_str_eq(err.field, "provider");
	ck_assert_int_eq(err.class, HR_INVALID);
	ck_assert_int_eq(registry_find(registry, "mock", &module, &err), 0);
	ck_assert_ptr_eq(module, registry_at(registry, 0));
	registry_close(registry);
}
END_TEST

START_TEST(first_folder_wins)
{
	char expected[1400];
	struct registry *registry;

	module_folder_add(&first, GOOD_MODULE("mock"), "mock.so", path, sizeof(path));
	module_folder_add(&second, GOOD_MODULE("mock"), "mock.so", other_path, sizeof(other_path));
	registry = open_both("");
	ck_assert_uint_eq(registry_count(registry), 2);
	ck_assert(registry_at(registry, 0)->usable);
	ck_assert_str_eq(registry_at(registry, 0)->path, path);
	ck_assert(!registry_at(registry, 1)->usable);
	snprintf(expected, sizeof(expected),
		 "provider \"mock\" (%s): a module of this id was found before in %s, which "
		 "counts; remove one of the two, or change the order of the folders",
		 other_path, path);
	ck_assert_str_eq(registry_at(registry, 1)->reason, expected);
	registry_close(registry);
}
END_TEST

/* Its manifest says so: nobody has to be asked for that. */
static void say_version(const struct module_folder *folder, const char *module, const char *version)
{
	char text[65536], manifest[600], *at;

	module_describe(module, text, sizeof(text));
	at = strstr(text, "\"version\":\"1.0\"");
	ck_assert_ptr_nonnull(at);
	ck_assert_uint_eq(strlen(version), 3);
	memcpy(at + strlen("\"version\":\""), version, 3);
	module_folder_write(folder, "mock.json", text, manifest, sizeof(manifest));
}

START_TEST(newer_version_wins)
{
	static const struct {
		const char *of_second;
		size_t counts;
	} rows[] = {{"1.1", 1}, {"2.0", 1}, {"0.9", 0}, {"1.0", 0}};
	const struct registry_module *module;
	struct registry *registry;
	struct hr_error err;
	char expected[1400];

	module_folder_add(&first, GOOD_MODULE("mock"), "mock.so", path, sizeof(path));
	module_folder_add(&second, GOOD_MODULE("mock"), "mock.so", other_path, sizeof(other_path));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		say_version(&second, other_path, rows[i].of_second);
		registry = open_both("");
		ck_assert_uint_eq(registry_count(registry), 2);
		ck_assert_int_eq(registry_find(registry, "mock", &module, &err), 0);
		ck_assert_ptr_eq(module, registry_at(registry, rows[i].counts));
		ck_assert(!registry_at(registry, 1 - rows[i].counts)->usable);
		registry_close(registry);
	}
	say_version(&second, other_path, "1.1");
	registry = open_both("");
	snprintf(expected, sizeof(expected),
		 "provider \"mock\" (%s): version 1.0 does not count, since version 1.1 is in %s; "
		 "remove one of the two",
		 path, other_path);
	ck_assert_str_eq(registry_at(registry, 0)->reason, expected);
	registry_close(registry);
}
END_TEST

/* What is left out is said. */
START_TEST(more_files_than_there_may_be)
{
	int log, saved = dup(STDERR_FILENO);
	char host[600], text[2048] = "", expected[800];
	const struct registry_options options = {.path = first.path,
						 .files_max = 1,
						 .host_program = host_program(host, sizeof(host))};
	struct registry *registry;
	struct hr_error err;

	module_folder_add(&first, GOOD_MODULE("mock"), "mock.so", path, sizeof(path));
	module_folder_write(&first, "text.so", "no module\n", other_path, sizeof(other_path));
	module_folder_write(&first, "until.so", "no module\n", other_path, sizeof(other_path));
	snprintf(other_path, sizeof(other_path), "%s/log", second.path);
	log = open(other_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(dup2(log, STDERR_FILENO), 0);
	log_setup(LOG_LEVEL_WARNING, LOG_FORMAT_TEXT);
	ck_assert_int_eq(registry_open(&options, &registry, &err), 0);
	ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
	ck_assert_uint_eq(registry_count(registry), 1);
	registry_close(registry);
	ck_assert_int_gt(pread(log, text, sizeof(text) - 1, 0), 0);
	snprintf(expected, sizeof(expected),
		 "2 files of %s are not looked at, since more than 1 files of modules are in the "
		 "folders: remove what are no modules",
		 first.path);
	ck_assert_msg(strstr(text, expected) != NULL, "%s", text);
	close(log);
	close(saved);
}
END_TEST

/* A bad file that comes first is not silently replaced by another one. */
START_TEST(first_folder_wins_though_bad)
{
	const struct registry_module *module;
	struct registry *registry;
	struct hr_error err = {0};

	module_folder_add(&first, GOOD_MODULE("mock"), "mock.so", path, sizeof(path));
	module_folder_add(&second, GOOD_MODULE("mock"), "mock.so", other_path, sizeof(other_path));
	ck_assert_int_eq(chmod(path, 0666), 0);
	registry = open_both("");
	ck_assert_int_ne(registry_find(registry, "mock", &module, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.message, "others may write the file"));
	registry_close(registry);
}
END_TEST

START_TEST(local_modules)
{
	const struct registry_module *module;
	struct registry *registry;
	struct hr_error err = {0};

	module_folder_add(&first, GOOD_MODULE("mocklocal"), "mocklocal.so", path, sizeof(path));
	registry = open_both("local,mockloca");
	ck_assert_int_ne(registry_find(registry, "mocklocal", &module, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.message, "add mocklocal to the daemon's local_modules"));
	registry_close(registry);
	registry = open_both("local, mocklocal");
	ck_assert_int_eq(registry_find(registry, "mocklocal", &module, &err), 0);
	ck_assert_uint_eq(module->profile, HR_PROFILE_LOCAL);
	registry_close(registry);
}
END_TEST

/* The same under another title of that length, as a file of the first folder. */
static void write_manifest(const char *name, const char *title)
{
	char text[65536], manifest[600], *at;

	module_describe(path, text, sizeof(text));
	at = strstr(text, "\"title\":\"Mock\"");
	ck_assert_ptr_nonnull(at);
	ck_assert_uint_eq(strlen(title), 4);
	memcpy(at + strlen("\"title\":\""), title, 4);
	module_folder_write(&first, name, text, manifest, sizeof(manifest));
}

/* By its manifest alone: there is no program here that could load it. */
static struct registry *open_without_host(bool no_manifests)
{
	const struct registry_options options = {.path = first.path,
						 .host_program = "/nonexistent/headroom-host",
						 .no_manifests = no_manifests};
	struct registry *registry;
	struct hr_error err;

	ck_assert_int_eq(registry_open(&options, &registry, &err), 0);
	ck_assert_uint_eq(registry_count(registry), 1);
	return registry;
}

START_TEST(manifest)
{
	const struct registry_module *module;
	struct registry *registry;

	module_folder_add(&first, GOOD_MODULE("mock"), "mock.so", path, sizeof(path));
	write_manifest("mock.json", "Read");
	registry = open_without_host(false);
	module = registry_at(registry, 0);
	ck_assert_msg(module->usable, "%s", module->reason);
	ck_assert_str_eq(module->title, "Read");
	ck_assert_ptr_nonnull(schema_find(&module->schema, "token"));
	registry_close(registry);

	registry = open_without_host(true);
	ck_assert(!registry_at(registry, 0)->usable);
	registry_close(registry);
}
END_TEST

/* A byte more, a byte other, others may write it or the module, or it is a link: the module is asked. */
START_TEST(manifest_not_used)
{
	char file[700], to[700];
	struct registry *registry;
	FILE *module;

	snprintf(file, sizeof(file), "%s/mock.json", first.path);
	snprintf(to, sizeof(to), "%s/elsewhere", first.path);
	for (int how = 0; how < 7; how++) {
		module_folder_add(&first, GOOD_MODULE("mock"), "mock.so", path, sizeof(path));
		write_manifest("mock.json", "Read");
		module = fopen(path, "r+e");
		ck_assert_ptr_nonnull(module);
		if (how == 0) {
			ck_assert_int_eq(fseek(module, 0, SEEK_END), 0);
			fputc('x', module);
		} else if (how == 1) { /* the size stays */
			ck_assert_int_eq(fseek(module, -1, SEEK_END), 0);
			fputc('x', module);
		}
		ck_assert_int_eq(fclose(module), 0);
		if (how == 2)
			ck_assert_int_eq(chmod(file, 0666), 0);
		if (how == 3)
			ck_assert_int_eq(chmod(path, 0666), 0);
		if (how == 4)
			ck_assert_int_eq(rename(file, to) | symlink(to, file), 0);
		if (how == 5)
			ck_assert_int_eq(truncate(file, 100), 0);
		if (how == 6)
			ck_assert_int_eq(unlink(file), 0);
		registry = open_without_host(false);
		ck_assert_msg(!registry_at(registry, 0)->usable, "case %d", how);
		registry_close(registry);
		unlink(file);
		/* It is asked, and is what it was. */
		if (how != 3) {
			registry = open_both("");
			ck_assert_str_eq(registry_at(registry, 0)->title, "Mock");
			registry_close(registry);
		}
	}
}
END_TEST

/* What a manifest says does not give a module what it is not granted. */
START_TEST(manifest_of_another)
{
	const struct registry_module *module;
	struct registry *registry;
	char file[700], to[700];

	module_folder_add(&first, GOOD_MODULE("mock"), "mock.so", path, sizeof(path));
	write_manifest("mock.json", "Read");
	snprintf(file, sizeof(file), "%s/mock.json", first.path);
	snprintf(to, sizeof(to), "%s/other.json", first.path);
	ck_assert_int_eq(rename(file, to), 0);
	snprintf(to, sizeof(to), "%s/other.so", first.path);
	ck_assert_int_eq(rename(path, to), 0);
	registry = open_both("");
	module = registry_at(registry, 0);
	ck_assert(!module->usable);
	ck_assert_ptr_nonnull(strstr(module->reason, "the module's id is \"mock\""));
	registry_close(registry);
}
END_TEST

START_TEST(missing)
{
	char expected[1400];
	const struct registry_module *module;
	struct registry *registry;
	struct hr_error err = {0};

	module_folder_add(&first, GOOD_MODULE("mock"), "mock.so", path, sizeof(path));
	registry = open_both("");
	ck_assert_int_ne(registry_find(registry, "mcok", &module, &err), 0);
	snprintf(expected, sizeof(expected),
		 "there is no provider module \"mcok\" (did you mean \"mock\"?): looked for "
		 "mcok.so in %s, %s, /nonexistent/modules (there is no such folder); install it, "
		 "or correct the name",
		 first.path, second.path);
	ck_assert_str_eq(err.message, expected);
	ck_assert_str_eq(err.field, "provider");
	ck_assert_str_eq(err.example, "mock");
	registry_close(registry);
}
END_TEST

START_TEST(empty_path)
{
	const struct registry_options options = {.path = "", .host_program = "/nonexistent"};
	const struct registry_module *module;
	struct registry *registry;
	struct hr_error err = {0};

	ck_assert_int_eq(registry_open(&options, &registry, &err), 0);
	ck_assert_uint_eq(registry_count(registry), 0);
	ck_assert_int_ne(registry_find(registry, "local", &module, &err), 0);
	ck_assert_str_eq(err.message,
			 "there is no provider module \"local\": looked for local.so in no folder "
			 "at all: the search path is empty; install it, or correct the name");
	registry_close(registry);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("registry");
	TCase *tests = tcase_create("registry");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, good_and_refused);
	tcase_add_test(tests, first_folder_wins);
	tcase_add_test(tests, newer_version_wins);
	tcase_add_test(tests, first_folder_wins_though_bad);
	tcase_add_test(tests, more_files_than_there_may_be);
	tcase_add_test(tests, local_modules);
	tcase_add_test(tests, manifest);
	tcase_add_test(tests, manifest_not_used);
	tcase_add_test(tests, manifest_of_another);
	tcase_add_test(tests, missing);
	tcase_add_test(tests, empty_path);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
