/* SPDX-License-Identifier: Apache-2.0 */
/* What store.c, group.c and readers.c share: the store itself. Nobody else includes this. */
#ifndef HR_STORE_STORE_PARTS_H
#define HR_STORE_STORE_PARTS_H

#include <pthread.h>
#include <stddef.h>

#include "store/installation.h"
#include "store/lock_file.h"
#include "store/newest.h"
#include "store/sql.h"
#include "store/store.h"

/* A function that waits. */
struct job {
	struct job *next;
	store_fn fn;
	void *arg;
	store_done done;
	struct hr_error err;
	bool failed;
	bool wrote; /* it changed something that stays */
	bool told;  /* it added events */
};

/* What store_write waits for. */
struct write_wait {
	pthread_mutex_t mutex;
	pthread_cond_t finished;
	store_fn fn;
	void *arg;
	struct hr_error *err;
	bool is_finished;
	bool failed;
};

struct job_list {
	struct job *first;
	struct job **last;
	uint64_t n;
};

/* Read-only connections that are not in use. */
#define READERS_KEPT 8

struct readers {
	pthread_mutex_t mutex;
	struct sql *idle[READERS_KEPT];
	size_t n_idle;
};

struct store {
	char *folder; /* real path */
	char *path;   /* of the database */
	struct lock_file *lock;
	struct sql *writer;
	struct installation installation;
	struct newest newest;
	uint64_t commits;   /* in the database; the writer's */
	char restored[512]; /* why it is not the database that was in use here; "": it is */
	struct store_hook hook;
	bool is_new;
	bool read_only;
	bool threaded; /* the thread runs */
	pthread_t thread;

	pthread_mutex_t mutex; /* for what follows */
	pthread_cond_t wake;
	struct job_list waiting;
	bool closing;
	bool dead; /* a hook said so: as after a crash */
	struct store_figures figures;
	void (*told)(void *context);
	void *told_context;

	struct readers readers;
	unsigned reader_flags; /* SQL_* */
};

/* The most functions that the thread puts in one commit, so that none waits long for others. */
#define GROUP_MAX 512

void job_list_init(struct job_list *list);

/* Takes at most max waiting functions. The caller holds the mutex. */
void job_list_take(struct job_list *from, uint64_t max, struct job_list *ret_list);

/* Runs them as one commit, calls each done, frees them. On the store's thread, or the caller's of
 * store_run. */
void group_run(struct store *store, struct job_list *list);

bool store_dead(struct store *store);
int store_dead_error(const struct store *store, struct hr_error *err);

void readers_close(struct readers *readers);

#endif
