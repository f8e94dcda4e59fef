/* SPDX-License-Identifier: Apache-2.0 */
/* The cloud's model, at exact times: tokens, quota, buckets, lag, ids that come again, partial lists,
 * failures, guests, and what its judges see. Not here: HTTP (cloud_refusals.sh). */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../unit/base/suite.h"
#include "base/text.h"
#include "cloud.h"
#include "cloud_settings.h"

#define START INT64_C(1800000000000)

static struct cloud *cloud;
static struct cloud_answer answer;
static struct hr_error err;
static int64_t now_ms;

static void set(const char *assignment)
{
	ck_assert_msg(cloud_set(cloud, assignment, &err) == 0, "%s: %s", assignment, err.message);
}

static void open_cloud(const char *path, uint64_t seed)
{
	now_ms = START;
	ck_assert_int_eq(cloud_open(path, seed, now_ms, &cloud, &err), 0);
	set("red.key=secret");
	set("blue.key=other");
}

static struct cloud_call call_of(const char *key)
{
	return (struct cloud_call){.key = key, .now_ms = now_ms};
}

static enum cloud_code create_by(const char *key, const char *token, const char *server)
{
	const struct cloud_call call = call_of(key);
	const struct cloud_order order = {.token = token,
					  .name = "desk-1",
					  .zone = "north-1",
					  .size = "small",
					  .image = "debian-12",
					  .installation = "inst",
					  .config = "conf",
					  .server = server,
					  .user_data =
						  "#!/bin/sh\n"
						  "# headroom-sim: checkin_url=http://h/x?t=1\n"
						  "true\n"};

	cloud_answer_clear(&answer);
	ck_assert_int_eq(cloud_create(cloud, &call, &order, &answer, &err), 0);
	return answer.code;
}

static enum cloud_code create(const char *token, const char *server)
{
	return create_by("secret", token, server);
}

static enum cloud_code destroy(const char *id, const char *server)
{
	const struct cloud_call call = call_of("secret");

	cloud_answer_clear(&answer);
	ck_assert_int_eq(cloud_destroy(cloud, &call, id, server, &answer, &err), 0);
	return answer.code;
}

static enum cloud_code check(void)
{
	const struct cloud_call call = call_of("secret");

	cloud_answer_clear(&answer);
	ck_assert_int_eq(cloud_check(cloud, &call, &answer, &err), 0);
	return answer.code;
}

/* How many a list shows, -1: it is refused. */
static int list(const char *server, int64_t page, int64_t limit)
{
	const struct cloud_call call = call_of("secret");

	cloud_answer_clear(&answer);
	ck_assert_int_eq(cloud_list(cloud, &call, "inst", server, page, limit, &answer, &err), 0);
	return answer.code == CLOUD_OK ? (int)answer.n_machines : -1;
}

/* The state that a look shows, -1: it does not know the machine. */
static int look(const char *id)
{
	const struct cloud_call call = call_of("secret");

	cloud_answer_clear(&answer);
	ck_assert_int_eq(cloud_look(cloud, &call, &id, 1, &answer, &err), 0);
	ck_assert_int_eq(answer.code, CLOUD_OK);
	return answer.n_machines == 1 ? (int)answer.machines[0].state : -1;
}

static void close_cloud(void)
{
	cloud_answer_clear(&answer);
	cloud_close(cloud);
	cloud = NULL;
}

static int64_t verdict(const char *key)
{
	json_t *books = NULL;
	int64_t value;

	ck_assert_int_eq(cloud_books(cloud, now_ms, &books, &err), 0);
	value = json_integer_value(json_object_get(json_object_get(books, "verdict"), key));
	json_decref(books);
	return value;
}

