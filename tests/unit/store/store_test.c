/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions as functions: what is rolled back, what is committed together, what survives. */
#include "fixture.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/sql.h"
#include "store/tx.h"

static int add_event(struct tx *tx, const char *text, struct hr_error *err)
{
	struct event event = {.at_ms = 1, .kind = "test"};

	text_copy(event.message, sizeof(event.message), text);
	return event_add(tx, &event, err);
}

/* What list_events found. */
struct found {
	struct event *events;
	size_t n;
};

static int list_events(struct tx *tx, void *arg, struct hr_error *err)
{
	struct event_query query = {.after_number = 0};
	struct found *found = arg;

	return event_list(tx, &query, &found->events, &found->n, err);
}

/* The messages of all events, joined; the caller frees. */
static char *messages(void)
{
	struct found found = {0};
	struct hr_error err = {0};
	char *text = calloc(1, 4096);

	ck_assert_ptr_nonnull(text);
	must(store_read(store, list_events, &found, &err));
	for (size_t i = 0; i < found.n; i++) {
		size_t len = strlen(text);

		text_format(text + len, 4096 - len, "%s%s", len ? " " : "",
			    found.events[i].message);
	}
	free(found.events);
	return text;
}

static void expect_messages(const char *wanted)
{
	char *text = messages();

	ck_assert_str_eq(text, wanted);
	free(text);
}

/* A function to submit: adds one event, then fails if told to. */
struct job {
	const char *text;
	bool fail;
	bool silent; /* fails without a reason */
	int done;
	bool failed;
	struct hr_error err;
};

static int job_run(struct tx *tx, void *arg, struct hr_error *err)
{
	struct job *job = arg;

	if (add_event(tx, job->text, err) < 0)
		return -1;
	if (job->silent)
		return -1;
	return job->fail ? error_set(err, HR_CONFLICT, "%s does not want to", job->text) : 0;
}

static void job_done(void *arg, const struct hr_error *err)
{
	struct job *job = arg;

	job->done++;
	job->failed = err != NULL;
	if (err)
		job->err = *err;
}

static void look_at_figures(uint64_t *ret_transactions, uint64_t *ret_commits)
{
	struct store_figures figures;

	store_figures(store, &figures);
	*ret_transactions = figures.transactions;
	*ret_commits = figures.commits;
}

START_TEST(only_the_failed_one_is_rolled_back)
{
	struct job jobs[] = {{.text = "a"},
			     {.text = "b", .fail = true},
			     {.text = "c"},
			     {.text = "d", .silent = true}};
	uint64_t transactions, commits;

	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(store_submit(store, job_run, &jobs[i], job_done), 0);
	ck_assert_uint_eq(store_waiting(store), 4);
	ck_assert_int_eq(jobs[0].done, 0);
	expect_messages("");
	ck_assert_int_eq(store_run(store), 4);
	expect_messages("a c");
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(jobs[i].done, 1);
	ck_assert(!jobs[0].failed && jobs[1].failed && !jobs[2].failed && jobs[3].failed);
	ck_assert_str_eq(jobs[1].err.message, "b does not want to");
	ck_assert_int_eq(jobs[1].err.class, HR_CONFLICT);
	ck_assert_str_eq(jobs[3].err.message, "a transaction failed without a reason");
	look_at_figures(&transactions, &commits);
	ck_assert_uint_eq(transactions, 2);
	ck_assert_uint_eq(commits, 1);
	ck_assert_uint_eq(store_waiting(store), 0);
	ck_assert_int_eq(store_run(store), 0);
}
END_TEST

static int fail_all(struct tx *tx, void *arg, struct hr_error *err)
{
	(void)arg;
	return add_event(tx, "lost", err) < 0 ? -1 : error_set(err, HR_QUOTA, "no more");
}

