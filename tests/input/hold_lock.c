/* SPDX-License-Identifier: Apache-2.0 */
/* hold_lock DATABASE: holds an exclusive lock on it, as another program's transaction does, says
 * "held", and lets go when its standard input ends. */
#include <stdio.h>

#include <sqlite3.h>

int main(int argc, char **argv)
{
	sqlite3 *db = NULL;
	int rc;

	if (argc != 2)
		return 2;
	rc = sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL);
	if (rc != SQLITE_OK) {
		fprintf(stderr, "hold_lock: %s\n", sqlite3_errmsg(db));
		return 1;
	}
	puts("held");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return sqlite3_close(db) == SQLITE_OK ? 0 : 1;
}