START_TEST(a_token_makes_one_machine)
{
	char id[CLOUD_TEXT];

	open_cloud(":memory:", 1);
	ck_assert_int_eq(create("t1", "s1"), CLOUD_OK);
	text_copy(id, sizeof(id), answer.machines[0].id);
	ck_assert_str_eq(id, "m-000001");
	ck_assert_int_eq(create("t1", "s1"), CLOUD_OK);
	ck_assert_str_eq(answer.machines[0].id, id);
	ck_assert_int_eq(create("t1", "s2"), CLOUD_TOKEN_REUSED);
	ck_assert_uint_eq(answer.n_machines, 0);
	/* Another account's tokens are its own. */
	ck_assert_int_eq(create_by("other", "t1", "s9"), CLOUD_OK);
	ck_assert_str_ne(answer.machines[0].id, id);
	ck_assert_int_eq(list(NULL, 0, 100), 1);
	/* It stays known when its machine is gone. */
	ck_assert_int_eq(destroy(id, "s1"), CLOUD_OK);
	ck_assert_int_eq(create("t1", "s1"), CLOUD_OK);
	ck_assert_int_eq(answer.machines[0].state, CLOUD_GONE);
	ck_assert_int_eq(list(NULL, 0, 100), 0);
	ck_assert_int_eq(create_by("nobody", "t3", "s3"), CLOUD_BAD_KEY);
	close_cloud();
}
END_TEST

START_TEST(a_quota_is_of_machines_that_are_there)
{
	open_cloud(":memory:", 1);
	set("red.quota=2");
	set("deleting=1000");
	ck_assert_int_eq(create("t1", "s1"), CLOUD_OK);
	ck_assert_int_eq(create("t2", "s2"), CLOUD_OK);
	ck_assert_int_eq(create("t3", "s3"), CLOUD_QUOTA);
	ck_assert_int_eq(create("t2", "s2"), CLOUD_OK);
	ck_assert_int_eq(destroy("m-000001", NULL), CLOUD_OK);
	ck_assert_int_eq(answer.machines[0].state, CLOUD_DELETING);
	now_ms += 999;
	ck_assert_int_eq(create("t3", "s3"), CLOUD_QUOTA);
	ck_assert_int_eq(check(), CLOUD_OK);
	ck_assert_int_eq(answer.alive, 2);
	ck_assert_int_eq(answer.quota, 2);
	now_ms += 1;
	ck_assert_int_eq(create("t3", "s3"), CLOUD_OK);
	ck_assert_int_eq(destroy("m-000001", NULL), CLOUD_NOT_FOUND);
	ck_assert_int_eq(create_by("other", "t4", "s4"), CLOUD_OK);
	close_cloud();
}
END_TEST

START_TEST(a_bucket_fills_with_time)
{
	open_cloud(":memory:", 1);
	set("red.rate=60");
	set("red.burst=3");
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(check(), CLOUD_OK);
	ck_assert_int_eq(check(), CLOUD_THROTTLED);
	ck_assert_int_eq(answer.retry_after_ms, 1000);
	now_ms += 400;
	ck_assert_int_eq(check(), CLOUD_THROTTLED);
	ck_assert_int_eq(answer.retry_after_ms, 600);
	now_ms += 600;
	ck_assert_int_eq(check(), CLOUD_OK);
	ck_assert_int_eq(check(), CLOUD_THROTTLED);
	/* It never holds more than the burst. */
	now_ms += 3600000;
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(check(), CLOUD_OK);
	set("red.retry_after=0");
	ck_assert_int_eq(create("t1", "s1"), CLOUD_THROTTLED);
	ck_assert_int_eq(answer.retry_after_ms, 0);
	ck_assert_int_eq(create_by("other", "t1", "s1"), CLOUD_OK);
	close_cloud();
}
END_TEST

