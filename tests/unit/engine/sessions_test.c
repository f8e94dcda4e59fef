/* SPDX-License-Identifier: Apache-2.0 */
/* The broker on a real store: who gets which seat, who waits, who is refused and told why, and what
 * an end does to the server. */
#include "engine/sessions.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "pool_fixture.h"

static struct session request(struct tx *tx, const char *user)
{
	const struct session_wish wish = {.pool = "demo", .user = user, .kind = SESSION_DESKTOP};
	struct hr_error err = {0};
	struct session session;

	must(sessions_request(tx, &life, &wish, &session, &err));
	return session;
}

#define REUSABLE "{\"reusable\":true}"
#define THREE \
	"{\"reusable\":true,\"max_simultaneous_sessions_per_server\":3,\"max_simultaneous_users\":2}"

TRANSACTION_TEST(room_is_given_at_once)
{
	struct server server;
	struct session session;
	char told[768];

	put_pool(tx, "{\"keepalive_expiration\":600}", REUSABLE);
	server = add_running(tx, "demo-a");
	session = request(tx, "ana");
	ck_assert_int_eq(session.state, SESSION_ACTIVE);
	ck_assert_str_eq(session.server_id, server.id);
	ck_assert_int_eq(session.assigned_ms, NOW);
	ck_assert_int_eq(session.expires_ms, NOW + 600 * MS_PER_S);
	server = get_server(tx, server.id);
	ck_assert_int_eq(server.sessions, 1);
	ck_assert_int_eq(server.users, 1);
	ck_assert_int_eq(server.idle_since_ms, 0);
	ck_assert_int_eq(count_events(tx, "session.assigned", told), 1);
	ck_assert_ptr_nonnull(strstr(told, "session of ana on server demo-a-"));
}

TRANSACTION_TEST(without_room_it_waits)
{
	struct session ana, bob;
	struct session_progress progress;
	struct hr_error err = {0};

	put_pool(tx, "{\"queue_timeout\":60}", REUSABLE);
	add_running(tx, "demo-a");
	request(tx, "first");
	ana = request(tx, "ana");
	bob = request(tx, "bob");
	ck_assert_int_eq(ana.state, SESSION_QUEUED);
	ck_assert_str_eq(ana.reason, "waits for a server of pool demo");
	ck_assert_int_eq(ana.expires_ms, NOW + 60 * MS_PER_S);
	ck_assert_int_eq(get_session(tx, bob.id).state, SESSION_QUEUED);
	must(sessions_progress(tx, &bob, NOW, &progress, &err));
	ck_assert_int_eq(progress.position, 1);
	ck_assert_str_eq(progress.stage, "a server is being ordered");
	ck_assert_int_eq(progress.percent, -1);
	ck_assert_int_eq(progress.estimate_p50_ms, -1);
}

/* The server on its way that the planner promises is shown, with its stage. */
TRANSACTION_TEST(who_waits_sees_the_server)
{
	struct session_progress progress;
	struct hr_error err = {0};
	struct session session;
	struct server server;

	put_pool(tx, "{}", REUSABLE);
	server = add_booting(tx, "demo-a");
	text_copy(server.stage, sizeof(server.stage), "installing");
	server.percent = 40;
	must(server_update(tx, &server, &err));
	session = request(tx, "ana");
	ck_assert_int_eq(session.state, SESSION_QUEUED);
	must(sessions_progress(tx, &session, NOW, &progress, &err));
	ck_assert_int_eq(progress.position, 0);
	ck_assert_str_eq(progress.server_id, server.id);
	ck_assert_str_eq(progress.stage, "installing");
	ck_assert_int_eq(progress.percent, 40);
}

/* Ten servers of the config have come, after one to ten times so many seconds, and gone. */
static void note_ready_times(struct tx *tx, const char *config, int64_t seconds)
{
	struct hr_error err = {0};

	for (int i = 1; i <= 10; i++) {
		struct server server = add_booting(tx, config);

		life.now_ms = NOW + i * seconds * MS_PER_S;
		must(life_running(tx, &life, &server, "for the test", &err));
		must(life_destroy(tx, &life, &server, "for the test", &err));
		life.now_ms = NOW;
	}
}

