/* SPDX-License-Identifier: Apache-2.0 */
/* Readers of the event stream without HTTP: each event once and in order over the seam from the store to
 * what is new, slow readers, the limit, tokens that end, the stop. */
#include "api/streams.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../store/fixture.h"
#include "base/clock.h"

#define POOL_A "00000000-0000-4000-8000-00000000000a"
#define POOL_B "00000000-0000-4000-8000-00000000000b"
#define WAIT_MS 60000 /* only ends a hang; a build with sanitizers is slow */
#define EVENTS 3000

static struct streams *streams;

/* A connection that reads, or does not. */
struct end {
	struct stream_reader *reader;
	atomic_int suspended, resumed, expired;
	atomic_bool gone;
	char text[SSE_FRAME_MAX * 4];
	size_t len;
	bool ended;
	int64_t last; /* number of the last event */
	long n;
};

static void note_suspend(void *context)
{
	atomic_fetch_add(&((struct end *)context)->suspended, 1);
}

static void note_resume(void *context)
{
	atomic_fetch_add(&((struct end *)context)->resumed, 1);
}

static void note_expire(void *context)
{
	atomic_fetch_add(&((struct end *)context)->expired, 1);
}

static bool is_there(void *context)
{
	return !atomic_load(&((struct end *)context)->gone);
}

static int add_to(struct end *end, int64_t after, const char *pool, const uint8_t *token,
		  struct hr_error *err)
{
	struct stream_wish wish = {.after = after,
				   .by_token = token != NULL,
				   .suspend = note_suspend,
				   .resume = note_resume,
				   .expire = note_expire,
				   .is_there = is_there,
				   .context = end};

	memset(end, 0, sizeof(*end));
	end->last = after;
	text_copy(wish.filter.pool_id, ID_SIZE, pool);
	if (token)
		memcpy(wish.token_hash, token, 32);
	return streams_add(streams, &wish, &end->reader, err);
}

static void open_end(struct end *end, int64_t after, const char *pool)
{
	struct hr_error err = {0};

	must(add_to(end, after, pool, NULL, &err));
}

static void close_end(struct end *end)
{
	streams_remove(end->reader);
}

static void start(const struct streams_options *options)
{
	struct hr_error err = {0};

	folder_setup();
	reopen(true);
	must(streams_new(store, options, &streams, &err));
}

static void finish(void)
{
	streams_stop(streams);
	streams_free(streams);
	store_close(store);
	store = NULL;
	folder_teardown();
}

static int add_event(struct tx *tx, void *arg, struct hr_error *err)
{
	struct event event = {.at_ms = 1, .kind = "test.happened"};
	long i = *(long *)arg;

	text_copy(event.pool_id, ID_SIZE, i % 3 == 0 ? POOL_B : POOL_A);
	text_format(event.message, sizeof(event.message), "number %ld%*s", i, (int)(i % 500), "");
	return event_add(tx, &event, err);
}

static void happen(long n)
{
	struct hr_error err = {0};

	for (long i = 0; i < n; i++)
		must(store_write(store, add_event, &i, &err));
}

static void *happen_beside(void *arg)
{
	(void)arg;
	happen(EVENTS);
	return NULL;
}

/* Counts the events in what has come, which must rise by one; what is not whole yet stays. */
static void take_frames(struct end *end, bool all)
{
	char *frame = end->text, *next;

	while ((next = strstr(frame, "\n\n")) != NULL) {
		long long number;

		*next = '\0';
		if (strncmp(frame, "id: ", 4) == 0 && strstr(frame, "\nevent: test.happened\n")) {
			number = strtoll(frame + 4, NULL, 10);
			if (all)
				ck_assert_int_eq(number, end->last + 1);
			else
				ck_assert_int_gt(number, end->last);
			end->last = number;
			end->n++;
		}
		frame = next + 2;
	}
	end->len -= (size_t)(frame - end->text);
	memmove(end->text, frame, end->len + 1);
}

/* Takes what there is; false: nothing. */
static bool read_some(struct end *end, size_t max)
{
	ssize_t n;

	ck_assert_uint_lt(end->len + max, sizeof(end->text));
	n = streams_read(end->reader, end->text + end->len, max);
	end->ended = n < 0;
	if (n > 0)
		end->len += (size_t)n;
	end->text[end->len] = '\0';
	return n > 0;
}

static void pause_shortly(void)
{
	const struct timespec pause = {.tv_nsec = 2000000};

	nanosleep(&pause, NULL);
}

