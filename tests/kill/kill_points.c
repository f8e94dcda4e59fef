/* SPDX-License-Identifier: Apache-2.0 */
/* kill-points: makes the table of points, arms one of them, and shows what was passed. Frames come from the
 * channel's own table, writes as lines "file.c:function" by standard input (tests/kill/store-writes.sh). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "kill_table.h"
#include "provider/wire.h"

static int usage(void)
{
	fputs("usage: kill-points make FILE <WRITES | show FILE | arm FILE POINT N | armed FILE |\n"
	      "                   disarm FILE\n",
	      stderr);
	return 2;
}

static void add(struct kill_table *table, const char *place, const char *moment, const char *what)
{
	char *name = table->points[table->n_points].name;

	if (table->n_points >= KILL_POINTS_MAX ||
	    !text_format(name, KILL_NAME_SIZE, "%s.%s.%s", place, moment, what)) {
		fprintf(stderr, "kill-points: no room for %s\n", what);
		exit(1);
	}
	if (kill_table_find(table, name) < 0)
		table->n_points++;
}

static void make(struct kill_table *table)
{
	char line[KILL_NAME_SIZE];

	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		add(table, "daemon", "before", line);
		add(table, "daemon", "after", line);
	}
	for (int kind = 0; kind < WIRE_KINDS; kind++) {
		const struct wire_message *message = &wire_messages[kind];
		bool ours = message->from == WIRE_DAEMON;

		add(table, ours ? "daemon" : "host", "sending", message->name);
		add(table, ours ? "daemon" : "host", "sent", message->name);
		add(table, ours ? "host" : "daemon", "received", message->name);
	}
}

static int show(struct kill_table *table)
{
	for (uint32_t i = 0; i < table->n_points; i++)
		printf("%s %u %u\n", table->points[i].name, atomic_load(&table->points[i].passed),
		       atomic_load(&table->points[i].killed));
	if (atomic_load(&table->n_unlisted) == 0)
		return 0;
	fprintf(stderr, "kill-points: %s was passed and is not in the table\n", table->unlisted);
	return 1;
}

static int arm(struct kill_table *table, const char *point, const char *times)
{
	int index = kill_table_find(table, point);
	int64_t n;

	if (index < 0 || text_to_int64(times, 1, 1000000, &n) != 0)
		return usage();
	atomic_store(&table->left, (int)n);
	atomic_store(&table->armed, (unsigned)index + 1);
	return 0;
}

int main(int argc, char **argv)
{
	struct kill_table *table;
	unsigned armed;

	if (argc < 3)
		return usage();
	table = kill_table_open(argv[2], strcmp(argv[1], "make") == 0);
	if (!table) {
		perror(argv[2]);
		return 1;
	}
	if (strcmp(argv[1], "make") == 0) {
		make(table);
		return 0;
	}
	if (strcmp(argv[1], "show") == 0)
		return show(table);
	if (strcmp(argv[1], "arm") == 0 && argc == 5)
		return arm(table, argv[3], argv[4]);
	if (strcmp(argv[1], "disarm") == 0) {
		atomic_store(&table->armed, 0);
		return 0;
	}
	armed = atomic_load(&table->armed);
	if (armed > 0)
		puts(table->points[armed - 1].name);
	return 0;
}
