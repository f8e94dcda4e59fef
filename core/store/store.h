/* SPDX-License-Identifier: Apache-2.0 */
/* The store: transactions handed over as functions. SQLite today; the interface knows nothing of
 * it, so that PostgreSQL can stand beside it. What rows there are: the other headers here. */
#ifndef HR_STORE_STORE_H
#define HR_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/id.h"

struct store;
struct tx;

/* Reads and writes through tx and has no other effect; may be run again. Time and random bytes
 * that it needs come in arg. 0: to be committed; -1 with *err: rolled back, it alone. */
typedef int (*store_fn)(struct tx *tx, void *arg, struct hr_error *err);

/* Called once, on the store's thread, after the commit is durable (err NULL) or the function or
 * the commit failed. May only post to a mailbox or resume a connection. */
typedef void (*store_done)(void *arg, const struct hr_error *err);

/* For tests and the simulation: called before and after each commit that writes. When before gives
 * false the commit is not made and the store is dead: every later call fails, as after a crash
 * (what waits gets its done, with an error). */
struct store_hook {
	bool (*before_commit)(void *context, uint64_t commit_number);
	void (*after_commit)(void *context, uint64_t commit_number);
	void *context;
};

struct store_options {
	const char *directory;  /* holds headroom.db; made with mode 0700 where it is missing */
	const char *master_key; /* path of the master key file; made (0600) with a new store */
	bool threaded;          /* a writer thread; else store_run runs what waits */
	bool read_only_check;   /* open, check version and key, change nothing; reads only then.
				 * HR_NOT_FOUND: there is no store yet */
	bool no_sync;           /* commits do not wait for the disk: the simulation, whose crashes
				 * are hooks and lose nothing of the system's memory */
	struct store_hook hook;
};

/* Opens or creates, migrates forward in one transaction, loads the data key. One daemon only: a
 * lock file says who holds it. Errors name path and remedy: no rights, a newer schema, not a
 * database, wrong or missing master key, held by pid N. */
int store_open(const struct store_options *options, struct store **ret_store, struct hr_error *err);

/* Runs what was submitted before, then closes. NULL is fine. */
void store_close(struct store *store);

/* Hands over a transaction; arg belongs to it until done is called. 0; -1: no memory or the store
 * is closing, then done is not called. Any thread. */
int store_submit(struct store *store, store_fn fn, void *arg, store_done done);

/* Runs fn now, on the calling thread, on a read-only connection that sees one committed state (may
 * be a moment old). Writes fail. Any thread. */
int store_read(struct store *store, store_fn fn, void *arg, struct hr_error *err);

/* Submits and waits: start-up, shut-down and tests only; never from the engine or a handler. */
int store_write(struct store *store, store_fn fn, void *arg, struct hr_error *err);

/* Without a thread: runs all waiting functions as one group commit. Gives how many. */
int store_run(struct store *store);

/* Since it was opened, for metrics. */
#define STORE_COMMIT_BUCKETS 12
struct store_figures {
	uint64_t transactions; /* functions committed */
	uint64_t commits;      /* the commits that this took, those that wrote */
	uint64_t commit_us;    /* what they took, the wait for the disk above all */
	/* How many took at most store_commit_bounds_us[i]. */
	uint64_t buckets[STORE_COMMIT_BUCKETS];
	uint64_t waiting; /* functions that wait to be run now */
};
extern const int64_t store_commit_bounds_us[STORE_COMMIT_BUCKETS];

/* Any thread. */
void store_figures(struct store *store, struct store_figures *ret);

/* told(context) is called after each commit that holds new events, on the store's thread; it must not
 * block nor call the store. One at a time; NULL ends it: once this returns it is not called any more. */
void store_watch_events(struct store *store, void (*told)(void *context), void *context);

/* Commits that wrote since it was opened; raised before done is called. What was read after this was asked
 * still is what a read would find while the answer is the same. Any thread. */
uint64_t store_commits(struct store *store);

/* Functions that wait to be run now. Any thread. */
uint64_t store_waiting(struct store *store);

/* This installation's id. Fixed from the first open on. */
const char *store_installation(const struct store *store);

/* Whether the store was moved or copied since it was made (machine id or path differ), or its database put
 * back from a backup (it is behind the file headroom.newest). Opening it does not change the answer: only
 * an administrator can say which of two copies is the real one. */
bool store_moved(const struct store *store);

/* How, to follow "was": "moved or copied", "put back from a backup", or both. NULL: it was not. */
const char *store_moved_how(const struct store *store);

/* The same with what to do, in one sentence; NULL likewise. */
const char *store_moved_why(const struct store *store);

/* What happened exactly and what to do. Only where it was moved. */
void store_moved_tell(const struct store *store, char *ret_text, size_t size);

/* A person says that it was moved, and that what it was copied from is no more, or that what was put back
 * is what there is: from now on it belongs to this machine and folder. Waits. Not while others use the
 * store. */
int store_confirm_moved(struct store *store, struct hr_error *err);

/* Whether this open made a new store. */
bool store_is_new(const struct store *store);

#endif