START_TEST(store_write_gives_the_functions_error)
{
	struct hr_error err;
	uint64_t transactions, commits;

	must_fail(store_write(store, fail_all, NULL, &err), HR_QUOTA, "no more");
	expect_messages("");
	look_at_figures(&transactions, &commits);
	ck_assert_uint_eq(transactions, 0);
	ck_assert_uint_eq(commits, 0);
}
END_TEST

static int try_to_write(struct tx *tx, void *arg, struct hr_error *err)
{
	(void)arg;
	return add_event(tx, "never", err);
}

START_TEST(a_read_cannot_write)
{
	struct hr_error err = {0};

	must_fail(store_read(store, try_to_write, NULL, &err), HR_INTERNAL,
		  "%s may only be read here (attempt to write a readonly database); if the daemon "
		  "should write, check owner and mode of the file and its folder",
		  database_path);
	expect_messages("");
}
END_TEST

/* A read during which somebody else commits. */
static int read_twice(struct tx *tx, void *arg, struct hr_error *err)
{
	struct job between = {.text = "between"};
	struct found first = {0}, second = {0};
	int rc = -1;

	(void)arg;
	if (list_events(tx, &first, err) == 0 && store_write(store, job_run, &between, err) == 0 &&
	    list_events(tx, &second, err) == 0)
		rc = 0;
	ck_assert_uint_eq(first.n, 1);
	ck_assert_uint_eq(second.n, 1);
	free(first.events);
	free(second.events);
	return rc;
}

START_TEST(a_read_sees_one_state)
{
	struct job before = {.text = "before"};
	struct hr_error err = {0};

	commit(job_run, &before);
	must(store_read(store, read_twice, NULL, &err));
	expect_messages("before between");
}
END_TEST

/* A hook that remembers, and stops at one commit. */
struct hook_state {
	uint64_t stop_at;
	uint64_t before;
	uint64_t after;
};

static bool hook_before(void *context, uint64_t number)
{
	struct hook_state *state = context;

	ck_assert_uint_eq(number, state->before + 1);
	state->before = number;
	return number != state->stop_at;
}

static void hook_after(void *context, uint64_t number)
{
	struct hook_state *state = context;

	ck_assert_uint_eq(number, state->before);
	state->after = number;
}

static int only_read(struct tx *tx, void *arg, struct hr_error *err)
{
	struct found found = {0};
	int rc = list_events(tx, &found, err);

	(void)arg;
	free(found.events);
	return rc;
}

START_TEST(a_hook_stops_the_store_like_a_crash)
{
	struct hook_state state = {.stop_at = 2};
	struct store_options options = fixture_options(false);
	struct job jobs[] = {{.text = "one"}, {.text = "two"}, {.text = "three"}};
	struct hr_error err = {0};
	char dead[PATH_SIZE];

	text_format(dead, sizeof(dead), "the store %s stopped, as after a crash", database_path);
	store_close(store);
	options.hook = (struct store_hook){hook_before, hook_after, &state};
	must(store_open(&options, &store, &err));
	ck_assert(!store_is_new(store));
	commit(only_read, NULL);
	ck_assert_uint_eq(state.before, 0);
	commit(job_run, &jobs[0]);
	ck_assert_uint_eq(state.after, 1);
	ck_assert_int_eq(store_submit(store, job_run, &jobs[1], job_done), 0);
	ck_assert_int_eq(store_submit(store, job_run, &jobs[2], job_done), 0);
	ck_assert_int_eq(store_run(store), 2);
	ck_assert_uint_eq(state.before, 2);
	ck_assert_uint_eq(state.after, 1);
	for (int i = 1; i < 3; i++) {
		ck_assert_int_eq(jobs[i].done, 1);
		ck_assert(jobs[i].failed);
		ck_assert_str_eq(jobs[i].err.message, dead);
	}
	ck_assert_int_eq(store_submit(store, job_run, &jobs[1], job_done), -1);
	must_fail(store_write(store, job_run, &jobs[1], &err), HR_INTERNAL, "%s", dead);
	must_fail(store_read(store, only_read, NULL, &err), HR_INTERNAL, "%s", dead);
	reopen(false);
	expect_messages("one");
}
END_TEST