static void read_until(struct end *end, int64_t last, bool all)
{
	int64_t limit = clock_now().mono_ms + WAIT_MS;

	while (end->last < last) {
		if (!read_some(end, SSE_FRAME_MAX))
			pause_shortly();
		take_frames(end, all);
		ck_assert_int_lt(clock_now().mono_ms, limit);
	}
}

START_TEST(each_once_over_the_seam)
{
	const struct streams_options options = {.ring_size = 3 * SSE_FRAME_MAX, .slow_ms = WAIT_MS};
	struct end *ends = calloc(20, sizeof(*ends));
	pthread_t thread;

	start(&options);
	happen(100);
	ck_assert_int_eq(pthread_create(&thread, NULL, happen_beside, NULL), 0);
	/* They come while it happens, begin at different places, and read at different speeds. */
	for (int i = 0; i < 20; i++) {
		open_end(&ends[i], i * 5, "");
		for (int k = 0; k <= i; k++) {
			read_some(&ends[k], (size_t)(1 + k * 100));
			take_frames(&ends[k], true);
		}
		pause_shortly();
	}
	for (int i = 0; i < 20; i++)
		read_until(&ends[i], 100 + EVENTS, true);
	pthread_join(thread, NULL);
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(ends[i].n, 100 + EVENTS - i * 5);
		close_end(&ends[i]);
	}
	finish();
	free(ends);
}
END_TEST

START_TEST(a_filter_holds_before_and_after_the_seam)
{
	struct end end;

	start(NULL);
	happen(300);
	open_end(&end, 0, POOL_B);
	read_until(&end, 298, false); /* of 0, 3, 6, ...: numbers 1, 4, ... 298 */
	happen(30);
	read_until(&end, 328, false);
	ck_assert_int_eq(end.n, 110);
	close_end(&end);
	finish();
}
END_TEST

START_TEST(who_takes_nothing_has_lost)
{
	const struct streams_options options = {.ring_size = 3 * SSE_FRAME_MAX, .slow_ms = 100};
	struct end slow, quick;
	struct streams_figures figures;
	int64_t limit = clock_now().mono_ms + WAIT_MS;
	char *lost;

	start(&options);
	open_end(&slow, 0, "");
	open_end(&quick, 0, "");
	for (int i = 0; i < 10; i++) {
		happen(20);
		read_until(&quick, (i + 1) * 20, true);
	}
	while (atomic_load(&slow.expired) == 0) {
		ck_assert_int_lt(clock_now().mono_ms, limit);
		pause_shortly();
	}
	streams_figures(streams, &figures);
	ck_assert_uint_eq(figures.lost[SSE_LOSS_SLOW], 1);
	ck_assert_uint_eq(figures.readers, 2);
	while (read_some(&slow, SSE_FRAME_MAX)) {
		lost = strstr(slow.text, "\nevent: lost\n");
		if (!lost)
			take_frames(&slow, true);
	}
	ck_assert(slow.ended);
	lost = strstr(slow.text, "\nevent: lost\n");
	ck_assert_ptr_nonnull(lost);
	ck_assert_ptr_nonnull(strstr(lost, "\"reason\":\"slow\""));
	lost = strstr(lost, "{\"after\":");
	ck_assert_ptr_nonnull(lost);
	/* What it says is just after the last event that it was told. */
	limit = strtoll(lost + 9, NULL, 10);
	take_frames(&slow, true);
	ck_assert_int_eq(slow.last, limit);
	ck_assert_int_lt(slow.last, 200);
	close_end(&slow);
	open_end(&slow, limit, "");
	read_until(&slow, 200, true);
	close_end(&slow);
	close_end(&quick);
	finish();
}
END_TEST

static int keep_ten(struct tx *tx, void *arg, struct hr_error *err)
{
	(void)arg;
	return event_prune(tx, 10, err);
}

/* Until text has come; fails after a time. */
static void await_text(struct end *end, const char *text)
{
	int64_t limit = clock_now().mono_ms + WAIT_MS;

	while (!strstr(end->text, text)) {
		if (!read_some(end, 512))
			pause_shortly();
		ck_assert_msg(clock_now().mono_ms < limit, "%s, not: %s", text, end->text);
	}
}

