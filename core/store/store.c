/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, closing and the queue of functions. Not here: how they are run (group.c), reads
 * (readers.c), what is in the tables (*_rows.c). */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "store/master_key.h"
#include "store/migrate.h"
#include "store/store_parts.h"
#include "store/tx.h"

/* The schema's version from which on commits are counted. */
#define COUNTED_SINCE 6

static int find_folder(struct store *store, const struct store_options *options,
		       struct hr_error *err)
{
	const char *directory = options->directory;

	if (!options->read_only_check && mkdir(directory, 0700) < 0 && errno != EEXIST)
		return error_set_errno(err, errno,
				       "cannot make the state folder %s (its parent must be there, "
				       "and the daemon's user must be able to write it)",
				       directory);
	store->folder = realpath(directory, NULL);
	if (!store->folder && errno == ENOENT && options->read_only_check)
		return error_set(err, HR_NOT_FOUND,
				 "there is no store in %s yet; the first start makes it",
				 directory);
	if (!store->folder)
		return error_set_errno(err, errno, "cannot use the state folder %s", directory);
	if (asprintf(&store->path, "%s/headroom.db", store->folder) < 0) {
		store->path = NULL;
		return error_no_memory(err, "opening the store");
	}
	return 0;
}

/* The daemon may have it open, or not; either way the look leaves nothing behind. */
static int open_for_check(struct store *store, struct hr_error *err)
{
	unsigned flags = SQL_READ_ONLY;
	char *log = NULL;

	if (access(store->path, F_OK) < 0 && errno == ENOENT)
		return error_set(err, HR_NOT_FOUND,
				 "there is no store in %s yet; the first start makes it",
				 store->folder);
	if (asprintf(&log, "%s-wal", store->path) < 0)
		return error_no_memory(err, "opening the store");
	if (access(log, F_OK) < 0)
		flags |= SQL_IMMUTABLE;
	free(log);
	store->reader_flags = flags;
	return sql_open(store->path, flags, &store->writer, err);
}

/* In a transaction: the schema, and the installation's row where it is new. */
static int prepare_tables(struct store *store, int64_t version, const struct seal_key *master,
			  const char *master_path, struct hr_error *err)
{
	struct installation *installation = &store->installation;

	if (version > 0 && installation_load(store->writer, store->folder, master, master_path,
					     installation, err) < 0)
		return -1;
	if (store->read_only)
		return 0;
	if (migrate_forward(store->writer, store->path, version, err) < 0)
		return -1;
	return version > 0
		       ? 0
		       : installation_make(store->writer, store->folder, master, installation, err);
}

/* In the same transaction: whether this is the database that was in use here. A new one's file is there
 * before the database is, so that no crash between them leaves an old file beside it. */
static int compare_newest(struct store *store, int64_t version, struct hr_error *err)
{
	/* A check migrates nothing. */
	if (!store->read_only || version >= COUNTED_SINCE) {
		if (installation_commits(store->writer, &store->commits, err) < 0)
			return -1;
	}
	if (!store->is_new && newest_contradicts(&store->newest, store->commits, store->restored,
						 sizeof(store->restored)))
		return 0;
	return store->read_only || (store->newest.fd >= 0 && !store->is_new)
		       ? 0
		       : newest_make(&store->newest, store->commits, err);
}

/* A new one in the place of one that had commits would know none of the servers. */
static int refuse_anew(const struct store *store, struct hr_error *err)
{
	if (!newest_proves_use(&store->newest))
		return 0;
	return error_set(err, HR_CONFLICT,
			 "%s is missing or empty, but %s shows that there was one: a new one would "
			 "know none of its servers; put back a backup of it, or remove %s to begin "
			 "anew",
			 store->path, store->newest.path, store->newest.path);
}

/* Before anything is made there. */
static int refuse_lost(const struct store *store, struct hr_error *err)
{
	return sql_file_exists(store->path) ? 0 : refuse_anew(store, err);
}