TRANSACTION_TEST(estimate_comes_from_ready_times)
{
	struct session_progress progress;
	struct hr_error err = {0};
	struct session session;

	put_pool(tx, "{}", REUSABLE);
	note_ready_times(tx, "demo-a", 1);
	add_booting(tx, "demo-a");
	session = request(tx, "ana");
	must(sessions_progress(tx, &session, NOW + 2 * MS_PER_S, &progress, &err));
	ck_assert_int_eq(progress.estimate_p50_ms, 4 * MS_PER_S);
	ck_assert_int_eq(progress.estimate_p90_ms, 8 * MS_PER_S);
	/* Overdue: never below nothing. */
	must(sessions_progress(tx, &session, NOW + 60 * MS_PER_S, &progress, &err));
	ck_assert_int_eq(progress.estimate_p90_ms, 0);
}

/* Of the config that will make the server, and of no other. */
TRANSACTION_TEST(estimate_of_a_server_to_be_ordered)
{
	struct session_progress progress;
	struct hr_error err = {0};
	struct session session;

	put_pool(tx, "{}", REUSABLE);
	put_document(tx, DOCUMENT_AUTOSCALE_CONFIG, "demo-b",
		     "{\"reusable\":true,\"priority\":1000}");
	note_ready_times(tx, "demo-b", 100);
	note_ready_times(tx, "demo-a", 1);
	session = request(tx, "ana");
	must(sessions_progress(tx, &session, NOW, &progress, &err));
	ck_assert_str_eq(progress.server_id, "");
	ck_assert_str_eq(progress.stage, "a server is being ordered");
	ck_assert_int_eq(progress.estimate_p50_ms, 6 * MS_PER_S);
}

static void expect_refused(struct tx *tx, const struct session_wish *wish, const char *reason)
{
	struct hr_error err = {0};
	struct session session;
	char told[768];

	must(sessions_request(tx, &life, wish, &session, &err));
	session = get_session(tx, session.id);
	ck_assert_int_eq(session.state, SESSION_REFUSED);
	ck_assert_str_eq(session.reason, reason);
	ck_assert_int_eq(session.ended_ms, NOW);
	ck_assert_int_ge(count_events(tx, "session.refused", told), 1);
	ck_assert_ptr_nonnull(strstr(told, reason));
}

TRANSACTION_TEST(pool_that_refuses)
{
	const struct session_wish wish = {.pool = "demo", .user = "ana", .kind = SESSION_DESKTOP};

	put_pool(tx, "{\"on_no_room\":\"refuse\"}", REUSABLE);
	expect_refused(tx, &wish,
		       "pool demo has no room now, and refuses instead of queueing (on_no_room)");
}

TRANSACTION_TEST(who_could_never_be_served_is_refused)
{
	struct session_wish wish = {.pool = "demo", .user = "ana", .kind = SESSION_DESKTOP};

	put_document(tx, DOCUMENT_ZONE, "here", "{}");
	put_document(tx, DOCUMENT_ZONE, "alone", "{\"search_alternate_zones\":false}");
	put_document(tx, DOCUMENT_PROVIDER_CONFIG, "acct", "{}");
	put_document(tx, DOCUMENT_POOL, "demo", "{}");
	expect_refused(tx, &wish,
		       "pool demo cannot serve it: no autoscale config makes servers for it");
	put_document(tx, DOCUMENT_AUTOSCALE_CONFIG, "off", "{\"enabled\":false}");
	expect_refused(tx, &wish, "pool demo cannot serve it: its autoscale configs are disabled");
	put_document(tx, DOCUMENT_AUTOSCALE_CONFIG, "slow", "{\"aggressive_scaling\":false}");
	wish.kind = SESSION_REMOTEAPP;
	expect_refused(tx, &wish,
		       "pool demo cannot serve it: no config's connection type can serve this kind "
		       "(RemoteApp needs RDP)");
	wish.kind = SESSION_DESKTOP;
	wish.zone = "alone";
	expect_refused(tx, &wish,
		       "pool demo cannot serve it: no config is in the asked zone, which does "
		       "not search others");
	wish.zone = NULL;
	expect_refused(
		tx, &wish,
		"pool demo cannot serve it: there is no room, and no config may order servers for "
		"who waits (aggressive_scaling is off and minimum_available_sessions is 0)");
}

