/* SPDX-License-Identifier: Apache-2.0 */
/* schema_version DATABASE [VERSION]: prints the database's version, or writes one into it, as a newer
 * program would have. */
#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

static int show(void *context, int n, char **values, char **names)
{
	(void)context;
	(void)n;
	(void)names;
	return puts(values[0]) < 0;
}

int main(int argc, char **argv)
{
	const char *get = "SELECT version FROM schema_version";
	sqlite3 *db = NULL;
	char set[128];
	int rc;

	if (argc != 2 && argc != 3)
		return 2;
	if (argc == 3)
		snprintf(set, sizeof(set), "UPDATE schema_version SET version = %ld",
			 strtol(argv[2], NULL, 10));
	rc = sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, argc == 3 ? set : get, show, NULL, NULL);
	if (rc != SQLITE_OK)
		fprintf(stderr, "schema_version: %s\n", sqlite3_errmsg(db));
	sqlite3_close(db);
	return rc == SQLITE_OK ? 0 : 1;
}
