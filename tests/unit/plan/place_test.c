/* SPDX-License-Identifier: Apache-2.0 */
/* Placing a session: each rule as rows of a table. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plan/plan.h"

#define DESKTOP SESSION_DESKTOP
#define APP SESSION_REMOTEAPP

/* One candidate, in few words: who is on it as "ana" (desktop) or "ana:app", separated by blanks. */
struct candidate {
	const char *id;
	const char *zone;
	enum connection_type type;
	int64_t max_sessions;
	int64_t max_users;
	const char *on_it;
	int64_t idle_since_ms;
	bool disabled;
	bool no_new_user; /* for single use, and one has ended */
};

struct row {
	const char *rule;
	const char *zone;
	enum session_kind kind;
	bool alternate;
	enum pool_strategy strategy;
	struct candidate candidates[4];
	const char *expected; /* id, or NULL */
};

static const struct row rows[] = {
	{"a free server takes anybody",
	 "",
	 DESKTOP,
	 false,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_SSH, 1, 1, "", 5, false, false}},
	 "a"},
	{"no candidates", "", DESKTOP, true, STRATEGY_SPREAD, {{0}}, NULL},
	{"a full one takes nobody",
	 "",
	 DESKTOP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_SSH, 1, 1, "bob", 0, false, false}},
	 NULL},
	{"a disabled one takes nobody",
	 "",
	 DESKTOP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_SSH, 1, 1, "", 5, true, false}},
	 NULL},

	{"a RemoteApp needs RDP: SSH",
	 "",
	 APP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_SSH, 4, 4, "", 5, false, false}},
	 NULL},
	{"a RemoteApp needs RDP: VNC",
	 "",
	 APP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_VNC, 1, 1, "", 5, false, false}},
	 NULL},
	{"a RemoteApp needs RDP: KasmVNC",
	 "",
	 APP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_KASMVNC, 1, 1, "", 5, false, false}},
	 NULL},
	{"a RemoteApp needs RDP: RDP",
	 "",
	 APP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_SSH, 4, 4, "", 5, false, false},
	  {"b", "z1", CONNECTION_RDP, 4, 4, "", 5, false, false}},
	 "b"},
	{"VNC serves one session whatever was entered",
	 "",
	 DESKTOP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_VNC, 4, 4, "bob", 0, false, false}},
	 NULL},
	{"KasmVNC likewise",
	 "",
	 DESKTOP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_KASMVNC, 4, 4, "bob", 0, false, false}},
	 NULL},

	{"the asked zone before others",
	 "z2",
	 DESKTOP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_SSH, 4, 4, "", 5, false, false},
	  {"b", "z2", CONNECTION_SSH, 4, 4, "bob cleo", 0, false, false}},
	 "b"},
	{"another zone where the asked one has none",
	 "z2",
	 DESKTOP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_SSH, 4, 4, "", 5, false, false},
	  {"b", "z2", CONNECTION_SSH, 1, 1, "bob", 0, false, false}},
	 "a"},
	{"no other zone where it is not to be searched",
	 "z2",
	 DESKTOP,
	 false,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_SSH, 4, 4, "", 5, false, false}},
	 NULL},
	{"any zone",
	 "",
	 DESKTOP,
	 false,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_SSH, 4, 4, "bob", 0, false, false},
	  {"b", "z2", CONNECTION_SSH, 4, 4, "", 5, false, false}},
	 "b"},

	{"a new user needs a user's slot",
	 "",
	 DESKTOP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_SSH, 4, 1, "bob", 0, false, false}},
	 NULL},
	{"who is there already needs none",
	 "",
	 DESKTOP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_SSH, 4, 1, "ana", 0, false, false}},
	 "a"},
	{"but a session's slot",
	 "",
	 DESKTOP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_SSH, 2, 2, "ana ana", 0, false, false}},
	 NULL},
	{"after single use no new user",
	 "",
	 DESKTOP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_SSH, 4, 4, "bob", 0, false, true}},
	 NULL},
	{"after single use still who is there",
	 "",
	 DESKTOP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_SSH, 4, 4, "ana", 0, false, true}},
	 "a"},

	{"RDP: one desktop per user and server",
	 "",
	 DESKTOP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_RDP, 4, 4, "ana", 0, false, false}},
	 NULL},
	{"RDP: so the next desktop goes elsewhere",
	 "",
	 DESKTOP,
	 true,
	 STRATEGY_PACK,
	 {{"a", "z1", CONNECTION_RDP, 4, 4, "ana bob", 0, false, false},
	  {"b", "z1", CONNECTION_RDP, 4, 4, "", 5, false, false}},
	 "b"},
	{"RDP: a desktop beside one's own RemoteApp",
	 "",
	 DESKTOP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_RDP, 4, 1, "ana:app", 0, false, false}},
	 "a"},
	{"SSH: sessions of one user may share",
	 "",
	 DESKTOP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_SSH, 4, 4, "ana", 0, false, false}},
	 "a"},
	{"a RemoteApp goes to its user's desktop",
	 "",
	 APP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_RDP, 4, 4, "", 5, false, false},
	  {"b", "z1", CONNECTION_RDP, 4, 4, "ana bob cleo", 0, false, false}},
	 "b"},
	{"a RemoteApp goes to its user's RemoteApp",
	 "",
	 APP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_RDP, 4, 4, "", 5, false, false},
	  {"b", "z1", CONNECTION_RDP, 4, 4, "ana:app", 0, false, false}},
	 "b"},
	{"but the zone comes first",
	 "z1",
	 APP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_RDP, 4, 4, "", 5, false, false},
	  {"b", "z2", CONNECTION_RDP, 4, 4, "ana:app", 0, false, false}},
	 "a"},
	{"a desktop does not look for its user",
	 "",
	 DESKTOP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_SSH, 4, 4, "ana", 0, false, false},
	  {"b", "z1", CONNECTION_SSH, 4, 4, "", 5, false, false}},
	 "b"},

	{"spread: fewest sessions",
	 "",
	 DESKTOP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_SSH, 9, 9, "bob cleo", 0, false, false},
	  {"b", "z1", CONNECTION_SSH, 9, 9, "bob", 0, false, false},
	  {"c", "z1", CONNECTION_SSH, 9, 9, "bob cleo dan", 0, false, false}},
	 "b"},
	{"pack: most sessions",
	 "",
	 DESKTOP,
	 true,
	 STRATEGY_PACK,
	 {{"a", "z1", CONNECTION_SSH, 9, 9, "bob cleo", 0, false, false},
	  {"b", "z1", CONNECTION_SSH, 9, 9, "bob", 0, false, false},
	  {"c", "z1", CONNECTION_SSH, 9, 9, "bob cleo dan", 0, false, false}},
	 "c"},
	{"pack: but not the full one",
	 "",
	 DESKTOP,
	 true,
	 STRATEGY_PACK,
	 {{"a", "z1", CONNECTION_SSH, 9, 9, "bob cleo", 0, false, false},
	  {"c", "z1", CONNECTION_SSH, 3, 3, "bob cleo dan", 0, false, false}},
	 "a"},
	{"ties: the longest idle",
	 "",
	 DESKTOP,
	 true,
	 STRATEGY_SPREAD,
	 {{"a", "z1", CONNECTION_SSH, 1, 1, "", 9, false, false},
	  {"b", "z1", CONNECTION_SSH, 1, 1, "", 3, false, false}},
	 "b"},
	{"ties: then the id",
	 "",
	 DESKTOP,
	 true,
	 STRATEGY_PACK,
	 {{"b", "z1", CONNECTION_SSH, 1, 1, "", 3, false, false},
	  {"a", "z1", CONNECTION_SSH, 1, 1, "", 3, false, false}},
	 "a"},
};

