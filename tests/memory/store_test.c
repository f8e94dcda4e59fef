/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out in the store: while it is opened, and in transactions that write and read every kind
 * of row. */
#include "failing.h"

#include <stdio.h>
#include <stdlib.h>

#include "../unit/store/fixture.h"

#include "base/json.h"

enum { ZONE = 1, POOL = 3, SERVER = 100, SESSION = 200, OPERATION = 300 };

static struct document pool;

/* With the store, its caches go: what is kept then is kept for ever. */
static int finish(int rc)
{
	struct store *closed = store;

	memory_note(rc == 0 ? "done" : "not done");
	store = NULL;
	store_close(closed);
	return rc;
}

/* ---- Opening ---- */

static void close_store(void)
{
	store_close(store);
	store = NULL;
}

static int open_again(struct hr_error *err)
{
	struct store_options options = fixture_options(false);
	struct store *opened = NULL;
	int rc = store_open(&options, &opened, err);

	store_close(opened);
	return rc;
}

/* ---- Documents ---- */

/* A new store's database, which each run begins with. */
static void *pristine;
static size_t pristine_size;

static void keep_pristine(void)
{
	FILE *file;

	reopen(false);
	close_store();
	file = fopen(database_path, "rb");
	pristine = malloc(4u << 20);
	pristine_size = file && pristine ? fread(pristine, 1, 4u << 20, file) : 0;
	if (pristine_size == 0 || !feof(file))
		abort();
	fclose(file);
}

static void new_pool(void)
{
	char beside[PATH_SIZE];
	FILE *file = fopen(database_path, "wb");

	remove(below(beside, "state/headroom.db-wal"));
	remove(below(beside, "state/headroom.db-shm"));
	if (!file || fwrite(pristine, pristine_size, 1, file) != 1 || fclose(file) != 0)
		abort();
	reopen(false);
	pool = new_document(DOCUMENT_POOL, POOL, "demo");
}

static void drop_pool(void)
{
	document_clear(&pool);
}