/* Creates that are throttled hold up no looks, and the bucket for all kinds is beside them. */
START_TEST(each_kind_has_a_bucket)
{
	open_cloud(":memory:", 1);
	set("red.rate_create=60");
	set("red.burst_create=1");
	set("red.rate_destroy=30");
	set("red.burst_destroy=1");
	ck_assert_int_eq(create("t1", "s1"), CLOUD_OK);
	ck_assert_int_eq(create("t2", "s2"), CLOUD_THROTTLED);
	ck_assert_str_eq(answer.message, "more than 60 creates a minute");
	ck_assert_int_eq(answer.retry_after_ms, 1000);
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(check(), CLOUD_OK);
	ck_assert_int_eq(destroy("m-000001", NULL), CLOUD_OK);
	ck_assert_int_eq(destroy("m-000001", NULL), CLOUD_THROTTLED);
	ck_assert_int_eq(answer.retry_after_ms, 2000);
	now_ms += 1000;
	ck_assert_int_eq(create("t2", "s2"), CLOUD_OK);
	set("red.rate=60");
	set("red.burst=1");
	ck_assert_int_eq(check(), CLOUD_OK);
	now_ms += 999;
	ck_assert_int_eq(create("t3", "s3"), CLOUD_THROTTLED);
	now_ms += 1;
	ck_assert_int_eq(create("t3", "s3"), CLOUD_OK);
	close_cloud();
}
END_TEST

START_TEST(looks_lag_behind)
{
	open_cloud(":memory:", 1);
	set("lag_new=500");
	set("lag_gone=700");
	ck_assert_int_eq(create("t1", "s1"), CLOUD_OK);
	now_ms += 499;
	ck_assert_int_eq(look("m-000001"), -1);
	ck_assert_int_eq(list("s1", 0, 100), 0);
	/* What has an effect does not lag. */
	ck_assert_int_eq(create("t1", "s1"), CLOUD_OK);
	ck_assert_str_eq(answer.machines[0].id, "m-000001");
	now_ms += 1;
	ck_assert_int_eq(look("m-000001"), CLOUD_RUNNING);
	ck_assert_int_eq(list("s1", 0, 100), 1);
	ck_assert_int_eq(destroy("m-000001", "s1"), CLOUD_OK);
	ck_assert_int_eq(destroy("m-000001", "s1"), CLOUD_NOT_FOUND);
	now_ms += 699;
	ck_assert_int_eq(look("m-000001"), CLOUD_RUNNING);
	ck_assert_int_eq(list(NULL, 0, 100), 1);
	now_ms += 1;
	ck_assert_int_eq(look("m-000001"), CLOUD_GONE);
	ck_assert_int_eq(list(NULL, 0, 100), 0);
	ck_assert_int_eq(look("m-777777"), -1);
	close_cloud();
}
END_TEST

START_TEST(ids_come_again_with_other_marks)
{
	open_cloud(":memory:", 1);
	set("recycle=1000");
	set("lag_gone=100");
	ck_assert_int_eq(create("t1", "s1"), CLOUD_OK);
	ck_assert_int_eq(destroy("m-000001", "s1"), CLOUD_OK);
	now_ms += 99;
	ck_assert_int_eq(create("t2", "s2"), CLOUD_OK);
	ck_assert_str_eq(answer.machines[0].id, "m-000002");
	now_ms += 1;
	ck_assert_int_eq(create("t3", "s3"), CLOUD_OK);
	ck_assert_str_eq(answer.machines[0].id, "m-000001");
	ck_assert_str_eq(answer.machines[0].server, "s3");
	ck_assert_int_eq(destroy("m-000001", "s1"), CLOUD_OTHER_SERVER);
	ck_assert_int_eq(look("m-000001"), CLOUD_RUNNING);
	ck_assert_str_eq(answer.machines[0].server, "s3");
	/* The id is not free now. */
	ck_assert_int_eq(create("t4", "s4"), CLOUD_OK);
	ck_assert_str_eq(answer.machines[0].id, "m-000004");
	ck_assert_int_eq(verdict("doubled"), 0);
	close_cloud();
}
END_TEST