START_TEST(closing_runs_what_waits)
{
	struct job jobs[] = {{.text = "x"}, {.text = "y"}};

	for (int threaded = 0; threaded <= 1; threaded++) {
		reopen(threaded);
		ck_assert_int_eq(store_submit(store, job_run, &jobs[threaded], job_done), 0);
	}
	reopen(false);
	ck_assert_int_eq(jobs[0].done, 1);
	ck_assert_int_eq(jobs[1].done, 1);
	expect_messages("x y");
	store_close(NULL);
}
END_TEST

#define N_THREADS 8
#define N_EACH 300

static atomic_int n_done, n_failed;

static void count_done(void *arg, const struct hr_error *err)
{
	(void)arg;
	atomic_fetch_add(err ? &n_failed : &n_done, 1);
}

static int add_load(struct tx *tx, void *arg, struct hr_error *err)
{
	(void)arg;
	return add_event(tx, "load", err);
}

static void *submit_many(void *arg)
{
	(void)arg;
	for (int i = 0; i < N_EACH; i++)
		if (store_submit(store, add_load, NULL, count_done) < 0)
			atomic_fetch_add(&n_failed, 1);
	return NULL;
}

static void *read_many(void *arg)
{
	(void)arg;
	for (int i = 0; i < 50; i++)
		if (store_read(store, only_read, NULL, NULL) < 0)
			atomic_fetch_add(&n_failed, 1);
	return NULL;
}

START_TEST(many_functions_share_a_commit)
{
	pthread_t threads[N_THREADS + 2];
	uint64_t transactions, commits;
	struct found found = {0};
	struct hr_error err = {0};

	reopen(true);
	for (int i = 0; i < N_THREADS + 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
						i < N_THREADS ? submit_many : read_many, NULL),
				 0);
	for (int i = 0; i < N_THREADS + 2; i++)
		pthread_join(threads[i], NULL);
	commit(add_load, NULL); /* behind all others */
	look_at_figures(&transactions, &commits);
	ck_assert_int_eq(atomic_load(&n_failed), 0);
	ck_assert_int_eq(atomic_load(&n_done), N_THREADS * N_EACH);
	ck_assert_uint_eq(transactions, N_THREADS * N_EACH + 1);
	ck_assert_uint_lt(commits, transactions);
	must(store_read(store, list_events, &found, &err));
	ck_assert_uint_eq(found.n, 1000); /* the most that one list gives */
	ck_assert_int_eq(found.events[999].number, 1000);
	free(found.events);
}
END_TEST

/* Files may not grow for a while, as on a full disk: the commit fails, and nobody's change is there. */
START_TEST(a_commit_that_fails_fails_for_all)
{
	struct job jobs[] = {{.text = "x"}, {.text = "y", .fail = true}, {.text = "z"}};
	struct rlimit limit, small;
	uint64_t transactions, commits;
	char wanted[1024];

	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = limit;
	small.rlim_cur = 1;
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(store_submit(store, job_run, &jobs[i], job_done), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	store_run(store);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	text_format(wanted, sizeof(wanted),
		    "the change was not saved: cannot read or write %s (disk I/O error, SQLite "
		    "error 778); look at the disk and the system's log",
		    database_path);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(jobs[i].done, 1);
		ck_assert(jobs[i].failed);
		ck_assert_str_eq(jobs[i].err.message, i == 1 ? "y does not want to" : wanted);
	}
	expect_messages("");
	look_at_figures(&transactions, &commits);
	ck_assert_uint_eq(transactions, 0);
	ck_assert_uint_eq(commits, 0);
	/* Room again: it goes on. */
	commit(job_run, &jobs[2]);
	expect_messages("z");
}
END_TEST

static int wait_shortly(struct tx *tx, void *arg, struct hr_error *err)
{
	(void)arg;
	return sql_exec(tx->sql, "PRAGMA busy_timeout = 20", err);
}