/* Without aggressive scaling: one on its way will do. */
TRANSACTION_TEST(waits_for_a_server_on_its_way)
{
	put_pool(tx, "{}", "{\"aggressive_scaling\":false}");
	add_booting(tx, "demo-a");
	ck_assert_int_eq(request(tx, "ana").state, SESSION_QUEUED);
}

TRANSACTION_TEST(a_minimum_orders_too)
{
	put_pool(tx, "{}", "{\"aggressive_scaling\":false,\"minimum_available_sessions\":1}");
	ck_assert_int_eq(request(tx, "ana").state, SESSION_QUEUED);
}

TRANSACTION_TEST(wishes_are_checked)
{
	struct session_wish wish = {.pool = "demo", .user = "", .kind = SESSION_DESKTOP};
	struct hr_error err = {0};
	struct session session;
	char user[200];

	put_pool(tx, "{}", REUSABLE);
	must_fail(sessions_request(tx, &life, &wish, &session, &err), HR_INVALID,
		  "a session needs the name of its user");
	ck_assert_str_eq(err.field, "user");
	wish.user = "a\nb";
	must_fail(sessions_request(tx, &life, &wish, &session, &err), HR_INVALID,
		  "the user's name must be at most 127 bytes of text without control characters");
	memset(user, 'x', sizeof(user));
	user[128] = '\0';
	wish.user = user;
	ck_assert_int_eq(sessions_request(tx, &life, &wish, &session, &err), -1);
	wish.user = "ana";
	wish.pool = "nowhere";
	must_fail(sessions_request(tx, &life, &wish, &session, &err), HR_NOT_FOUND,
		  "there is no pool \"nowhere\"");
	wish.pool = "demo";
	wish.zone = "mars";
	must_fail(sessions_request(tx, &life, &wish, &session, &err), HR_NOT_FOUND,
		  "there is no zone \"mars\"");
}

/* Even distribution: the third session goes to the empty server. */
TRANSACTION_TEST(sessions_are_spread)
{
	struct session first, second;

	put_pool(tx, "{}", THREE);
	add_running(tx, "demo-a");
	add_running(tx, "demo-a");
	first = request(tx, "ana");
	second = request(tx, "bob");
	ck_assert_str_ne(first.server_id, second.server_id);
}

TRANSACTION_TEST(sessions_are_packed)
{
	struct session first, second, third;

	put_pool(tx, "{\"strategy\":\"pack\"}", THREE);
	add_running(tx, "demo-a");
	add_running(tx, "demo-a");
	first = request(tx, "ana");
	second = request(tx, "bob");
	ck_assert_str_eq(first.server_id, second.server_id);
	/* Two users are the limit there. */
	third = request(tx, "eve");
	ck_assert_int_eq(third.state, SESSION_ACTIVE);
	ck_assert_str_ne(first.server_id, third.server_id);
	/* One who is there already needs no user's place. */
	third = request(tx, "bob");
	ck_assert_str_eq(first.server_id, third.server_id);
}