/* The words of on_it as seats, whose users stay in the buffer. Gives how many users there are. */
static int64_t read_seats(char *words, struct plan_seat *seats, size_t *ret_n)
{
	char *rest = words, *word;
	int64_t users = 0;

	*ret_n = 0;
	while ((word = strsep(&rest, " "))) {
		char *app = strstr(word, ":app");
		bool known = false;

		if (!word[0])
			continue;
		if (app)
			*app = '\0';
		for (size_t i = 0; i < *ret_n; i++)
			known = known || strcmp(seats[i].user, word) == 0;
		users += !known;
		seats[(*ret_n)++] = (struct plan_seat){.user = word, .kind = app ? APP : DESKTOP};
	}
	return users;
}

START_TEST(rule)
{
	const struct row *row = &rows[_i];
	struct plan_server servers[4];
	struct plan_seat seats[4][8];
	char words[4][64];
	struct place_request request = {.user = "ana",
					.kind = row->kind,
					.zone_id = row->zone,
					.search_alternate = row->alternate,
					.strategy = row->strategy};
	size_t n = 0;
	long best;

	memset(servers, 0, sizeof(servers));
	for (; n < 4 && row->candidates[n].id; n++) {
		const struct candidate *from = &row->candidates[n];
		struct plan_server *server = &servers[n];
		int64_t users;

		text_copy(words[n], sizeof(words[n]), from->on_it);
		users = read_seats(words[n], seats[n], &server->n_seats);
		text_copy(server->id, sizeof(server->id), from->id);
		text_copy(server->zone_id, sizeof(server->zone_id), from->zone);
		server->state = SERVER_RUNNING;
		server->enabled = !from->disabled;
		server->connection_type = from->type;
		server->max_sessions = from->max_sessions;
		server->max_users = from->max_users;
		server->free_sessions = from->max_sessions - (int64_t)server->n_seats;
		server->free_users = from->no_new_user ? 0 : from->max_users - users;
		server->idle_since_ms = from->idle_since_ms;
		server->seats = seats[n];
	}
	best = place(&request, servers, n);
	if (row->expected) {
		ck_assert_msg(best >= 0, "%s: nobody was chosen", row->rule);
		ck_assert_msg(strcmp(servers[best].id, row->expected) == 0, "%s: %s", row->rule,
			      servers[best].id);
		ck_assert(place_fits(&request, &servers[best]));
	} else {
		ck_assert_msg(best == -1, "%s: %s was chosen", row->rule,
			      best >= 0 ? servers[best].id : "");
	}
}
END_TEST

START_TEST(kinds)
{
	ck_assert(place_can_serve(CONNECTION_RDP, APP));
	ck_assert(!place_can_serve(CONNECTION_SSH, APP));
	ck_assert(!place_can_serve(CONNECTION_VNC, APP));
	ck_assert(!place_can_serve(CONNECTION_KASMVNC, APP));
	ck_assert(place_can_serve(CONNECTION_SSH, DESKTOP));
	ck_assert(place_can_serve(CONNECTION_RDP, DESKTOP));
	ck_assert(place_can_serve(CONNECTION_VNC, DESKTOP));
	ck_assert(place_can_serve(CONNECTION_KASMVNC, DESKTOP));
}
END_TEST

START_TEST(no_zone_is_any_zone)
{
	struct plan_server server = {.enabled = true,
				     .zone_id = "z1",
				     .connection_type = CONNECTION_SSH,
				     .free_sessions = 1,
				     .free_users = 1};
	struct place_request request = {.user = "ana", .kind = DESKTOP};

	ck_assert_int_eq(place(&request, &server, 1), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("place");
	TCase *cases = tcase_create("rules");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(cases, rule, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(cases, kinds);
	tcase_add_test(cases, no_zone_is_any_zone);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