START_TEST(lists_come_in_pages_and_say_what_they_lack)
{
	char name[16];

	open_cloud(":memory:", 1);
	for (int i = 0; i < 5; i++) {
		text_format(name, sizeof(name), "t%d", i);
		ck_assert_int_eq(create(name, name), CLOUD_OK);
	}
	ck_assert_int_eq(list(NULL, 0, 2), 2);
	ck_assert_int_eq(answer.next_page, 2);
	ck_assert_int_eq(list(NULL, 2, 3), 3);
	ck_assert_int_eq(answer.next_page, 0);
	ck_assert_str_eq(answer.unread, "");
	ck_assert_int_eq(list("t3", 0, 2), 1);
	ck_assert_int_eq(list(NULL, 0, 1001), -1);
	ck_assert_int_eq(answer.code, CLOUD_BAD_REQUEST);
	ck_assert_str_eq(answer.field, "limit");
	set("partial=1000");
	for (int i = 0; i < 20; i++) {
		bool ours;
		int n = list(NULL, 0, 100);

		ck_assert_str_ne(answer.unread, "");
		ours = strcmp(answer.unread, "north-1") == 0;
		ck_assert_int_eq(n, ours ? 0 : 5);
	}
	close_cloud();
}
END_TEST

START_TEST(failures_do_nothing_or_everything)
{
	static const struct {
		const char *on, *off;
		enum cloud_code code;
	} rows[] = {
		{"fail_auth=1000", "fail_auth=0", CLOUD_BAD_KEY},
		{"fail_quota=1000", "fail_quota=0", CLOUD_QUOTA},
		{"fail_capacity=1000", "fail_capacity=0", CLOUD_CAPACITY},
		{"fail_invalid=1000", "fail_invalid=0", CLOUD_BAD_REQUEST},
		{"fail_not_found=1000", "fail_not_found=0", CLOUD_NOT_FOUND},
		{"fail_throttled=1000", "fail_throttled=0", CLOUD_THROTTLED},
		{"fail_conflict=1000", "fail_conflict=0", CLOUD_CONFLICT},
		{"fail_transient=1000", "fail_transient=0", CLOUD_TRANSIENT},
		{"down=1", "down=0", CLOUD_TRANSIENT},
	};

	open_cloud(":memory:", 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		set(rows[i].on);
		ck_assert_int_eq(create("t1", "s1"), rows[i].code);
		set(rows[i].off);
	}
	ck_assert_int_eq(list(NULL, 0, 100), 0);
	set("unanswered=1000");
	ck_assert_int_eq(create("t1", "s1"), CLOUD_OK);
	ck_assert_int_eq(answer.delivery, CLOUD_UNANSWERED);
	set("unanswered=0");
	ck_assert_int_eq(list(NULL, 0, 100), 1);
	ck_assert_int_eq(create("t1", "s1"), CLOUD_OK);
	ck_assert_int_eq(answer.delivery, CLOUD_ANSWERED);
	ck_assert_str_eq(answer.machines[0].id, "m-000001");
	close_cloud();
}
END_TEST

/* Of 200 that end so, about half took effect, and all are told the same. */
static int count_done(const char *on, const char *off, enum cloud_code code)
{
	char name[16];
	int done;

	open_cloud(":memory:", 7);
	set(on);
	for (int i = 0; i < 200; i++) {
		text_format(name, sizeof(name), "t%d", i);
		ck_assert_int_eq(create(name, name), code);
	}
	set(off);
	done = list(NULL, 0, 1000);
	close_cloud();
	return done;
}

START_TEST(some_are_done_though_the_answer_says_otherwise)
{
	int done = count_done("fail_internal=1000", "fail_internal=0", CLOUD_INTERNAL);

	ck_assert_int_gt(done, 60);
	ck_assert_int_lt(done, 140);
	ck_assert_int_eq(count_done("fail_timeout=1000", "fail_timeout=0", CLOUD_TIMEOUT), done);
}
END_TEST