TRANSACTION_TEST(asked_zone_comes_first)
{
	struct session_wish wish = {.pool = "demo", .user = "ana", .zone = "there"};
	struct hr_error err = {0};
	struct session session;
	struct server far;
	char config[128];

	put_pool(tx, "{}", REUSABLE);
	put_document(tx, DOCUMENT_ZONE, "there", "{}");
	text_format(config, sizeof(config), "{\"reusable\":true,\"zone\":\"%s\"}",
		    document_id(tx, DOCUMENT_ZONE, "there"));
	put_document(tx, DOCUMENT_AUTOSCALE_CONFIG, "demo-b", config);
	add_running(tx, "demo-a");
	far = add_running(tx, "demo-b");
	wish.kind = SESSION_DESKTOP;
	must(sessions_request(tx, &life, &wish, &session, &err));
	ck_assert_str_eq(session.server_id, far.id);
	/* Full there: another zone will do. */
	must(sessions_request(tx, &life, &wish, &session, &err));
	ck_assert_int_eq(session.state, SESSION_ACTIVE);
}

/* RDP: one desktop of a user on a server. */
TRANSACTION_TEST(second_desktop_goes_elsewhere)
{
	struct session first, second;

	put_pool(tx, "{\"strategy\":\"pack\"}",
		 "{\"connection_type\":\"RDP\",\"reusable\":true,"
		 "\"max_simultaneous_sessions_per_server\":5,\"max_simultaneous_users\":5}");
	add_running(tx, "demo-a");
	add_running(tx, "demo-a");
	first = request(tx, "ana");
	second = request(tx, "ana");
	ck_assert_int_eq(second.state, SESSION_ACTIVE);
	ck_assert_str_ne(first.server_id, second.server_id);
	ck_assert_int_eq(request(tx, "ana").state, SESSION_QUEUED);
}

TRANSACTION_TEST(queue_is_seated_in_order)
{
	struct session ana, bob;
	struct hr_error err = {0};
	struct server server;

	put_pool(tx, "{}", REUSABLE);
	ana = request(tx, "ana");
	bob = request(tx, "bob");
	server = add_running(tx, "demo-a");
	must(sessions_seat_queue(tx, &life, server.pool_id, &err));
	ana = get_session(tx, ana.id);
	ck_assert_int_eq(ana.state, SESSION_ACTIVE);
	ck_assert_str_eq(ana.server_id, server.id);
	ck_assert_str_eq(ana.reason, "");
	ck_assert_int_eq(get_session(tx, bob.id).state, SESSION_QUEUED);
}

TRANSACTION_TEST(seat_that_does_not_fit)
{
	struct session waiting, active;
	struct hr_error err = {0};
	struct server server;

	put_pool(tx, "{}", REUSABLE);
	waiting = request(tx, "ana");
	server = add_booting(tx, "demo-a");
	must_fail(sessions_seat(tx, &life, &waiting, &server, "test", &err), HR_CONFLICT,
		  "server %s takes no session of this pool now", server.name);
	server = add_running(tx, "demo-a");
	active = request(tx, "bob");
	server = get_server(tx, server.id);
	must_fail(sessions_seat(tx, &life, &waiting, &server, "test", &err), HR_CONFLICT,
		  "server %s has no room for ana any more", server.name);
	must_fail(sessions_seat(tx, &life, &active, &server, "test", &err), HR_CONFLICT,
		  "session %s is active and waits for no seat", active.id);
}

TRANSACTION_TEST(end_leaves_a_reusable_server)
{
	struct hr_error err = {0};
	struct session session;
	struct server server;

	put_pool(tx, "{}", REUSABLE);
	add_running(tx, "demo-a");
	session = request(tx, "ana");
	must(sessions_end(tx, &life, &session, "the user left", &err));
	session = get_session(tx, session.id);
	ck_assert_int_eq(session.state, SESSION_ENDED);
	ck_assert_str_eq(session.reason, "the user left");
	server = get_server(tx, session.server_id);
	ck_assert_int_eq(server.state, SERVER_RUNNING);
	ck_assert_int_eq(server.sessions, 0);
	ck_assert_int_eq(server.idle_since_ms, NOW);
	/* Once more changes nothing. */
	must(sessions_end(tx, &life, &session, "again", &err));
	ck_assert_str_eq(get_session(tx, session.id).reason, "the user left");
	ck_assert_int_eq(count_events(tx, "session.ended", NULL), 1);
}

