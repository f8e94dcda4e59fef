/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, outages, token buckets, and failures by chance. */
#include "cloud_fate.h"

#include <stdarg.h>

#include "base/text.h"
#include "cloud_store.h"

#define MINUTE_MS 60000
#define MILLI 1000

bool cloud_refuse(struct cloud_answer *answer, enum cloud_code code, const char *format, ...)
{
	va_list args;

	answer->code = code;
	va_start(args, format);
	text_formatv(answer->message, sizeof(answer->message), format, args);
	va_end(args);
	return false;
}

static int64_t value(const struct cloud_work *work, enum cloud_setting_id id)
{
	return work->behaviour.settings[id].low;
}

static bool chance(struct cloud_work *work, enum cloud_setting_id id)
{
	int64_t permille = value(work, id);

	/* What is off draws nothing: a setting more leaves old seeds as they were. */
	return permille > 0 && sim_chance(&work->cloud->random, permille);
}

static bool find_account(struct cloud_work *work)
{
	sqlite3_stmt *stmt = cloud_sql(work->cloud,
				       "SELECT account FROM setting WHERE key = 'key'"
				       " AND value = ?1",
				       "t", work->call->key);

	if (!work->call->key || !cloud_row(work->cloud, stmt))
		return cloud_refuse(work->answer, CLOUD_BAD_KEY, "no account has this key");
	text_copy(work->answer->account, sizeof(work->answer->account),
		  (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_reset(stmt);
	return true;
}

static bool is_up(struct cloud_work *work)
{
	int64_t every = value(work, SET_OUTAGE_EVERY);
	int64_t since = work->call->now_ms - work->cloud->born_ms;
	bool down = value(work, SET_DOWN) != 0 ||
		    (every > 0 && since % every >= every - value(work, SET_OUTAGE));

	return !down || cloud_refuse(work->answer, CLOUD_TRANSIENT, "the service is down");
}

/* A bucket of an account, as EC2 has one for each kind of call and one for all. */
struct bucket {
	const char *kind;
	enum cloud_setting_id rate, burst;
	const char *calls;
	unsigned kinds; /* 1 << KIND_* */
};

static const struct bucket buckets[] = {
	{"create", SET_RATE_CREATE, SET_BURST_CREATE, "creates", 1u << KIND_CREATE},
	{"destroy", SET_RATE_DESTROY, SET_BURST_DESTROY, "destroys", 1u << KIND_DESTROY},
	{"look", SET_RATE_LOOK, SET_BURST_LOOK, "looks",
	 1u << KIND_CHECK | 1u << KIND_LOOK | 1u << KIND_LIST},
	{"all", SET_RATE, SET_BURST, "calls", ~0u},
};

/* What is in it now, in thousandths, and since when that counts. */
static int64_t bucket_tokens(struct cloud_work *work, const struct bucket *bucket,
			     int64_t *ret_counted_ms)
{
	int64_t rate = value(work, bucket->rate), full = value(work, bucket->burst) * MILLI;
	int64_t tokens = full;
	sqlite3_stmt *stmt = cloud_sql(work->cloud,
				       "SELECT tokens_milli, counted_ms FROM bucket"
				       " WHERE account = ?1 AND kind = ?2",
				       "tt", work->answer->account, bucket->kind);

	*ret_counted_ms = work->call->now_ms;
	if (cloud_row(work->cloud, stmt)) {
		int64_t elapsed_ms = work->call->now_ms - sqlite3_column_int64(stmt, 1);
		int64_t gained = (elapsed_ms > 0 ? elapsed_ms : 0) * rate * MILLI / MINUTE_MS;

		tokens = sqlite3_column_int64(stmt, 0) + gained;
		/* Where less than a thousandth was gained, the time goes on counting. */
		if (elapsed_ms > 0 && gained == 0)
			*ret_counted_ms = sqlite3_column_int64(stmt, 1);
		sqlite3_reset(stmt);
	}
	return tokens < full ? tokens : full;
}

/* Takes a token, or says how long it is until there is one. */
static bool take_token(struct cloud_work *work, const struct bucket *bucket)
{
	int64_t rate = value(work, bucket->rate), tokens, counted_ms;
	bool taken;

	if (rate == 0 || !(bucket->kinds & 1u << work->kind))
		return true;
	tokens = bucket_tokens(work, bucket, &counted_ms);
	taken = tokens >= MILLI;
	if (taken)
		tokens -= MILLI;
	cloud_run(work->cloud,
		  cloud_sql(work->cloud, "INSERT OR REPLACE INTO bucket VALUES (?1, ?2, ?3, ?4)",
			    "ttii", work->answer->account, bucket->kind, tokens, counted_ms));
	if (taken)
		return true;
	if (value(work, SET_RETRY_AFTER))
		work->answer->retry_after_ms =
			((MILLI - tokens) * MINUTE_MS + rate * MILLI - 1) / (rate * MILLI);
	return cloud_refuse(work->answer, CLOUD_THROTTLED, "more than %lld %s a minute",
			    (long long)rate, bucket->calls);
}

static bool take_tokens(struct cloud_work *work)
{
	for (size_t i = 0; i < sizeof(buckets) / sizeof(buckets[0]); i++)
		if (!take_token(work, &buckets[i]))
			return false;
	return true;
}

/* Failures by chance: nothing is done, or (the last two) perhaps. */
static bool fails(struct cloud_work *work)
{
	static const struct {
		enum cloud_setting_id setting;
		enum cloud_code code;
		unsigned kinds; /* 1 << KIND_* */
		const char *message;
	} rows[] = {
		{SET_FAIL_AUTH, CLOUD_BAD_KEY, ~0u, "the key is not accepted now"},
		{SET_FAIL_THROTTLED, CLOUD_THROTTLED, ~0u, "too many calls"},
		{SET_FAIL_TRANSIENT, CLOUD_TRANSIENT, ~0u, "try again"},
		{SET_FAIL_QUOTA, CLOUD_QUOTA, 1u << KIND_CREATE, "the quota is used up"},
		{SET_FAIL_CAPACITY, CLOUD_CAPACITY, 1u << KIND_CREATE, "no room in this zone"},
		{SET_FAIL_CONFLICT, CLOUD_CONFLICT, 1u << KIND_CREATE | 1u << KIND_DESTROY,
		 "another operation is under way"},
		{SET_FAIL_INVALID, CLOUD_BAD_REQUEST, 1u << KIND_CREATE,
		 "this size is not offered"},
		{SET_FAIL_NOT_FOUND, CLOUD_NOT_FOUND, 1u << KIND_CREATE, "there is no such image"},
		{SET_FAIL_INTERNAL, CLOUD_INTERNAL, ~0u, "an error of ours"},
		{SET_FAIL_TIMEOUT, CLOUD_TIMEOUT, ~0u, "a server behind did not answer"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!(rows[i].kinds & 1u << work->kind) || !chance(work, rows[i].setting))
			continue;
		cloud_refuse(work->answer, rows[i].code, "%s", rows[i].message);
		return rows[i].code < CLOUD_INTERNAL || sim_chance(&work->cloud->random, 500);
	}
	return false;
}

bool cloud_fate_meet(struct cloud_work *work)
{
	struct cloud *cloud = work->cloud;
	struct cloud_answer *answer = work->answer;

	text_format(answer->request_id, sizeof(answer->request_id), "req-%08lld",
		    (long long)++cloud->requests);
	if (!find_account(work))
		return false;
	cloud_behaviour_read(cloud, answer->account, &work->behaviour);
	answer->latency_ms = cloud_draw(&work->behaviour, SET_LATENCY, &cloud->random);
	if (!is_up(work) || !take_tokens(work) || fails(work))
		return false;
	if (chance(work, SET_HANG)) {
		answer->delivery = CLOUD_HANGS;
		return sim_chance(&cloud->random, 500);
	}
	if (chance(work, SET_UNANSWERED))
		answer->delivery = CLOUD_UNANSWERED;
	else if (chance(work, SET_GARBAGE))
		answer->delivery = CLOUD_GARBAGE;
	return true;
}