static int open_database(struct store *store, const struct store_options *options,
			 struct hr_error *err)
{
	unsigned flags = options->no_sync ? SQL_NO_SYNC : 0;
	struct seal_key master = {{0}};
	int64_t version;
	int rc = -1;

	if (refuse_lost(store, err) < 0)
		return -1;
	if (store->read_only ? open_for_check(store, err) < 0
			     : sql_open(store->path, flags, &store->writer, err) < 0)
		return -1;
	if (migrate_version(store->writer, store->path, &version, err) < 0)
		return -1;
	store->is_new = version == 0;
	if (store->is_new && refuse_anew(store, err) < 0)
		return -1;
	if (store->is_new && store->read_only)
		return error_set(err, HR_NOT_FOUND,
				 "the store in %s is empty yet; the first start fills it",
				 store->folder);
	if (master_key_load(options->master_key, store->is_new, &master, err) < 0)
		return -1;
	if (sql_exec(store->writer, store->read_only ? "BEGIN" : "BEGIN IMMEDIATE", err) == 0) {
		rc = prepare_tables(store, version, &master, options->master_key, err);
		if (rc == 0)
			rc = compare_newest(store, version, err);
		if (rc == 0)
			rc = sql_exec(store->writer, "COMMIT", err);
		if (rc < 0 && sql_in_transaction(store->writer))
			sql_exec(store->writer, "ROLLBACK", NULL);
	}
	OPENSSL_cleanse(&master, sizeof(master));
	return rc;
}

static void *thread_main(void *arg)
{
	struct store *store = arg;
	struct job_list list;

	pthread_mutex_lock(&store->mutex);
	for (;;) {
		while (store->waiting.n == 0 && !store->closing)
			pthread_cond_wait(&store->wake, &store->mutex);
		if (store->waiting.n == 0)
			break;
		job_list_take(&store->waiting, GROUP_MAX, &list);
		pthread_mutex_unlock(&store->mutex);
		group_run(store, &list);
		pthread_mutex_lock(&store->mutex);
	}
	pthread_mutex_unlock(&store->mutex);
	return NULL;
}

static void store_free(struct store *store)
{
	readers_close(&store->readers);
	sql_close(store->writer);
	newest_close(&store->newest);
	lock_file_close(store->lock);
	pthread_cond_destroy(&store->wake);
	pthread_mutex_destroy(&store->mutex);
	pthread_mutex_destroy(&store->readers.mutex);
	OPENSSL_cleanse(&store->installation, sizeof(store->installation));
	free(store->path);
	free(store->folder);
	free(store);
}

int store_open(const struct store_options *options, struct store **ret_store, struct hr_error *err)
{
	struct store *store = calloc(1, sizeof(*store));
	int code;

	if (!store)
		return error_no_memory(err, "opening the store");
	pthread_mutex_init(&store->mutex, NULL);
	pthread_mutex_init(&store->readers.mutex, NULL);
	pthread_cond_init(&store->wake, NULL);
	job_list_init(&store->waiting);
	store->newest.fd = -1;
	store->hook = options->hook;
	store->reader_flags = SQL_READ_ONLY;
	store->read_only = options->read_only_check;
	if (find_folder(store, options, err) < 0)
		goto fail;
	if (!store->read_only && lock_file_open(store->folder, &store->lock, err) < 0)
		goto fail;
	/* Before the database: a daemon that a check runs beside goes on. */
	if (newest_open(store->folder, store->read_only, !options->no_sync, &store->newest, err) <
		    0 ||
	    open_database(store, options, err) < 0)
		goto fail;
	if (options->threaded && !store->read_only) {
		code = pthread_create(&store->thread, NULL, thread_main, store);
		if (code != 0) {
			error_set_errno(err, code, "cannot start the store's thread");
			goto fail;
		}
		store->threaded = true;
	}
	*ret_store = store;
	return 0;
fail:
	store_free(store);
	return -1;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	pthread_mutex_lock(&store->mutex);
	store->closing = true;
	pthread_cond_signal(&store->wake);
	pthread_mutex_unlock(&store->mutex);
	if (store->threaded)
		pthread_join(store->thread, NULL);
	else
		store_run(store);
	store_free(store);
}

