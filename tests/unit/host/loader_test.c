/* SPDX-License-Identifier: Apache-2.0 */
/* Each way in which a module file can be refused, with its whole message; and what is accepted. */
#include "host/loader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "../../modules/module_folder.h"
#include "host/dl.h"
#include "host/refusal.h"

static struct module_folder folder;
static char path[600];

static void setup(void)
{
	module_folder_make(&folder);
}

static void teardown(void)
{
	module_folder_remove(&folder);
}

/* Tries to load the file `path`, and expects to fail. */
static struct hr_error refuse_file(unsigned flags)
{
	struct hr_error err = {0};
	struct module *module = NULL;

	ck_assert_msg(loader_open(path, flags, &module, &err) != 0, "%s is accepted", path);
	ck_assert_ptr_null(module);
	ck_assert_int_eq(err.class, HR_INVALID);
	ck_assert_str_eq(err.field, "provider");
	return err;
}

/* format: what is expected after `provider "acme" (PATH): `. */
static void __attribute__((format(printf, 2, 3)))
expect_refusal(const char *built, const char *format, ...)
{
	char expected[1600], rest[600];
	struct hr_error err;
	va_list args;

	/* A folder of its own each: the system's loader knows objects by path. */
	module_folder_remove(&folder);
	module_folder_make(&folder);
	module_folder_add(&folder, built, "acme.so", path, sizeof(path));
	err = refuse_file(0);
	va_start(args, format);
	vsnprintf(rest, sizeof(rest), format, args);
	va_end(args);
	snprintf(expected, sizeof(expected), "provider \"acme\" (%s): %s", path, rest);
	ck_assert_str_eq(err.message, expected);
}

START_TEST(no_symbol)
{
	expect_refusal(BROKEN_MODULE("nosymbol"),
		       "it is no provider module: it does not export headroom_provider_v0; remove "
		       "it from the folder, or build it with HR_BUILDS_MODULE and "
		       "HR_PROVIDER_SYMBOL");
}
END_TEST

START_TEST(another_major_only)
{
	expect_refusal(
		BROKEN_MODULE("othermajor"),
		"built for provider ABI 2 (it exports headroom_provider_v2), this Headroom "
		"offers 0.0 draft 3; install the Headroom that it was built for, or a build of "
		"acme for ABI 0");
}
END_TEST

START_TEST(versions)
{
	expect_refusal(BROKEN_MODULE("badmagic"),
		       "its descriptor begins with 0x12345678, wanted is 0x4d524448; build the "
		       "module again with HR_PROVIDER_HEADER");
	expect_refusal(BROKEN_MODULE("badmajor"),
		       "built for provider ABI 1.2, this Headroom offers 0.0 draft 3; install the "
		       "Headroom that it was built for, or a build of acme for this one");
	expect_refusal(BROKEN_MODULE("nextdraft"),
		       "built for provider ABI 0.0 draft 4, this Headroom offers 0.0 draft 3 and "
		       "accepts no other draft; install the Headroom that it was built for, or a "
		       "build of acme for this one");
	expect_refusal(BROKEN_MODULE("needsminor"),
		       "needs provider ABI 0.3, this Headroom offers 0.0; install a newer "
		       "Headroom");
}
END_TEST

START_TEST(sizes)
{
	const char *todo = "build the module again with .size = sizeof(struct hr_provider)";
	size_t size = sizeof(struct hr_provider);
	struct hr_error err;
	char expected[200];

	expect_refusal(BROKEN_MODULE("tooshort"),
		       "its descriptor says that it has 100 bytes, at least %zu are wanted; %s",
		       size, todo);
	expect_refusal(BROKEN_MODULE("veryshort"),
		       "its descriptor says that it has 16 bytes, at least %zu are wanted; %s",
		       size, todo);
	expect_refusal(BROKEN_MODULE("toolarge"),
		       "its descriptor says that it has 65537 bytes, at most 65536 are accepted; "
		       "%s",
		       todo);
	module_folder_remove(&folder);
	module_folder_make(&folder);
	/* How much the file has of it is more than the struct where a sanitizer adds to it. */
	module_folder_add(&folder, BROKEN_MODULE("overlong"), "acme.so", path, sizeof(path));
	err = refuse_file(0);
	snprintf(expected, sizeof(expected),
		 "its descriptor says that it has %zu bytes, the file has ", size + 4096);
	ck_assert_ptr_nonnull(strstr(err.message, expected));
	ck_assert_ptr_nonnull(strstr(err.message, " of it; "));
}
END_TEST

