/* SPDX-License-Identifier: Apache-2.0 */
/* Group commit: several functions in one transaction, each in its own savepoint, so that an error
 * takes back that one only and the disk is waited for once. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/kill_point.h"
#include "base/log.h"
#include "store/installation.h"
#include "store/server_rows.h"
#include "store/store_parts.h"
#include "store/tx.h"

const int64_t store_commit_bounds_us[STORE_COMMIT_BUCKETS] = {
	250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000, 5000000,
};

void job_list_init(struct job_list *list)
{
	list->first = NULL;
	list->last = &list->first;
	list->n = 0;
}

void job_list_take(struct job_list *from, uint64_t max, struct job_list *ret_list)
{
	job_list_init(ret_list);
	while (from->first && ret_list->n < max) {
		struct job *job = from->first;

		from->first = job->next;
		from->n--;
		job->next = NULL;
		*ret_list->last = job;
		ret_list->last = &job->next;
		ret_list->n++;
	}
	if (!from->first)
		from->last = &from->first;
}

/* A counter that is wrong is a defect that later decisions would build on. */
static int check_counters(struct tx *tx, struct hr_error *err)
{
#ifdef HR_DEBUG
	int rc = server_counters_check(tx, err);

	if (rc < 0 && err->class == HR_CONFLICT) {
		log_line(LOG_LEVEL_ERROR, NULL, "counters are wrong after a transaction: %s",
			 err->message);
		abort();
	}
	return rc;
#else
	(void)tx;
	(void)err;
	return 0;
#endif
}

static void roll_back(struct store *store)
{
	if (sql_in_transaction(store->writer))
		sql_do(store->writer, "ROLLBACK", NULL);
}

/* Nothing is left of a job that failed; else the whole transaction has to go, and *ret_spoiled says why. */
static void take_back(struct store *store, const struct job *job, struct hr_error *ret_spoiled)
{
	/* Some failures have ended the whole transaction already. */
	if (!sql_in_transaction(store->writer))
		*ret_spoiled = job->err;
	else if (sql_do(store->writer, "ROLLBACK TO job", ret_spoiled) == 0)
		sql_do(store->writer, "RELEASE job", ret_spoiled);
}

/* In its savepoint. *ret_spoiled is of class 0 unless the transaction may not be committed any more. */
static int run_one(struct store *store, struct job *job, struct hr_error *ret_spoiled)
{
	struct tx tx = {.sql = store->writer, .data_key = &store->installation.data_key};
	int64_t before = sql_total_changes(store->writer);
	bool wrote;
	int rc;

	*ret_spoiled = (struct hr_error){0};
	if (sql_do(store->writer, "SAVEPOINT job", &job->err) < 0) {
		if (!sql_in_transaction(store->writer))
			*ret_spoiled = job->err;
		return -1;
	}
	rc = job->fn(&tx, job->arg, &job->err);
	wrote = sql_total_changes(store->writer) != before;
	if (rc >= 0 && wrote)
		rc = check_counters(&tx, &job->err);
	if (rc < 0) {
		if (job->err.class == 0)
			error_set(&job->err, HR_INTERNAL, "a transaction failed without a reason");
		take_back(store, job, ret_spoiled);
		return -1;
	}
	/* A job that is told of its failure may not be saved with the others. */
	if (sql_do(store->writer, "RELEASE job", &job->err) < 0) {
		take_back(store, job, ret_spoiled);
		return -1;
	}
	job->wrote = wrote;
	job->told = tx.tells;
	return 0;
}

static void fail(struct job *job, const struct hr_error *err)
{
	if (job->failed)
		return;
	job->failed = true;
	job->err = *err;
}

static void fail_all(struct job_list *list, const struct hr_error *err)
{
	for (struct job *job = list->first; job; job = job->next)
		fail(job, err);
}

/* What those that succeeded did, all together. */
struct effect {
	uint64_t n_good;
	bool wrote, told;
};

static struct effect effect_of(const struct job_list *list)
{
	struct effect effect = {0};