START_TEST(machines_go_through_their_states)
{
	open_cloud(":memory:", 1);
	set("pending=100");
	set("boot=200");
	set("stops=1000");
	set("stops_after=300");
	ck_assert_int_eq(create("t1", "s1"), CLOUD_OK);
	ck_assert_int_eq(answer.machines[0].state, CLOUD_PENDING);
	now_ms += 100;
	ck_assert_int_eq(look("m-000001"), CLOUD_BOOTING);
	now_ms += 200;
	ck_assert_int_eq(look("m-000001"), CLOUD_RUNNING);
	set("lie=1000");
	ck_assert_int_eq(look("m-000001"), CLOUD_GONE);
	ck_assert_int_eq(list(NULL, 0, 100), 0);
	now_ms += 300;
	ck_assert_int_eq(look("m-000001"), CLOUD_RUNNING);
	set("lie=0");
	ck_assert_int_eq(look("m-000001"), CLOUD_STOPPED);
	set("fail_late=1000");
	ck_assert_int_eq(create("t2", "s2"), CLOUD_OK);
	ck_assert_int_eq(answer.machines[0].state, CLOUD_PENDING);
	now_ms += 100;
	ck_assert_int_eq(create("t2", "s2"), CLOUD_OK);
	ck_assert_int_eq(answer.machines[0].state, CLOUD_ERROR);
	/* It is there until somebody destroys it. */
	ck_assert_int_eq(check(), CLOUD_OK);
	ck_assert_int_eq(answer.alive, 2);
	ck_assert_int_eq(destroy("m-000002", "s2"), CLOUD_OK);
	close_cloud();
}
END_TEST

START_TEST(outages_come_at_the_end_of_their_time)
{
	open_cloud(":memory:", 1);
	set("outage_every=10000");
	set("outage=1000");
	now_ms = START + 8999;
	ck_assert_int_eq(check(), CLOUD_OK);
	now_ms = START + 9000;
	ck_assert_int_eq(check(), CLOUD_TRANSIENT);
	now_ms = START + 10000;
	ck_assert_int_eq(check(), CLOUD_OK);
	close_cloud();
}
END_TEST

static size_t take(struct cloud_visit *visits)
{
	size_t n = 0;

	ck_assert_int_eq(cloud_visits_take(cloud, now_ms, visits, 4, &n, &err), 0);
	return n;
}

START_TEST(guests_check_in_by_their_user_data)
{
	struct cloud_visit visits[4];

	open_cloud(":memory:", 1);
	set("boot=100");
	set("checkin=50");
	set("checkin_twice=1000");
	ck_assert_int_eq(create("t1", "s1"), CLOUD_OK);
	now_ms += 149;
	ck_assert_uint_eq(take(visits), 0);
	now_ms += 1;
	ck_assert_uint_eq(take(visits), 1);
	ck_assert_str_eq(visits[0].url, "http://h/x?t=1");
	ck_assert_str_eq(visits[0].status, "running");
	ck_assert_uint_eq(take(visits), 0);
	/* Nobody answered: again a second later, beside the second visit. */
	ck_assert_int_eq(cloud_visit_done(cloud, visits[0].row, 0, now_ms, &err), 0);
	now_ms += 1000;
	ck_assert_uint_eq(take(visits), 2);
	ck_assert_int_eq(cloud_visit_done(cloud, visits[0].row, 200, now_ms, &err), 0);
	ck_assert_int_eq(cloud_visit_done(cloud, visits[1].row, 401, now_ms, &err), 0);
	now_ms += 600000;
	ck_assert_uint_eq(take(visits), 0);
	set("checkin_failed=1000");
	ck_assert_int_eq(create("t2", "s2"), CLOUD_OK);
	now_ms += 150;
	ck_assert_uint_eq(take(visits), 1);
	ck_assert_str_eq(visits[0].status, "failed");
	/* One that is taken and not done comes again; one of a machine that is gone does not. */
	now_ms += 30000;
	ck_assert_uint_eq(take(visits), 1);
	ck_assert_int_eq(destroy("m-000002", "s2"), CLOUD_OK);
	now_ms += 30000;
	ck_assert_uint_eq(take(visits), 0);
	set("checkin_never=1000");
	ck_assert_int_eq(create("t3", "s3"), CLOUD_OK);
	now_ms += 600000;
	ck_assert_uint_eq(take(visits), 0);
	close_cloud();
}
END_TEST