START_TEST(ids)
{
	expect_refusal(BROKEN_MODULE("wrongid"),
		       "the module's id is \"other\", the file's name says \"acme\"; rename the "
		       "file to other.so, or correct the module");
	expect_refusal(BROKEN_MODULE("noid"), "the descriptor's id is missing or too long; give "
					      "the descriptor an id");
}
END_TEST

START_TEST(operations)
{
	const char *const names[] = {"open",   "close", "check",  "create",
				     "status", "list",  "destroy"};
	char built[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(built, sizeof(built), "tests/modules/broken/missing%s.so", names[i]);
		expect_refusal(built,
			       "the operation %s, which every module must have, is missing; "
			       "install a version of the module that has it",
			       names[i]);
	}
	expect_refusal(BROKEN_MODULE("noinject"),
		       "the operation inject is missing, which scripts after boot need; install a "
		       "version of the module that has it");
}
END_TEST

START_TEST(texts)
{
	expect_refusal(BROKEN_MODULE("notitle"),
		       "the descriptor's title is missing; fill it in and "
		       "build the module again");
	expect_refusal(BROKEN_MODULE("longtext"),
		       "the descriptor's licence has more than 1024 bytes; shorten it and build "
		       "the module again");
	expect_refusal(BROKEN_MODULE("badtext"), "the descriptor's vendor is no UTF-8; write it in "
						 "UTF-8 and build the module again");
	expect_refusal(BROKEN_MODULE("nothreads"),
		       "the descriptor's thread_model is 0, at least 1000 is wanted; fill it in "
		       "and build the module again");
}
END_TEST

START_TEST(settings_tables)
{
	const char *todo = "correct the table and build the module again";
	const char *stride = "build the module again with .settings_stride = sizeof(struct "
			     "hr_setting)";
	size_t size = sizeof(struct hr_setting);

	expect_refusal(BROKEN_MODULE("settingsnull"),
		       "it says that it has 3 settings, but the table is missing; set .settings "
		       "and .n_settings and build the module again");
	expect_refusal(BROKEN_MODULE("settingsmany"),
		       "it says that it has 100000 settings, at most 512 are accepted; correct "
		       ".n_settings or have fewer, and build the module again");
	expect_refusal(BROKEN_MODULE("settingsstride"),
		       "a row of its settings has 24 bytes, %zu to 4096 are accepted; %s", size,
		       stride);
	expect_refusal(BROKEN_MODULE("settingsodd"),
		       "a row of its settings has %zu bytes, %zu to 4096 are accepted; %s",
		       size + 1, size, stride);
	expect_refusal(BROKEN_MODULE("settingsrole"),
		       "its setting \"pool\" has the role reference, which is the daemon's own; %s",
		       todo);
	expect_refusal(BROKEN_MODULE("settingshelp"),
		       "table \"settings of provider acme\", row 1 (\"region\"): the help is "
		       "missing; %s",
		       todo);
	expect_refusal(BROKEN_MODULE("settingskey"),
		       "table \"settings of provider acme\", row 1 (\"Region\"): the key must be "
		       "[a-z][a-z0-9_]{0,62}; %s",
		       todo);
	expect_refusal(BROKEN_MODULE("settingstwice"),
		       "table \"settings of provider acme\", row 2 (\"region\"): \"region\" is "
		       "taken by row 1; %s",
		       todo);
	expect_refusal(BROKEN_MODULE("settingstype"),
		       "table \"settings of provider acme\", row 1 (\"region\"): type 99 is "
		       "unknown; %s",
		       todo);
}
END_TEST

/* What is refused is not given as an example, too. */
START_TEST(settings_default)
{
	expect_refusal(BROKEN_MODULE("settingsdefault"),
		       "table \"settings of provider acme\", row 1 (\"size\"): the default "
		       "\"many\" is refused: \"many\" is no integer; correct the table and build "
		       "the module again");
}
END_TEST