	for (const struct job *job = list->first; job; job = job->next) {
		effect.n_good += !job->failed;
		effect.wrote = effect.wrote || job->wrote;
		effect.told = effect.told || job->told;
	}
	return effect;
}

/* -1: nothing of the transaction may be saved, *err says why. */
static int run_each(struct store *store, struct job_list *list, struct hr_error *err)
{
	struct hr_error spoiled;

	for (struct job *job = list->first; job; job = job->next) {
		if (run_one(store, job, &spoiled) < 0)
			job->failed = true;
		if (spoiled.class != 0) {
			*err = spoiled;
			error_prefix(err, "a transaction of the same commit failed");
			return -1;
		}
	}
	return 0;
}

static void mark_dead(struct store *store)
{
	pthread_mutex_lock(&store->mutex);
	store->dead = true;
	pthread_mutex_unlock(&store->mutex);
}

/* number: of this commit, from 1. */
static int commit(struct store *store, bool wrote, uint64_t number, struct hr_error *err)
{
	const struct store_hook *hook = &store->hook;
	/* A database that was put back stays behind until a person has seen it. */
	bool counts = wrote && !store->restored[0];

	if (counts && installation_count(store->writer, store->commits + 1, err) < 0) {
		roll_back(store);
		return error_prefix(err, "the change was not saved");
	}
	if (wrote && hook->before_commit && !hook->before_commit(hook->context, number)) {
		mark_dead(store);
		sql_exec(store->writer, "ROLLBACK", NULL);
		return store_dead_error(store, err);
	}
	if (sql_do(store->writer, "COMMIT", err) < 0) {
		roll_back(store);
		return error_prefix(err, "the change was not saved");
	}
	store->commits += counts;
	return 0;
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Counts a commit that is durable now and tells who watches. */
static void note_commit(struct store *store, uint64_t number, const struct effect *effect,
			int64_t took_us)
{
	struct store_figures *figures = &store->figures;

	pthread_mutex_lock(&store->mutex);
	figures->transactions += effect->n_good;
	if (effect->wrote) {
		figures->commits = number;
		figures->commit_us += (uint64_t)took_us;
		for (size_t i = 0; i < STORE_COMMIT_BUCKETS; i++)
			figures->buckets[i] += took_us <= store_commit_bounds_us[i];
	}
	if (effect->told && store->told)
		store->told(store->told_context);
	pthread_mutex_unlock(&store->mutex);
}

static int run_group(struct store *store, struct job_list *list, struct hr_error *err)
{
	struct effect effect;
	uint64_t number;
	int64_t begun_us;

	if (store_dead(store))
		return store_dead_error(store, err);
	/* The last one may have had no memory to be taken back. */
	roll_back(store);
	/* At once for writing: two that read first and then both want to write would wait for one
	 * another. */
	if (sql_do(store->writer, "BEGIN IMMEDIATE", err) < 0)
		return -1;
	pthread_mutex_lock(&store->mutex);
	number = store->figures.commits + 1;
	pthread_mutex_unlock(&store->mutex);
	if (run_each(store, list, err) < 0) {
		roll_back(store);
		return -1;
	}
	effect = effect_of(list);
	KILL_POINT_WRITES(list, KILL_BEFORE);
	begun_us = now_us();
	if (commit(store, effect.wrote, number, err) < 0)
		return -1;
	KILL_POINT_WRITES(list, KILL_AFTER);
	if (effect.wrote && !store->restored[0])
		newest_note(&store->newest, store->commits);
	note_commit(store, number, &effect, now_us() - begun_us);
	if (effect.wrote && store->hook.after_commit)
		store->hook.after_commit(store->hook.context, number);
	return 0;
}

void group_run(struct store *store, struct job_list *list)
{
	struct hr_error err = {0};

	if (list->n == 0)
		return;
	if (run_group(store, list, &err) < 0)
		fail_all(list, &err);
	while (list->first) {
		struct job *job = list->first;

		list->first = job->next;
		if (job->done)
			job->done(job->arg, job->failed ? &job->err : NULL);
		free(job);
	}
	newest_settle(&store->newest);
}