TRANSACTION_TEST(end_of_a_waiting_one)
{
	struct hr_error err = {0};
	struct session session;

	put_pool(tx, "{}", REUSABLE);
	session = request(tx, "ana");
	must(sessions_end(tx, &life, &session, "cancelled", &err));
	ck_assert_int_eq(get_session(tx, session.id).state, SESSION_ENDED);
}

/* Used once: goes with its last session, and takes no new user after the first has left. */
TRANSACTION_TEST(single_use_server_goes)
{
	struct session first, second;
	struct hr_error err = {0};

	put_pool(tx, "{\"strategy\":\"pack\"}",
		 "{\"max_simultaneous_sessions_per_server\":3,\"max_simultaneous_users\":3}");
	add_running(tx, "demo-a");
	first = request(tx, "ana");
	second = request(tx, "bob");
	must(sessions_end(tx, &life, &first, "left", &err));
	ck_assert_int_eq(get_server(tx, first.server_id).state, SERVER_RUNNING);
	ck_assert_int_eq(request(tx, "eve").state, SESSION_QUEUED);
	must(sessions_end(tx, &life, &second, "left", &err));
	ck_assert_int_eq(get_server(tx, first.server_id).state, SERVER_DESTROYING);
}

TRANSACTION_TEST(drained_server_goes_when_empty)
{
	struct hr_error err = {0};
	struct session session;
	struct server server;

	put_pool(tx, "{}", REUSABLE);
	add_running(tx, "demo-a");
	session = request(tx, "ana");
	server = get_server(tx, session.server_id);
	must(life_drain(tx, &life, &server, false, "for the test", &err));
	ck_assert_int_eq(server.state, SERVER_DRAINING);
	must(sessions_end(tx, &life, &session, "left", &err));
	ck_assert_int_eq(get_server(tx, server.id).state, SERVER_DESTROYING);
}

TRANSACTION_TEST(keepalive_extends)
{
	struct session active, waiting;
	struct hr_error err = {0};

	put_pool(tx, "{\"keepalive_expiration\":600}", REUSABLE);
	add_running(tx, "demo-a");
	active = request(tx, "ana");
	waiting = request(tx, "bob");
	life.now_ms = NOW + 1000;
	must(sessions_keepalive(tx, &life, &active, &err));
	ck_assert_int_eq(get_session(tx, active.id).expires_ms, NOW + 1000 + 600 * MS_PER_S);
	must_fail(sessions_keepalive(tx, &life, &waiting, &err), HR_CONFLICT,
		  "session %s is queued; only an active session can be kept alive", waiting.id);
	life.now_ms = NOW;
}

TRANSACTION_TEST(keepalive_may_be_off)
{
	put_pool(tx, "{\"keepalive_expiration\":0}", REUSABLE);
	add_running(tx, "demo-a");
	ck_assert_int_eq(request(tx, "ana").expires_ms, MS_NEVER);
}

static void count_pool(void *arg, const char *pool_id)
{
	ck_assert_str_ne(pool_id, "");
	++*(int *)arg;
}

TRANSACTION_TEST(expiry_ends_and_refuses)
{
	struct session active, waiting;
	struct hr_error err = {0};
	int touched = 0;

	put_pool(tx, "{\"keepalive_expiration\":600,\"queue_timeout\":60}", REUSABLE);
	add_running(tx, "demo-a");
	active = request(tx, "ana");
	waiting = request(tx, "bob");
	life.now_ms = NOW + 60 * MS_PER_S - 1;
	must(sessions_expire(tx, &life, 100, count_pool, &touched, &err));
	ck_assert_int_eq(touched, 0);
	life.now_ms++;
	must(sessions_expire(tx, &life, 100, count_pool, &touched, &err));
	ck_assert_int_eq(touched, 1);
	waiting = get_session(tx, waiting.id);
	ck_assert_int_eq(waiting.state, SESSION_REFUSED);
	ck_assert_str_eq(waiting.reason,
			 "no server had room within the pool's queue_timeout of 60 s");
	life.now_ms = NOW + 600 * MS_PER_S;
	must(sessions_expire(tx, &life, 100, count_pool, &touched, &err));
	ck_assert_int_eq(touched, 2);
	active = get_session(tx, active.id);
	ck_assert_int_eq(active.state, SESSION_ENDED);
	ck_assert_str_eq(active.reason,
			 "no keepalive within the pool's keepalive_expiration of 600 s");
	life.now_ms = NOW;
}

