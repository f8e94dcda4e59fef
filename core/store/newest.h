/* SPDX-License-Identifier: Apache-2.0 */
/* How many commits were made, in a file beside the database: the witness by which a database that was put
 * back from a backup is known. It is written after a commit is durable, in place and without waiting for
 * the disk, so it may be behind the database (a crash, a power cut, a full disk) and is never ahead of it,
 * but by a confirmation that did not come to its end (moved.c).
 * Not here: what follows from what it says (store.c). */
#ifndef HR_STORE_NEWEST_H
#define HR_STORE_NEWEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct newest {
	char *path;
	int fd; /* -1: there is no file */
	bool sync;
	bool is_sound;   /* it holds what is written here */
	bool is_copy;    /* it is another file than the one that was made here */
	bool failed;     /* said once */
	bool dirty;      /* not known to be on the disk */
	int64_t born_ns; /* of the file; 0: the file system does not say */
	int64_t synced_us;
	uint64_t commits; /* as the file had them when it was opened */
};

/* Reads the folder's file; that there is none is no failure. *ret is for newest_close in any case. */
int newest_open(const char *folder, bool read_only, bool sync, struct newest *ret,
		struct hr_error *err);

/* A new file in the place of whatever is there, durable when it returns. */
int newest_make(struct newest *newest, uint64_t commits, struct hr_error *err);

/* So many are durable. Failing costs nothing but that a restore may be noticed less well. */
void newest_note(struct newest *newest, uint64_t commits);

/* After a commit: waits for the disk where the last wait is some seconds ago. What a burst wrote last is
 * left to the kernel, which by itself takes half a minute: after a power cut the file may be so old. */
void newest_settle(struct newest *newest);

void newest_close(struct newest *newest);

/* Whether there was a database with commits, so that a new one is not the first. */
bool newest_proves_use(const struct newest *newest);

/* Why a database with so many commits is not the one that was in use here; false: it is that one. */
bool newest_contradicts(const struct newest *newest, uint64_t commits, char *ret_why, size_t size);

#endif