START_TEST(loading_errors)
{
	const char *todo = "install what it needs, or install the module anew";

	expect_refusal(BROKEN_MODULE("undefined"),
		       "it cannot be loaded: undefined symbol: nobody_has_this; %s", todo);
	expect_refusal(BROKEN_MODULE("needsgone"),
		       "it cannot be loaded: gone.so: cannot open shared object file: No such file "
		       "or directory; %s",
		       todo);
}
END_TEST

START_TEST(text_file)
{
	char expected[1600];
	struct hr_error err;

	module_folder_write(&folder, "acme.so", "this is a text, and no module at all\n", path,
			    sizeof(path));
	err = refuse_file(0);
	snprintf(expected, sizeof(expected),
		 "provider \"acme\" (%s): it cannot be loaded: file too short; install what it "
		 "needs, or install the module anew",
		 path);
	ck_assert_str_eq(err.message, expected);
}
END_TEST

START_TEST(profiles)
{
	struct hr_error err = {0};
	struct module *module;

	expect_refusal(BROKEN_MODULE("wantslocal"),
		       "it asks for profile local (processes on this machine), which is not "
		       "granted to it; if you trust it with this machine, add acme to the daemon's "
		       "local_modules");
	ck_assert_int_eq(loader_open(path, LOADER_MAY_BE_LOCAL, &module, &err), 0);
	ck_assert_uint_eq(module->provider.profile, HR_PROFILE_LOCAL);
	loader_close(module);
	expect_refusal(BROKEN_MODULE("badprofile"),
		       "it asks for profile 9, this Headroom has compute (1) and local (2); "
		       "install a newer Headroom, or correct the module");
}
END_TEST

START_TEST(modes)
{
	char expected[1600];
	struct hr_error err;

	module_folder_add(&folder, BROKEN_MODULE("newerminor"), "acme.so", path, sizeof(path));
	ck_assert_int_eq(chmod(path, 0666), 0);
	err = refuse_file(0);
	snprintf(expected, sizeof(expected),
		 "provider \"acme\" (%s): others may write the file (mode 0666); make sure that "
		 "nobody has changed it, then run: chmod go-w %s",
		 path, path);
	ck_assert_str_eq(err.message, expected);

	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_int_eq(chmod(folder.path, 0775), 0);
	err = refuse_file(0);
	snprintf(expected, sizeof(expected),
		 "provider \"acme\" (%s): others may write the folder (mode 0775); make sure that "
		 "nobody has changed it, then run: chmod go-w %s",
		 path, folder.path);
	ck_assert_str_eq(err.message, expected);
}
END_TEST

START_TEST(owners)
{
	char expected[1600];
	struct hr_error err;

	if (geteuid() != 0)
		return; /* only root can make a file another's */
	module_folder_add(&folder, BROKEN_MODULE("newerminor"), "acme.so", path, sizeof(path));
	ck_assert_int_eq(chown(path, 12345, 12345), 0);
	err = refuse_file(0);
	snprintf(expected, sizeof(expected),
		 "provider \"acme\" (%s): the file belongs to uid 12345 and must belong to root; "
		 "find out who put it there, then run: chown root %s",
		 path, path);
	ck_assert_str_eq(err.message, expected);

	ck_assert_int_eq(chown(path, 0, 0), 0);
	ck_assert_int_eq(chown(folder.path, 12345, 0), 0);
	err = refuse_file(0);
	ck_assert_ptr_nonnull(strstr(err.message, "the folder belongs to uid 12345 and must"));
	ck_assert_int_eq(chown(folder.path, 0, 0), 0);
}
END_TEST