START_TEST(another_writer_is_named)
{
	struct job job = {.text = "x"};
	struct sql *other = NULL;
	struct hr_error err = {0};

	commit(wait_shortly, NULL);
	must(sql_open(database_path, 0, &other, &err));
	must(sql_exec(other, "BEGIN IMMEDIATE", &err));
	must_fail(store_write(store, job_run, &job, &err), HR_TRANSIENT,
		  "%s is locked by another program; end whatever has it open (such as an sqlite3 "
		  "shell)",
		  database_path);
	sql_close(other);
	commit(job_run, &job);
	expect_messages("x");
}
END_TEST

/* ---- kill -9: a child commits and says so; nothing that it said may be lost ---- */

static int acknowledge_to;

static void acknowledge(void *arg, const struct hr_error *err)
{
	int number = (int)(intptr_t)arg;

	if (err || write(acknowledge_to, &number, sizeof(number)) != (ssize_t)sizeof(number))
		_exit(1);
}

static int add_number(struct tx *tx, void *arg, struct hr_error *err)
{
	char text[32];

	text_format(text, sizeof(text), "%d", (int)(intptr_t)arg);
	return add_event(tx, text, err);
}

static void child_main(int fd)
{
	struct store_options options = fixture_options(true);

	acknowledge_to = fd;
	options.no_sync = false;
	if (store_open(&options, &store, NULL) < 0)
		_exit(1);
	for (int i = 1;; i++) {
		if (store_submit(store, add_number, (void *)(intptr_t)i, acknowledge) < 0)
			_exit(1);
		if (i % 8 == 0)
			usleep(1000);
	}
}

/* Kills the child after n acknowledgements; gives the last one. */
static int kill_after(int n)
{
	int fds[2], number, last = 0, status;
	pid_t child;

	ck_assert_int_eq(pipe(fds), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		close(fds[0]);
		child_main(fds[1]);
	}
	close(fds[1]);
	while (read(fds[0], &number, sizeof(number)) == (ssize_t)sizeof(number)) {
		ck_assert_int_eq(number, last + 1);
		last = number;
		if (last == n)
			kill(child, SIGKILL);
	}
	close(fds[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return last;
}

static int count_since(struct tx *tx, void *arg, struct hr_error *err)
{
	struct event_query query = {.after_number = 0};
	struct event *events;
	int *count = arg, n = 0;
	size_t got;

	do {
		if (event_list(tx, &query, &events, &got, err) < 0)
			return -1;
		for (size_t i = 0; i < got; i++, n++) {
			char text[32];

			text_format(text, sizeof(text), "%d", n + 1);
			ck_assert_str_eq(events[i].message, text);
			query.after_number = events[i].number;
		}
		free(events);
	} while (got > 0);
	*count = n;
	return 0;
}

static int forget_events(struct tx *tx, void *arg, struct hr_error *err)
{
	(void)arg;
	return event_prune(tx, 0, err);
}

START_TEST(acknowledged_rows_survive_kill_9)
{
	static const int kills[] = {1, 20, 150};
	struct hr_error err = {0};

	for (size_t i = 0; i < sizeof(kills) / sizeof(kills[0]); i++) {
		int acknowledged, found = 0;

		store_close(store);
		store = NULL;
		acknowledged = kill_after(kills[i]);
		ck_assert_int_ge(acknowledged, kills[i]);
		reopen(false);
		must(store_read(store, count_since, &found, &err));
		ck_assert_int_ge(found, acknowledged);
		commit(forget_events, NULL);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		only_the_failed_one_is_rolled_back,
		store_write_gives_the_functions_error,
		a_read_cannot_write,
		a_read_sees_one_state,
		a_hook_stops_the_store_like_a_crash,
		closing_runs_what_waits,
		many_functions_share_a_commit,
		a_commit_that_fails_fails_for_all,
		another_writer_is_named,
		acknowledged_rows_survive_kill_9,
	};

	return run_tests("store", tests, sizeof(tests) / sizeof(tests[0]), store_setup,
			 store_teardown);
}