static int documents_fn(struct tx *tx, void *arg, struct hr_error *err)
{
	struct document got = {0}, *list = NULL;
	json_t *secrets = json_pack("{ss}", "password", "a secret"), *back = NULL;
	size_t n = 0;
	int rc = -1;

	(void)arg;
	if (!secrets)
		return error_no_memory(err, "packing");
	if (document_put(tx, &pool, secrets, err) != 0 ||
	    document_get(tx, DOCUMENT_POOL, pool.id, &got, err) != 0)
		goto out;
	memory_note_json(got.body);
	if (document_secrets(tx, DOCUMENT_POOL, pool.id, &back, err) != 0)
		goto out;
	memory_note_json(back);
	if (document_list(tx, DOCUMENT_POOL, "", 10, &list, &n, err) != 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		memory_note_json(list[i].body);
	rc = 0;
out:
	document_list_free(list, n);
	document_clear(&got);
	json_decref(secrets);
	json_decref(back);
	return rc;
}

static int documents(struct hr_error *err)
{
	pool.revision = 0;
	return finish(store_write(store, documents_fn, NULL, err));
}

/* ---- Servers, sessions, operations, events ---- */

static int rows_fn(struct tx *tx, void *arg, struct hr_error *err)
{
	struct server server = new_server(SERVER), got;
	struct session session = new_session(SESSION, "ana");
	struct operation operation = new_operation(OPERATION, SERVER), *operations = NULL;
	struct server_query query = {.limit = 10};
	struct server *servers = NULL;
	struct session *sessions = NULL;
	struct session_query waiting = {.limit = 10};
	struct cohort *cohorts = NULL;
	size_t n = 0;
	int rc = -1;

	(void)arg;
	if (server_insert(tx, &server, 10, err) != 0 || session_insert(tx, &session, err) != 0 ||
	    operation_insert(tx, &operation, err) != 0 || server_get(tx, server.id, &got, err) != 0)
		goto out;
	memory_note(got.name);
	got.state = SERVER_CREATING;
	if (server_update(tx, &got, err) != 0 || server_list(tx, &query, &servers, &n, err) != 0)
		goto out;
	memory_note(n == 1 ? servers[0].name : "no server");
	if (session_list(tx, &waiting, &sessions, &n, err) != 0)
		goto out;
	memory_note(n == 1 ? sessions[0].id : "no session");
	if (operation_list_server(tx, server.id, &operations, &n, err) != 0)
		goto out;
	memory_note(n == 1 ? operations[0].id : "no operation");
	if (cohort_list(tx, server.pool_id, &cohorts, &n, err) != 0)
		goto out;
	memory_note(n == 1 ? "a cohort" : "none");
	rc = server_counters_check(tx, err);
out:
	free(servers);
	free(sessions);
	free(operations);
	free(cohorts);
	return rc;
}

static int rows(struct hr_error *err)
{
	return finish(store_write(store, rows_fn, NULL, err));
}

/* ---- Two in one commit, of which one fails ---- */

struct one {
	int server;
	bool fails, done;
	struct hr_error err; /* as it was told */
};

static int insert_fn(struct tx *tx, void *arg, struct hr_error *err)
{
	const struct one *one = arg;
	struct server server = new_server(one->server);

	if (server_insert(tx, &server, -1, err) < 0)
		return -1;
	return one->fails ? error_set(err, HR_CONFLICT, "as it must") : 0;
}

static void insert_done(void *arg, const struct hr_error *err)
{
	struct one *one = arg;

	one->done = true;
	one->err = err ? *err : (struct hr_error){0};
}

static void run_two(struct one two[2])
{
	bool taken[2];

	for (int i = 0; i < 2; i++)
		taken[i] = store_submit(store, insert_fn, &two[i], insert_done) == 0;
	while (store_run(store) > 0)
		;
	for (int i = 0; i < 2; i++)
		if (!taken[i])
			error_no_memory(&two[i].err, "handing it over");
}

/* Whatever it was told, so it must be. */
static int compare_fn(struct tx *tx, void *arg, struct hr_error *err)
{
	const struct one *two = arg;
	struct server server;

	for (int i = 0; i < 2; i++) {
		bool is_there = server_get(tx, id_of(two[i].server), &server, NULL) == 0;

		if (is_there != (two[i].err.class == 0))
			return error_set(err, HR_INTERNAL, "server %d is %s, and was told \"%s\"",
					 i, is_there ? "stored" : "not stored", two[i].err.message);
	}
	return 0;
}

static int two_at_once(struct hr_error *err)
{
	struct one first[2] = {{.server = 500, .fails = true}, {.server = 501}};
	struct one two[2] = {{.server = 600, .fails = true}, {.server = 601}};
	int rc;

	/* So that everything is ready, and the way back alone wants memory. */
	memory_enough();
	run_two(first);
	memory_scarce();
	run_two(two);
	memory_enough();
	rc = store_read(store, compare_fn, two, err);
	if (rc == 0 && two[1].err.class != 0) {
		*err = two[1].err;
		rc = -1;
	}
	return finish(rc);
}

static int status;

START_TEST(all)
{
	static const struct memory_job jobs[] = {
		{"store: documents", documents, new_pool, drop_pool, NULL},
		{"store: servers and sessions", rows, new_pool, drop_pool, NULL},
		{"store: two in one commit", two_at_once, new_pool, drop_pool, NULL},
		{"store: opened", open_again, NULL, NULL, NULL},
	};

	folder_setup();
	keep_pristine();
	status = memory_run(jobs, 3);
	status |= memory_run(jobs + 3, 1);
	free(pristine);
	folder_teardown();
}
END_TEST

/* The fixture's assertions want a running test. */
int main(void)
{
	SRunner *runner;
	Suite *suite = suite_create("memory");
	TCase *tests = tcase_create("store");

	json_object_seed(1);
	tcase_add_test(tests, all);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	status |= srunner_ntests_failed(runner);
	srunner_free(runner);
	return status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