int store_submit(struct store *store, store_fn fn, void *arg, store_done done)
{
	struct job *job = calloc(1, sizeof(*job));
	bool refused;

	if (!job)
		return -1;
	job->fn = fn;
	job->arg = arg;
	job->done = done;
	pthread_mutex_lock(&store->mutex);
	refused = store->closing || store->dead || store->read_only;
	if (!refused) {
		*store->waiting.last = job;
		store->waiting.last = &job->next;
		store->waiting.n++;
		pthread_cond_signal(&store->wake);
	}
	pthread_mutex_unlock(&store->mutex);
	if (refused)
		free(job);
	return refused ? -1 : 0;
}

int store_run(struct store *store)
{
	struct job_list list;
	int n;

	if (store->threaded)
		return 0;
	pthread_mutex_lock(&store->mutex);
	job_list_take(&store->waiting, UINT64_MAX, &list);
	pthread_mutex_unlock(&store->mutex);
	n = (int)list.n;
	group_run(store, &list);
	return n;
}

static int write_run(struct tx *tx, void *arg, struct hr_error *err)
{
	struct write_wait *wait = arg;

	return wait->fn(tx, wait->arg, err);
}

static void write_done(void *arg, const struct hr_error *err)
{
	struct write_wait *wait = arg;

	pthread_mutex_lock(&wait->mutex);
	wait->is_finished = true;
	wait->failed = err != NULL;
	if (err && wait->err)
		*wait->err = *err;
	pthread_cond_signal(&wait->finished);
	pthread_mutex_unlock(&wait->mutex);
}

int store_write(struct store *store, store_fn fn, void *arg, struct hr_error *err)
{
	struct write_wait wait = {.mutex = PTHREAD_MUTEX_INITIALIZER,
				  .finished = PTHREAD_COND_INITIALIZER,
				  .fn = fn,
				  .arg = arg,
				  .err = err};

	if (store_submit(store, write_run, &wait, write_done) < 0) {
		if (store_dead(store))
			return store_dead_error(store, err);
		return error_set(err, HR_INTERNAL,
				 "the store takes no change now: it is closing, open for a check "
				 "only, or out of memory");
	}
	store_run(store);
	pthread_mutex_lock(&wait.mutex);
	while (!wait.is_finished)
		pthread_cond_wait(&wait.finished, &wait.mutex);
	pthread_mutex_unlock(&wait.mutex);
	pthread_cond_destroy(&wait.finished);
	pthread_mutex_destroy(&wait.mutex);
	return wait.failed ? -1 : 0;
}

bool store_dead(struct store *store)
{
	bool dead;

	pthread_mutex_lock(&store->mutex);
	dead = store->dead;
	pthread_mutex_unlock(&store->mutex);
	return dead;
}

int store_dead_error(const struct store *store, struct hr_error *err)
{
	return error_set(err, HR_INTERNAL, "the store %s stopped, as after a crash", store->path);
}

void store_figures(struct store *store, struct store_figures *ret)
{
	pthread_mutex_lock(&store->mutex);
	*ret = store->figures;
	ret->waiting = store->waiting.n;
	pthread_mutex_unlock(&store->mutex);
}

void store_watch_events(struct store *store, void (*told)(void *context), void *context)
{
	pthread_mutex_lock(&store->mutex);
	store->told = told;
	store->told_context = context;
	pthread_mutex_unlock(&store->mutex);
}

uint64_t store_commits(struct store *store)
{
	uint64_t n;

	pthread_mutex_lock(&store->mutex);
	n = store->figures.commits;
	pthread_mutex_unlock(&store->mutex);
	return n;
}

uint64_t store_waiting(struct store *store)
{
	uint64_t n;

	pthread_mutex_lock(&store->mutex);
	n = store->waiting.n;
	pthread_mutex_unlock(&store->mutex);
	return n;
}

const char *store_installation(const struct store *store)
{
	return store->installation.id;
}

bool store_is_new(const struct store *store)
{
	return store->is_new;
}