static int64_t next_visit(void)
{
	int64_t due_ms = 0;

	ck_assert_int_eq(cloud_visits_next(cloud, now_ms, &due_ms, &err), 0);
	return due_ms;
}

START_TEST(the_next_visit_is_known)
{
	struct cloud_visit visits[4];

	open_cloud(":memory:", 1);
	ck_assert_int_eq(next_visit(), CLOUD_NEVER);
	set("checkin=500");
	create("t1", "s1");
	ck_assert_int_eq(next_visit(), START + 500);
	now_ms += 500;
	ck_assert_uint_eq(take(visits), 1);
	ck_assert_int_eq(next_visit(), START + 500 + 30000);
	ck_assert_int_eq(cloud_visit_done(cloud, visits[0].row, 0, now_ms, &err), 0);
	ck_assert_int_eq(next_visit(), START + 500 + 1000);
	ck_assert_int_eq(destroy("m-000001", "s1"), CLOUD_OK);
	ck_assert_int_eq(next_visit(), CLOUD_NEVER);
	/* One that will have stopped by then visits nobody. */
	set("stops=1000");
	set("stops_after=100");
	create("t2", "s2");
	ck_assert_int_eq(next_visit(), CLOUD_NEVER);
	ck_assert_int_eq(cloud_keep_running(cloud, now_ms, &err), 0);
	ck_assert_int_eq(next_visit(), now_ms + 500);
	now_ms += 200;
	ck_assert_int_eq(look("m-000002"), CLOUD_RUNNING);
	close_cloud();
}
END_TEST

START_TEST(judges_see_the_truth)
{
	struct cloud_answer all;

	open_cloud(":memory:", 1);
	set("lag_new=1000");
	set("lag_gone=1000");
	create("t1", "s1");
	create_by("other", "t2", "s2");
	destroy("m-000001", "s1");
	ck_assert_int_eq(list(NULL, 0, 100), 0);
	ck_assert_int_eq(cloud_machines(cloud, now_ms, &all, &err), 0);
	ck_assert_uint_eq(all.n_machines, 2);
	ck_assert_int_eq(all.machines[0].state, CLOUD_GONE);
	ck_assert_str_eq(all.machines[1].account, "blue");
	ck_assert_int_eq(all.machines[1].state, CLOUD_RUNNING);
	cloud_answer_clear(&all);
	close_cloud();
}
END_TEST

START_TEST(judges_see_what_was)
{
	open_cloud(":memory:", 1);
	set("red.judge_max=2");
	ck_assert_int_eq(create("t1", "s1"), CLOUD_OK);
	ck_assert_int_eq(cloud_set_busy(cloud, "s1", true, now_ms, &err), 0);
	ck_assert_int_eq(cloud_set_busy(cloud, "s9", true, now_ms, &err), -1);
	ck_assert_int_eq(err.class, HR_NOT_FOUND);
	now_ms += 10;
	ck_assert_int_eq(create("t2", "s2"), CLOUD_OK);
	now_ms += 10;
	ck_assert_int_eq(verdict("doubled"), 0);
	ck_assert_int_eq(verdict("busy_destroyed"), 0);
	ck_assert_int_eq(destroy("m-000001", "s1"), CLOUD_OK);
	ck_assert_int_eq(verdict("busy_destroyed"), 1);
	/* In the moment of an end another one may begin, of the same server, too. */
	ck_assert_int_eq(create("t3", "s1"), CLOUD_OK);
	ck_assert_int_eq(verdict("doubled"), 0);
	ck_assert_int_eq(verdict("over_limit"), 0);
	ck_assert_int_eq(create("t4", "s2"), CLOUD_OK);
	ck_assert_int_eq(verdict("doubled"), 1);
	ck_assert_int_eq(verdict("over_limit"), 1);
	/* It stays so when all are gone. */
	now_ms += 10;
	ck_assert_int_eq(destroy("m-000002", "s2"), CLOUD_OK);
	ck_assert_int_eq(destroy("m-000003", "s1"), CLOUD_OK);
	ck_assert_int_eq(destroy("m-000004", "s2"), CLOUD_OK);
	now_ms += 10;
	ck_assert_int_eq(verdict("doubled"), 1);
	ck_assert_int_eq(verdict("over_limit"), 1);
	close_cloud();
}
END_TEST