/* Whoever may write a folder above can put another one in the place of ours. */
START_TEST(folders_above)
{
	char inner[600], expected[2000];
	struct hr_error err;

	snprintf(inner, sizeof(inner), "%s/inner", folder.path);
	ck_assert_int_eq(mkdir(inner, 0755), 0);
	module_folder_add(&folder, BROKEN_MODULE("newerminor"), "inner/acme.so", path,
			  sizeof(path));
	ck_assert_int_eq(chmod(folder.path, 0757), 0);
	err = refuse_file(0);
	snprintf(expected, sizeof(expected),
		 "provider \"acme\" (%s): everybody may write the folder above its own, %s (mode "
		 "0757); make sure that nobody has changed what is in it, then run: chmod o-w %s",
		 path, folder.path, folder.path);
	ck_assert_str_eq(err.message, expected);
	/* A group's, as /usr/local is on some systems, or another user's: that is for him who runs it. */
	ck_assert_int_eq(chmod(folder.path, 02775), 0);
	ck_assert_int_eq(chmod(inner, 0777), 0);
	err = refuse_file(0);
	ck_assert_ptr_nonnull(strstr(err.message, "others may write the folder (mode 0777)"));
	ck_assert_int_eq(chmod(inner, 0755), 0);
	ck_assert_int_eq(chmod(folder.path, 01777), 0); /* where nobody can move another's */
	ck_assert_int_eq(chmod(inner, 0777), 0);
	err = refuse_file(0);
	ck_assert_ptr_nonnull(strstr(err.message, "others may write the folder (mode 0777)"));
}
END_TEST

/* A symbolic link leads out of a good folder into a bad one. */
START_TEST(link_into_bad_folder)
{
	struct module_folder other;
	struct hr_error err;
	char target[600];

	module_folder_make(&other);
	module_folder_add(&other, BROKEN_MODULE("newerminor"), "acme.so", target, sizeof(target));
	ck_assert_int_eq(chmod(other.path, 0777), 0);
	snprintf(path, sizeof(path), "%s/acme.so", folder.path);
	ck_assert_int_eq(symlink(target, path), 0);
	err = refuse_file(0);
	ck_assert_ptr_nonnull(strstr(err.message, "others may write the folder (mode 0777)"));
	module_folder_remove(&other);
}
END_TEST

static void refuse_named(const char *name, const char *id, const char *reason)
{
	char start[900];
	struct hr_error err;

	module_folder_add(&folder, BROKEN_MODULE("newerminor"), name, path, sizeof(path));
	err = refuse_file(0);
	snprintf(start, sizeof(start), "provider \"%s\" (%s): %s", id, path, reason);
	ck_assert_str_eq(err.message, start);
}

START_TEST(file_names)
{
	const char *reason = "a module's file is named after its id, [a-z][a-z0-9]{1,31}.so; give "
			     "the file the name of its module";

	refuse_named("Acme.so", "Acme", reason);
	refuse_named("a.so", "a", reason);
	refuse_named("my-acme.so", "my-acme", reason);
	refuse_named("1acme.so", "1acme", reason);
	refuse_named("acme.la", "acme.la", reason);
	refuse_named("abcdefghijklmnopqrstuvwxyz0123456.so", "abcdefghijklmnopqrstuvwxyz012345",
		     reason);
}
END_TEST

START_TEST(no_file)
{
	char expected[1600];
	struct hr_error err;

	snprintf(path, sizeof(path), "%s/acme.so", folder.path);
	err = refuse_file(0);
	snprintf(expected, sizeof(expected),
		 "provider \"acme\" (%s): the file cannot be looked at: No such file or directory; "
		 "install the module, or correct the folder's name",
		 path);
	ck_assert_str_eq(err.message, expected);

	ck_assert_int_eq(mkdir(path, 0755), 0);
	err = refuse_file(0);
	ck_assert_ptr_nonnull(strstr(err.message, "it is a folder, no module; remove it from the "
						  "folder of the modules"));

	snprintf(path, sizeof(path), "tests/acme.so");
	err = refuse_file(0);
	ck_assert_ptr_nonnull(strstr(err.message, "modules are loaded by absolute path only"));
}
END_TEST

