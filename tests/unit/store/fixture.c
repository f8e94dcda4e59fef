/* SPDX-License-Identifier: Apache-2.0 */
/* A store in a folder of its own, and rows to put into it. */
#include "fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

char test_folder[PATH_SIZE];
char state_folder[PATH_SIZE];
char key_path[PATH_SIZE];
char database_path[PATH_SIZE];
struct store *store;

void folder_setup(void)
{
	const char *parent = getenv("TMPDIR");
	char pattern[PATH_SIZE], *real;

	text_format(pattern, sizeof(pattern), "%s/headroom-store-XXXXXX", parent ? parent : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(pattern));
	real = realpath(pattern, NULL);
	ck_assert_ptr_nonnull(real);
	text_copy(test_folder, sizeof(test_folder), real);
	free(real);
	below(state_folder, "state");
	below(key_path, "master.key");
	below(database_path, "state/headroom.db");
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *place)
{
	(void)info;
	(void)type;
	(void)place;
	return remove(path);
}

void folder_teardown(void)
{
	ck_assert_int_eq(nftw(test_folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

struct store_options fixture_options(bool threaded)
{
	return (struct store_options){.directory = state_folder,
				      .master_key = key_path,
				      .threaded = threaded,
				      .no_sync = true};
}

void reopen(bool threaded)
{
	struct store_options options = fixture_options(threaded);
	struct hr_error err = {0};

	store_close(store);
	store = NULL;
	ck_assert_msg(store_open(&options, &store, &err) == 0, "%s", err.message);
}

void store_setup(void)
{
	folder_setup();
	reopen(false);
}

void store_teardown(void)
{
	store_close(store);
	store = NULL;
	folder_teardown();
}

const char *below(char buf[PATH_SIZE], const char *name)
{
	ck_assert(text_format(buf, PATH_SIZE, "%s/%s", test_folder, name));
	return buf;
}

const char *id_of(int number)
{
	static char ids[8][ID_SIZE];
	static int turn;
	char *id = ids[turn++ % 8];

	text_format(id, ID_SIZE, "00000000-0000-4000-8000-%012d", number);
	return id;
}

struct server new_server(int number)
{
	struct server server = {.state = SERVER_PLANNED,
				.config_revision = 1,
				.provider_revision = 1,
				.state_since_ms = 1000,
				.created_ms = 1000,
				.deadline_ms = MS_NEVER,
				.provision_deadline_ms = MS_NEVER,
				.enabled = true,
				.settings = {.connection_type = CONNECTION_SSH,
					     .max_sessions = 1,
					     .max_users = 1,
					     .reusable = true},
				.percent = -1};

	text_copy(server.id, sizeof(server.id), id_of(number));
	text_format(server.name, sizeof(server.name), "server-%d", number);
	text_copy(server.pool_id, sizeof(server.pool_id), id_of(900001));
	text_copy(server.zone_id, sizeof(server.zone_id), id_of(900002));
	text_copy(server.config_id, sizeof(server.config_id), id_of(900003));
	text_copy(server.provider_config_id, sizeof(server.provider_config_id), id_of(900004));
	text_copy(server.idempotency_token, sizeof(server.idempotency_token), id_of(number));
	return server;
}

struct session new_session(int number, const char *user)
{
	struct session session = {.kind = SESSION_DESKTOP,
				  .state = SESSION_QUEUED,
				  .queued_ms = 1000,
				  .expires_ms = MS_NEVER};

	text_copy(session.id, sizeof(session.id), id_of(number));
	text_copy(session.pool_id, sizeof(session.pool_id), id_of(900001));
	text_copy(session.user, sizeof(session.user), user);
	return session;
}

struct operation new_operation(int number, int server)
{
	struct operation operation = {.kind = OPERATION_CREATE,
				      .state = OPERATION_DUE,
				      .due_ms = 1000,
				      .created_ms = 1000};

	text_copy(operation.id, sizeof(operation.id), id_of(number));
	text_copy(operation.server_id, sizeof(operation.server_id), id_of(server));
	text_copy(operation.provider_config_id, sizeof(operation.provider_config_id),
		  id_of(900004));
	return operation;
}

struct document new_document(enum document_kind kind, int number, const char *name)
{
	struct document document = {.kind = kind, .created_ms = 1000, .changed_ms = 1000};

	text_copy(document.id, sizeof(document.id), id_of(number));
	text_copy(document.name, sizeof(document.name), name);
	document.body = json_pack("{s:s}", "name", name);
	ck_assert_ptr_nonnull(document.body);
	return document;
}

void commit(store_fn fn, void *arg)
{
	struct hr_error err = {0};

	ck_assert_msg(store_write(store, fn, arg, &err) == 0, "%s", err.message);
}

int run_tests(const char *name, const TTest *const *tests, size_t n, void (*setup)(void),
	      void (*teardown)(void))
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	for (size_t i = 0; i < n; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
