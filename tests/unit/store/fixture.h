/* SPDX-License-Identifier: Apache-2.0 */
/* A store in a folder of its own, and rows to put into it. */
#ifndef HR_TESTS_UNIT_STORE_FIXTURE_H
#define HR_TESTS_UNIT_STORE_FIXTURE_H

#include <check.h>

#include "base/text.h"
#include "model/event.h"
#include "model/operation.h"
#include "model/session.h"
#include "store/document_rows.h"
#include "store/operation_rows.h"
#include "store/secret_rows.h"
#include "store/server_rows.h"
#include "store/session_rows.h"
#include "store/store.h"

#define PATH_SIZE 512

/* Of the present test: a folder that is removed after it, the state folder and the master key below
 * it, and the store (NULL until opened). */
extern char test_folder[PATH_SIZE];
extern char state_folder[PATH_SIZE];
extern char key_path[PATH_SIZE];
extern char database_path[PATH_SIZE];
extern struct store *store;

void folder_setup(void);
void folder_teardown(void);
/* The same, with an open store without a thread. */
void store_setup(void);
void store_teardown(void);

/* Options for the present test's folder; commits do not wait for the disk. */
struct store_options fixture_options(bool threaded);
void reopen(bool threaded);

/* path below test_folder. */
const char *below(char buf[PATH_SIZE], const char *name);

/* The id that ends in this number; borrowed until eight more are asked for. */
const char *id_of(int number);

struct server new_server(int number);
struct session new_session(int number, const char *user);
struct operation new_operation(int number, int server);
struct document new_document(enum document_kind kind, int number, const char *name);

/* Runs fn in a transaction of the present store and expects it to be committed. */
void commit(store_fn fn, void *arg);

/* A test whose body runs in one transaction. */
#define TRANSACTION_TEST(name)                                                \
	static void name##_body(struct tx *tx);                               \
	static int name##_run(struct tx *tx, void *arg, struct hr_error *err) \
	{                                                                     \
		(void)arg;                                                    \
		(void)err;                                                    \
		name##_body(tx);                                              \
		return 0;                                                     \
	}                                                                     \
	START_TEST(name)                                                      \
	{                                                                     \
		commit(name##_run, NULL);                                     \
	}                                                                     \
	END_TEST                                                              \
	static void name##_body(struct tx *tx)

/* The call succeeds (err: a struct hr_error at hand), or fails with class and exact message. */
#define must(call) ck_assert_msg((call) == 0, "%s: %s", #call, err.message)
#define must_fail(call, wanted_class, ...)                                                     \
	do {                                                                                   \
		char wanted_message[1024];                                                     \
                                                                                               \
		err = (struct hr_error){0};                                                    \
		text_format(wanted_message, sizeof(wanted_message), __VA_ARGS__);              \
		ck_assert_int_eq((call), -1);                                                  \
		ck_assert_str_eq(err.message, wanted_message);                                 \
		ck_assert_str_eq(error_class_name(err.class), error_class_name(wanted_class)); \
	} while (0)

/* Runs a suite of one case with these fixtures; gives main's result. */
int run_tests(const char *name, const TTest *const *tests, size_t n, void (*setup)(void),
	      void (*teardown)(void));

#endif