/* libltdl would look for names without a folder along this variable. */
START_TEST(environment_is_not_searched)
{
	struct hr_error err = {0};
	struct dl *dl = NULL;

	module_folder_add(&folder, BROKEN_MODULE("newerminor"), "acme.so", path, sizeof(path));
	ck_assert_int_eq(setenv("LTDL_LIBRARY_PATH", folder.path, 1), 0);
	ck_assert_int_ne(dl_open("acme.so", &dl, &err), 0);
	ck_assert_int_ne(dl_open("acme", &dl, &err), 0);
	snprintf(path, sizeof(path), "%s/acme.la", folder.path);
	ck_assert_int_ne(dl_open(path, &dl, &err), 0);
	ck_assert_str_eq(err.message, "only the absolute path of a shared object can be opened");
}
END_TEST

START_TEST(long_path_is_shortened)
{
	struct hr_error err = {0};
	char deep[400];

	memset(deep, 'd', sizeof(deep));
	deep[0] = '/';
	deep[250] = '/';
	snprintf(deep + 300, sizeof(deep) - 300, "/acme.so");
	refusal_set(&err, "acme", deep, "do that", "this is %s", "wrong");
	ck_assert_str_eq(err.message,
			 "provider \"acme\" (…/ddddddddddddddddddddddddddddddddddddddddddddddddd/"
			 "acme.so): this is wrong; do that");
}
END_TEST

START_TEST(good_module)
{
	struct hr_error err = {0};
	struct module *module;
	const struct hr_setting *row;

	module_folder_add(&folder, GOOD_MODULE("mock"), "mock.so", path, sizeof(path));
	ck_assert_msg(loader_open(path, 0, &module, &err) == 0, "%s", err.message);
	ck_assert_str_eq(module->id, "mock");
	ck_assert_str_eq(module->path, path);
	ck_assert_str_eq(module->provider.vendor, "Acme");
	ck_assert_uint_eq(module->provider.max_concurrency, 4);
	ck_assert_ptr_null((void *)(uintptr_t)module->provider.discover);
	row = schema_find(&module->schema, "api_token");
	ck_assert_ptr_nonnull(row);
	ck_assert_str_eq(row->key, "token");
	ck_assert_str_eq(module->schema.subject, "settings of provider mock");
	loader_close(module);
}
END_TEST

START_TEST(newer_minor)
{
	struct hr_error err = {0};
	struct module *module;

	module_folder_add(&folder, BROKEN_MODULE("newerminor"), "acme.so", path, sizeof(path));
	ck_assert_msg(loader_open(path, 0, &module, &err) == 0, "%s", err.message);
	ck_assert_uint_eq(module->provider.abi_minor, 3);
	loader_close(module);
}
END_TEST

START_TEST(longer_rows)
{
	struct hr_error err = {0};
	struct module *module;

	module_folder_add(&folder, BROKEN_MODULE("settingslong"), "acme.so", path, sizeof(path));
	ck_assert_msg(loader_open(path, 0, &module, &err) == 0, "%s", err.message);
	ck_assert_uint_eq(module->schema.n_rows, 2);
	ck_assert_str_eq(schema_row(&module->schema, 1)->key, "token");
	ck_assert_uint_eq(schema_row(&module->schema, 1)->type, HR_TYPE_SECRET);
	loader_close(module);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loader");
	TCase *tests = tcase_create("loader");
	SRunner *runner;
	int failed;

	umask(022);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, no_symbol);
	tcase_add_test(tests, another_major_only);
	tcase_add_test(tests, versions);
	tcase_add_test(tests, sizes);
	tcase_add_test(tests, ids);
	tcase_add_test(tests, operations);
	tcase_add_test(tests, texts);
	tcase_add_test(tests, settings_tables);
	tcase_add_test(tests, settings_default);
	tcase_add_test(tests, loading_errors);
	tcase_add_test(tests, text_file);
	tcase_add_test(tests, profiles);
	tcase_add_test(tests, modes);
	tcase_add_test(tests, owners);
	tcase_add_test(tests, folders_above);
	tcase_add_test(tests, link_into_bad_folder);
	tcase_add_test(tests, file_names);
	tcase_add_test(tests, no_file);
	tcase_add_test(tests, environment_is_not_searched);
	tcase_add_test(tests, long_path_is_shortened);
	tcase_add_test(tests, good_module);
	tcase_add_test(tests, newer_minor);
	tcase_add_test(tests, longer_rows);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