/* Codes of 40 creates with half of everything failing. */
static void story(char *out, size_t size)
{
	size_t len = 0;
	char name[16];

	set("fail_transient=300");
	set("fail_internal=300");
	set("hang=300");
	set("latency=tail:10:5000");
	for (int i = 0; i < 40; i++) {
		text_format(name, sizeof(name), "t%d", i);
		create(name, name);
		text_format(out + len, size - len, "%d/%d/%lld ", (int)answer.code,
			    (int)answer.delivery, (long long)answer.latency_ms);
		len += strlen(out + len);
	}
}

START_TEST(a_seed_gives_one_story_across_restarts)
{
	char first[1024], second[1024], third[1024], path[] = "cloud_test.XXXXXX", other[64];
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	close(fd);
	open_cloud(":memory:", 5);
	story(first, sizeof(first));
	close_cloud();
	open_cloud(path, 5);
	/* Its random numbers go on where they were; the seed counts for new books only. */
	close_cloud();
	open_cloud(path, 6);
	story(second, sizeof(second));
	ck_assert_str_eq(first, second);
	ck_assert_int_eq(list(NULL, 0, 1000) > 0 || answer.code != CLOUD_OK, 1);
	close_cloud();
	open_cloud(":memory:", 6);
	story(third, sizeof(third));
	close_cloud();
	ck_assert_str_ne(first, third);
	for (int i = 0; i < 3; i++) {
		static const char *const ends[] = {"", "-wal", "-shm"};

		text_format(other, sizeof(other), "%s%s", path, ends[i]);
		unlink(other);
	}
}
END_TEST

START_TEST(settings_are_checked)
{
	static const char *const bad[] = {
		"latency",          "nonsense=1",     "fail_auth=1001",    "fail_auth=-1",
		"rate=x",           "latency=9:1",    "latency=tail:5",    "latency=uniform:9:1",
		"rate=uniform:1:2", "red.nonsense=1", "latency=@/nowhere", ".key="};

	open_cloud(":memory:", 1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(cloud_set(cloud, bad[i], &err) == -1, "%s was taken", bad[i]);
	ck_assert_int_eq(err.class, HR_INVALID);
	/* An account's own setting wins, whichever was set last. */
	set("red.down=0");
	set("down=1");
	ck_assert_int_eq(check(), CLOUD_OK);
	ck_assert_int_eq(create_by("other", "t1", "s1"), CLOUD_TRANSIENT);
	close_cloud();
}
END_TEST

SUITE_MAIN("cloud", a_token_makes_one_machine, a_quota_is_of_machines_that_are_there,
	   a_bucket_fills_with_time, each_kind_has_a_bucket, looks_lag_behind,
	   ids_come_again_with_other_marks, lists_come_in_pages_and_say_what_they_lack,
	   failures_do_nothing_or_everything, some_are_done_though_the_answer_says_otherwise,
	   machines_go_through_their_states, outages_come_at_the_end_of_their_time,
	   guests_check_in_by_their_user_data, the_next_visit_is_known, judges_see_the_truth,
	   judges_see_what_was, a_seed_gives_one_story_across_restarts, settings_are_checked)