/* ---- Whose seat falls free goes to who waited, before anybody who asks later. ---- */

TRANSACTION_TEST(a_freed_seat_goes_to_who_waits)
{
	struct session ana, bob, cem;
	struct hr_error err = {0};

	put_pool(tx, "{}", REUSABLE);
	add_running(tx, "demo-a");
	ana = request(tx, "ana");
	bob = request(tx, "bob");
	cem = request(tx, "cem");
	must(sessions_end(tx, &life, &ana, "left", &err));
	bob = get_session(tx, bob.id);
	ck_assert_int_eq(bob.state, SESSION_ACTIVE);
	ck_assert_str_eq(bob.server_id, ana.server_id);
	ck_assert_int_eq(get_session(tx, cem.id).state, SESSION_QUEUED);
	ck_assert_int_eq(request(tx, "dora").state, SESSION_QUEUED);
	/* Only its own end frees it again. */
	must(sessions_end(tx, &life, &cem, "no more patience", &err));
	ck_assert_int_eq(get_session(tx, bob.id).state, SESSION_ACTIVE);
	ck_assert_int_eq(get_server(tx, bob.server_id).sessions, 1);
}

/* A server that is used once has no seat for another user, only for one who is still on it. */
TRANSACTION_TEST(a_freed_seat_of_single_use_is_for_who_is_there)
{
	struct session ana, bob, eve, bob_again;
	struct hr_error err = {0};

	put_pool(tx, "{}",
		 "{\"max_simultaneous_sessions_per_server\":2,\"max_simultaneous_users\":2}");
	add_running(tx, "demo-a");
	ana = request(tx, "ana");
	bob = request(tx, "bob");
	eve = request(tx, "eve");
	bob_again = request(tx, "bob");
	ck_assert_int_eq(bob_again.state, SESSION_QUEUED);
	must(sessions_end(tx, &life, &ana, "left", &err));
	ck_assert_int_eq(get_session(tx, eve.id).state, SESSION_QUEUED);
	bob_again = get_session(tx, bob_again.id);
	ck_assert_int_eq(bob_again.state, SESSION_ACTIVE);
	ck_assert_str_eq(bob_again.server_id, bob.server_id);
	must(sessions_end(tx, &life, &bob, "left", &err));
	must(sessions_end(tx, &life, &bob_again, "left", &err));
	ck_assert_int_eq(get_server(tx, ana.server_id).state, SERVER_DESTROYING);
	ck_assert_int_eq(get_session(tx, eve.id).state, SESSION_QUEUED);
}

TRANSACTION_TEST(a_freed_seat_is_not_for_a_second_desktop)
{
	struct session ana, bob, bob_again, cem;
	struct hr_error err = {0};

	put_pool(tx, "{}",
		 "{\"connection_type\":\"RDP\",\"reusable\":true,"
		 "\"max_simultaneous_sessions_per_server\":2,\"max_simultaneous_users\":2}");
	add_running(tx, "demo-a");
	ana = request(tx, "ana");
	bob = request(tx, "bob");
	bob_again = request(tx, "bob");
	cem = request(tx, "cem");
	must(sessions_end(tx, &life, &ana, "left", &err));
	ck_assert_int_eq(get_session(tx, bob.id).state, SESSION_ACTIVE);
	ck_assert_int_eq(get_session(tx, bob_again.id).state, SESSION_QUEUED);
	ck_assert_int_eq(get_session(tx, cem.id).state, SESSION_ACTIVE);
}

