/* SPDX-License-Identifier: Apache-2.0 */
/* The table of kill points: a file that the run (check-kill.sh), a daemon and hosts have in memory
 * together, so that a count made just before a SIGKILL is not lost. Which points there are is said in
 * kill_points.c; where they are passed, in kill_frames.c and kill_writes.c. */
#ifndef HR_KILL_TABLE_H
#define HR_KILL_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define KILL_TABLE_NAME "kill-points" /* of the file, in the program's folder */
#define KILL_POINTS_MAX 1000
#define KILL_NAME_SIZE 96

struct kill_point {
	char name[KILL_NAME_SIZE]; /* "daemon.sent.create" */
	atomic_uint passed;
	atomic_uint killed;
};

struct kill_table {
	uint32_t n_points;
	atomic_uint armed; /* index + 1 of a point; 0: none */
	atomic_int left;   /* passings of it until the kill */
	atomic_uint n_unlisted;
	char unlisted[KILL_NAME_SIZE]; /* a point that was passed and is not in the table */
	struct kill_point points[KILL_POINTS_MAX];
};

/* Maps the file for reading and writing; NULL: it is not there, or is none (errno). makes: a new one. */
struct kill_table *kill_table_open(const char *path, bool makes);

/* The point's index, or -1. */
int kill_table_find(const struct kill_table *table, const char *name);

/* Counts that this process passes the point; where that is what the run waits for, it ends here by
 * SIGKILL. Without a table beside the program nothing happens. Any thread. */
void kill_table_pass(const char *name);

#endif
