/* SPDX-License-Identifier: Apache-2.0 */
/* bench-commits FILE NUMBER PER-SECOND: what a durable commit of one small row costs on this disk, with the
 * settings of the store (core/store/sqlite.c) and at the pace at which the daemon is asked. Prints each
 * commit's time in ms. */
#include <stdio.h>
#include <time.h>

#include <sqlite3.h>

#include "measure.h"

static sqlite3 *db;

static void run(const char *text)
{
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		measure_fail("%s: %s", text, sqlite3_errmsg(db));
}

static void wait_until(int64_t ns)
{
	const struct timespec due = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) != 0)
		;
}

int main(int argc, char **argv)
{
	int64_t begun_ns, gap_ns;
	long n;

	if (argc != 4)
		measure_fail("bench-commits FILE NUMBER PER-SECOND");
	n = measure_count(argv[2]);
	gap_ns = 1000000000 / measure_count(argv[3]);
	if (sqlite3_open(argv[1], &db) != SQLITE_OK)
		measure_fail("%s: %s", argv[1], sqlite3_errmsg(db));
	run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
	    "CREATE TABLE IF NOT EXISTS one (number INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT");
	begun_ns = measure_now_ns();
	for (long i = 0; i < n; i++) {
		int64_t from_ns;

		wait_until(begun_ns + i * gap_ns);
		from_ns = measure_now_ns();
		run("BEGIN IMMEDIATE");
		run("INSERT INTO one (text) VALUES (hex(randomblob(100)))");
		run("COMMIT");
		printf("%.4f\n", (double)(measure_now_ns() - from_ns) / 1e6);
	}
	sqlite3_close(db);
	return 0;
}