TRANSACTION_TEST(a_draining_server_seats_nobody)
{
	struct session ana, bob, cem;
	struct hr_error err = {0};
	struct server server;

	put_pool(tx, "{}", THREE);
	add_running(tx, "demo-a");
	ana = request(tx, "ana");
	bob = request(tx, "bob");
	cem = request(tx, "cem");
	ck_assert_int_eq(cem.state, SESSION_QUEUED);
	server = get_server(tx, ana.server_id);
	must(life_drain(tx, &life, &server, false, "for the test", &err));
	must(sessions_end(tx, &life, &ana, "left", &err));
	must(sessions_end(tx, &life, &bob, "left", &err));
	ck_assert_int_eq(get_session(tx, cem.id).state, SESSION_QUEUED);
	ck_assert_int_eq(get_server(tx, server.id).state, SERVER_DESTROYING);
}

static void touch_nothing(void *arg, const char *pool_id)
{
	(void)arg;
	(void)pool_id;
}

/* One expires, the other gets its seat, although its own time is up at the same moment. */
TRANSACTION_TEST(an_expired_seat_goes_to_who_waits)
{
	struct hr_error err = {0};
	struct session ana, bob;

	put_pool(tx, "{\"keepalive_expiration\":60,\"queue_timeout\":60}", REUSABLE);
	add_running(tx, "demo-a");
	ana = request(tx, "ana");
	bob = request(tx, "bob");
	life.now_ms = NOW + 60 * MS_PER_S;
	must(sessions_expire(tx, &life, 100, touch_nothing, NULL, &err));
	ck_assert_int_eq(get_session(tx, ana.id).state, SESSION_ENDED);
	bob = get_session(tx, bob.id);
	ck_assert_int_eq(bob.state, SESSION_ACTIVE);
	ck_assert_int_eq(bob.expires_ms, NOW + 120 * MS_PER_S);
	ck_assert_int_eq(get_server(tx, bob.server_id).sessions, 1);
	ck_assert_int_eq(count_events(tx, "session.refused", NULL), 0);
	life.now_ms = NOW;
}

TRANSACTION_TEST(only_waiting_ones_can_be_refused)
{
	struct hr_error err = {0};
	struct session session;

	put_pool(tx, "{}", REUSABLE);
	add_running(tx, "demo-a");
	session = request(tx, "ana");
	must_fail(sessions_refuse(tx, &life, &session, "no", &err), HR_CONFLICT,
		  "session %s is active; only a waiting one can be refused", session.id);
}

int main(void)
{
	const TTest *const tests[] = {
		room_is_given_at_once,
		without_room_it_waits,
		who_waits_sees_the_server,
		estimate_comes_from_ready_times,
		estimate_of_a_server_to_be_ordered,
		pool_that_refuses,
		who_could_never_be_served_is_refused,
		waits_for_a_server_on_its_way,
		a_minimum_orders_too,
		wishes_are_checked,
		sessions_are_spread,
		sessions_are_packed,
		asked_zone_comes_first,
		second_desktop_goes_elsewhere,
		queue_is_seated_in_order,
		seat_that_does_not_fit,
		end_leaves_a_reusable_server,
		end_of_a_waiting_one,
		single_use_server_goes,
		drained_server_goes_when_empty,
		keepalive_extends,
		keepalive_may_be_off,
		expiry_ends_and_refuses,
		a_freed_seat_goes_to_who_waits,
		a_freed_seat_of_single_use_is_for_who_is_there,
		a_freed_seat_is_not_for_a_second_desktop,
		a_draining_server_seats_nobody,
		an_expired_seat_goes_to_who_waits,
		only_waiting_ones_can_be_refused,
	};

	return run_tests("sessions", tests, sizeof(tests) / sizeof(tests[0]), store_setup,
			 store_teardown);
}
