/* SPDX-License-Identifier: Apache-2.0 */
/* operation-states DATABASE: which states of operations there are in a store just now, to count what a kill
 * met (it is no judge). Lines "STATE COUNT", those that nothing is in too. By SQL of its own, so that the
 * store of a daemon that runs or was killed is looked at without being opened by our code. */
#include <stdio.h>

#include <sqlite3.h>

/* planned: never sent. sent: sent, nothing came back. again: the module wants to be called again. failed:
 * the last call failed, and is repeated. With an instance known by then, or without. */
static const char query[] =
	"WITH kind (number, name) AS (VALUES (1, 'create'), (2, 'destroy')),"
	" state (name) AS (VALUES ('planned'), ('sent'), ('again'), ('failed')),"
	" known (name) AS (VALUES ('instance'), ('no-instance')),"
	" now AS (SELECT o.kind, CASE WHEN o.attempt = 0 AND o.resume_token = '' THEN 'planned'"
	"   WHEN o.failures > 0 THEN 'failed' WHEN o.resume_token <> '' THEN 'again'"
	"   ELSE 'sent' END AS state,"
	"  CASE WHEN s.instance_id <> '' THEN 'instance' ELSE 'no-instance' END AS known"
	"  FROM operations o JOIN servers s ON s.id = o.server_id WHERE o.state = 10) "
	"SELECT kind.name || '.' || state.name || '.' || known.name,"
	" (SELECT COUNT(*) FROM now WHERE now.kind = kind.number AND now.state = state.name"
	"  AND now.known = known.name)"
	" FROM kind, state, known"
	/* Before the first call there is no instance; one that is not known is not destroyed. */
	" WHERE NOT (kind.number = 1 AND state.name = 'planned' AND known.name = 'instance')";

static int print(void *context, int n, char **values, char **names)
{
	(void)context;
	(void)n;
	(void)names;
	printf("%s %s\n", values[0], values[1]);
	return 0;
}

int main(int argc, char **argv)
{
	char *message = NULL;
	sqlite3 *db;
	int code;

	if (argc != 2)
		return 2;
	code = sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL);
	if (code == SQLITE_OK) {
		sqlite3_busy_timeout(db, 10000);
		code = sqlite3_exec(db, query, print, NULL, &message);
	}
	if (code != SQLITE_OK)
		fprintf(stderr, "operation-states: %s: %s\n", argv[1],
			message ? message : sqlite3_errmsg(db));
	sqlite3_free(message);
	sqlite3_close(db);
	return code == SQLITE_OK ? 0 : 1;
}