START_TEST(what_is_kept_no_more_is_told)
{
	struct hr_error err = {0};
	struct end end;

	start(NULL);
	happen(50);
	must(store_write(store, keep_ten, NULL, &err));
	open_end(&end, 20, "");
	await_text(&end, "id: 40\nevent: lost\ndata: {\"after\":40,\"reason\":\"removed\"");
	end.last = 40;
	read_until(&end, 50, true);
	close_end(&end);
	/* Just before the first that is there: nothing is missing. */
	open_end(&end, 40, "");
	await_text(&end, "id: 50\n");
	ck_assert_ptr_null(strstr(end.text, "lost"));
	close_end(&end);
	open_end(&end, 1000, "");
	await_text(&end, "id: 50\nevent: lost\ndata: {\"after\":50,\"reason\":\"ahead\"");
	end.last = 50;
	happen(1);
	read_until(&end, 51, true);
	close_end(&end);
	finish();
}
END_TEST

START_TEST(readers_are_limited)
{
	const struct streams_options options = {.max_readers = 2};
	struct streams_figures figures;
	struct end ends[3];
	struct hr_error err = {0};

	start(&options);
	open_end(&ends[0], 0, "");
	open_end(&ends[1], 0, "");
	must_fail(add_to(&ends[2], 0, "", NULL, &err), HR_CAPACITY,
		  "there are 2 readers of the event stream already, as many as there may be; close "
		  "one, or try again later");
	ck_assert_int_eq(err.retry_after_ms, 10000);
	close_end(&ends[0]);
	open_end(&ends[0], 0, "");
	streams_figures(streams, &figures);
	ck_assert_uint_eq(figures.refused, 1);
	close_end(&ends[0]);
	close_end(&ends[1]);
	finish();
}
END_TEST

static int insert_token(struct tx *tx, void *arg, struct hr_error *err)
{
	struct api_token token = {.name = "reader", .role = ROLE_VIEWER, .expires_ms = MS_NEVER};

	text_copy(token.id, ID_SIZE, POOL_A);
	return token_insert(tx, &token, arg, err);
}

static int revoke_token(struct tx *tx, void *arg, struct hr_error *err)
{
	(void)arg;
	return token_revoke(tx, "reader", 5, err);
}

static void await_end(struct end *end)
{
	int64_t limit = clock_now().mono_ms + WAIT_MS;

	while (!end->ended) {
		if (!read_some(end, 512))
			pause_shortly();
		ck_assert_int_lt(clock_now().mono_ms, limit);
	}
}

START_TEST(ends_with_its_token_or_its_peer)
{
	const struct streams_options options = {.token_ms = 50, .keep_alive_ms = 50};
	uint8_t hash[32] = {1, 2, 3};
	struct hr_error err = {0};
	struct end by_token, other;

	start(&options);
	must(store_write(store, insert_token, hash, &err));
	must(add_to(&by_token, 0, "", hash, &err));
	open_end(&other, 0, "");
	await_text(&by_token, ": keep-alive\nid: 0\n");
	must(store_write(store, revoke_token, NULL, &err));
	await_end(&by_token);
	ck_assert_ptr_nonnull(strstr(by_token.text, ": the access token was revoked"));
	ck_assert(!read_some(&other, 512) || !other.ended);
	atomic_store(&other.gone, true);
	await_end(&other);
	close_end(&by_token);
	close_end(&other);
	finish();
}
END_TEST

START_TEST(the_stop_wakes_and_ends_all)
{
	struct hr_error err = {0};
	struct end asleep, more;

	start(NULL);
	open_end(&asleep, 0, "");
	while (read_some(&asleep, 512))
		;
	ck_assert(!asleep.ended);
	ck_assert_int_eq(atomic_load(&asleep.suspended), 1);
	streams_stop(streams);
	ck_assert_int_eq(atomic_load(&asleep.resumed), 1);
	await_end(&asleep);
	ck_assert_ptr_nonnull(strstr(asleep.text, ": the daemon stops\n\n"));
	must_fail(add_to(&more, 0, "", NULL, &err), HR_TRANSIENT,
		  "the daemon is stopping; try again when it runs");
	close_end(&asleep);
	finish();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("streams");
	TCase *tcase = tcase_create("streams");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, each_once_over_the_seam);
	tcase_add_test(tcase, a_filter_holds_before_and_after_the_seam);
	tcase_add_test(tcase, who_takes_nothing_has_lost);
	tcase_add_test(tcase, what_is_kept_no_more_is_told);
	tcase_add_test(tcase, readers_are_limited);
	tcase_add_test(tcase, ends_with_its_token_or_its_peer);
	tcase_add_test(tcase, the_stop_wakes_and_ends_all);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
