/* SPDX-License-Identifier: Apache-2.0 */
/* What calls do once their fate lets them. */
#include "cloud.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cloud_fate.h"
#include "cloud_store.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz0123456789-"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"

const char *const cloud_zones[] = {"north-1", "north-2", "south-1", NULL};
const char *const cloud_sizes[] = {"small", "large", NULL};
const char *const cloud_images[] = {"debian-12", "windows-2022", NULL};

#define ZONES (sizeof(cloud_zones) / sizeof(cloud_zones[0]) - 1)

const char *cloud_code_name(enum cloud_code code)
{
	static const char *const names[] = {"OK",
					    "InvalidKey",
					    "InvalidRequest",
					    "NotFound",
					    "OtherServer",
					    "TokenReused",
					    "QuotaExceeded",
					    "InsufficientCapacity",
					    "Throttled",
					    "Busy",
					    "ServiceUnavailable",
					    "InternalError",
					    "GatewayTimeout"};

	return names[code];
}

const char *cloud_state_name(enum cloud_state state)
{
	static const char *const names[] = {"pending", "booting",  "running", "stopped",
					    "error",   "deleting", "gone"};

	return names[state];
}

void cloud_answer_clear(struct cloud_answer *answer)
{
	free(answer->machines);
	answer->machines = NULL;
	answer->n_machines = 0;
}

static int begin(struct cloud_work *work, struct cloud_answer *ret, struct hr_error *err)
{
	*ret = (struct cloud_answer){0};
	work->answer = ret;
	return cloud_begin(work->cloud, err);
}

/* Books the call. */
static int end(struct cloud_work *work, const char *token, const char *server, struct hr_error *err)
{
	struct cloud_answer *answer = work->answer;
	const char *kind = work->kind == KIND_CREATE ? "create" : "destroy";

	if (work->kind == KIND_CREATE || work->kind == KIND_DESTROY)
		cloud_run(work->cloud,
			  cloud_sql(work->cloud,
				    "INSERT INTO call VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
				    "iitttitti", work->cloud->requests, work->call->now_ms,
				    answer->account, kind, cloud_code_name(answer->code),
				    (int64_t)answer->delivery, token, server,
				    answer->n_machines ? answer->machines[0].row : 0));
	return cloud_end(work->cloud, err);
}

static bool bad_field(struct cloud_answer *answer, const char *field, const char *wanted)
{
	text_copy(answer->field, sizeof(answer->field), field);
	return cloud_refuse(answer, CLOUD_BAD_REQUEST, "%s must be %s", field, wanted);
}

static int64_t count_alive(struct cloud_work *work)
{
	return cloud_integer(work->cloud,
			     cloud_sql(work->cloud,
				       "SELECT count(*) FROM machine WHERE account = ?1"
				       " AND hidden_ms > ?2 AND ended_ms > ?2",
				       "ti", work->answer->account, work->call->now_ms),
			     0);
}

int cloud_check(struct cloud *cloud, const struct cloud_call *call, struct cloud_answer *ret,
		struct hr_error *err)
{
	struct cloud_work work = {.cloud = cloud, .call = call, .kind = KIND_CHECK};

	if (begin(&work, ret, err) != 0)
		return -1;
	if (cloud_fate_meet(&work)) {
		ret->quota = work.behaviour.settings[SET_QUOTA].low;
		ret->alive = count_alive(&work);
	}
	return end(&work, NULL, NULL, err);
}

/* ---- Create ---- */

static bool is_one_of(const char *const *texts, const char *text)
{
	for (size_t i = 0; text && texts[i]; i++)
		if (strcmp(texts[i], text) == 0)
			return true;
	return false;
}

static bool is_word(const char *text, const char *characters)
{
	size_t len = text ? strlen(text) : 0;

	return len > 0 && len < CLOUD_TEXT && strspn(text, characters) == len;
}

static bool check_order(struct cloud_answer *answer, const struct cloud_order *order)
{
	const struct {
		const char *field, *value, *characters;
		const char *const *choices;
		const char *wanted;
	} rows[] = {
		{"token", order->token, LOWER UPPER, NULL, "1 to 63 letters, digits, - or _"},
		{"name", order->name, LOWER, NULL, "1 to 63 of a-z, 0-9 and -"},
		{"zone", order->zone, NULL, cloud_zones, "a zone"},
		{"size", order->size, NULL, cloud_sizes, "a size"},
		{"image", order->image, NULL, cloud_images, "an image"},
		{"marks.installation", order->installation, LOWER, NULL, "a mark"},
		{"marks.config", order->config, LOWER, NULL, "a mark"},
		{"marks.server", order->server, LOWER, NULL, "a mark"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].choices ? !is_one_of(rows[i].choices, rows[i].value)
				    : !is_word(rows[i].value, rows[i].characters))
			return bad_field(answer, rows[i].field, rows[i].wanted);
	if (!order->user_data || strlen(order->user_data) > CLOUD_USER_DATA_MAX)
		return bad_field(answer, "user_data", "text of at most 64 KiB");
	return true;
}

/* The machine of a token that is known. */
static bool find_token(struct cloud_work *work, const struct cloud_order *o)
{
	struct cloud_machine *machine;
	bool equal;
	sqlite3_stmt *stmt =
		cloud_sql(work->cloud,
			  "SELECT " CLOUD_MACHINE_COLUMNS ", name = ?3 AND zone = ?4 AND size = ?5"
			  " AND image = ?6 AND installation = ?7 AND config = ?8 AND server = ?9"
			  " AND user_data = ?10 FROM machine WHERE account = ?1 AND token = ?2",
			  "tttttttttt", work->answer->account, o->token, o->name, o->zone, o->size,
			  o->image, o->installation, o->config, o->server, o->user_data);

	if (!cloud_row(work->cloud, stmt))
		return false;
	equal = sqlite3_column_int(stmt, 22) != 0;
	machine = equal ? cloud_machine_add(work->cloud, work->answer) : NULL;
	if (machine)
		cloud_machine_read(stmt, work->call->now_ms, machine);
	sqlite3_reset(stmt);
	if (!equal)
		cloud_refuse(work->answer, CLOUD_TOKEN_REUSED,
			     "this token made a machine with other parameters");
	return true;
}

static bool chance(struct cloud_work *work, enum cloud_setting_id id)
{
	int64_t permille = work->behaviour.settings[id].low;

	return permille > 0 && sim_chance(&work->cloud->random, permille);
}

static int64_t draw(struct cloud_work *work, enum cloud_setting_id id)
{
	return cloud_draw(&work->behaviour, id, &work->cloud->random);
}

/* A new one, or one that was another machine's and is free again. */
static void choose_id(struct cloud_work *work, struct cloud_machine *machine)
{
	sqlite3_stmt *stmt;

	text_format(machine->id, sizeof(machine->id), "m-%06llx", (long long)machine->row);
	if (!chance(work, SET_RECYCLE))
		return;
	stmt = cloud_sql(work->cloud,
			 "SELECT id FROM machine m WHERE account = ?1 AND hidden_ms <= ?2"
			 " AND NOT EXISTS (SELECT 1 FROM machine n WHERE n.account = m.account"
			 " AND n.id = m.id AND n.hidden_ms > ?2) ORDER BY hidden_ms DESC LIMIT 1",
			 "ti", work->answer->account, work->call->now_ms);
	if (!cloud_row(work->cloud, stmt))
		return;
	text_copy(machine->id, sizeof(machine->id), (const char *)sqlite3_column_text(stmt, 0));
	sqlite3_reset(stmt);
}

static void insert(struct cloud_work *work, const struct cloud_machine *m, const char *user_data)
{
	cloud_run(work->cloud,
		  cloud_sql(work->cloud,
			    "INSERT INTO machine VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
			    " ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, 0, 0, ?22)",
			    "itttttttttttiiiiiiiiit", m->row, m->account, m->id, m->token, m->name,
			    m->zone, m->size, m->image, m->installation, m->config, m->server,
			    m->address, m->asked_ms, m->made_ms, m->runs_ms, m->stops_ms,
			    m->delete_ms, m->ended_ms, m->shown_ms, m->hidden_ms, (int64_t)m->fails,
			    user_data));
}

static void make(struct cloud_work *work, const struct cloud_order *order)
{
	struct cloud_machine *m = cloud_machine_add(work->cloud, work->answer);
	int64_t now_ms = work->call->now_ms;

	if (!m)
		return;
	m->row = 1 + cloud_integer(work->cloud,
				   cloud_sql(work->cloud, "SELECT max(row) FROM machine", ""), 0);
	choose_id(work, m);
	text_copy(m->account, CLOUD_TEXT, work->answer->account);
	text_copy(m->token, CLOUD_TEXT, order->token);
	text_copy(m->name, CLOUD_TEXT, order->name);
	text_copy(m->zone, CLOUD_TEXT, order->zone);
	text_copy(m->size, CLOUD_TEXT, order->size);
	text_copy(m->image, CLOUD_TEXT, order->image);
	text_copy(m->installation, CLOUD_TEXT, order->installation);
	text_copy(m->config, CLOUD_TEXT, order->config);
	text_copy(m->server, CLOUD_TEXT, order->server);
	/* Nobody but this machine is there. */
	text_format(m->address, sizeof(m->address), "127.%lld.%lld.%lld",
		    (long long)(64 + (m->row >> 16) % 128), (long long)(m->row >> 8) % 256,
		    (long long)m->row % 256);
	m->asked_ms = now_ms;
	m->made_ms = now_ms + draw(work, SET_PENDING);
	m->runs_ms = m->made_ms + draw(work, SET_BOOT);
	m->fails = chance(work, SET_FAIL_LATE);
	m->stops_ms =
		chance(work, SET_STOPS) ? m->runs_ms + draw(work, SET_STOPS_AFTER) : CLOUD_NEVER;
	m->shown_ms = now_ms + draw(work, SET_LAG_NEW);
	m->delete_ms = m->ended_ms = m->hidden_ms = CLOUD_NEVER;
	m->state = m->made_ms > now_ms   ? CLOUD_PENDING
		   : m->fails            ? CLOUD_ERROR
		   : m->runs_ms > now_ms ? CLOUD_BOOTING
					 : CLOUD_RUNNING;
	insert(work, m, order->user_data);
	if (!m->fails)
		cloud_guest_plan(work->cloud, &work->behaviour, m, order->user_data);
}

int cloud_create(struct cloud *cloud, const struct cloud_call *call,
		 const struct cloud_order *order, struct cloud_answer *ret, struct hr_error *err)
{
	struct cloud_work work = {.cloud = cloud, .call = call, .kind = KIND_CREATE};

	if (begin(&work, ret, err) != 0)
		return -1;
	if (cloud_fate_meet(&work) && check_order(ret, order) && !find_token(&work, order)) {
		int64_t quota = work.behaviour.settings[SET_QUOTA].low;

		if (quota > 0 && count_alive(&work) >= quota)
			cloud_refuse(ret, CLOUD_QUOTA, "the quota of %lld machines is used up",
				     (long long)quota);
		else
			make(&work, order);
	}
	ret->queued =
		ret->n_machines > 0 &&
		call->now_ms < ret->machines[0].asked_ms + work.behaviour.settings[SET_QUEUED].low;
	return end(&work, order->token, order->server, err);
}

/* ---- Looks ---- */

/* How a look shows the machine; false: a list does not. */
static bool show(struct cloud_work *work, struct cloud_machine *m)
{
	int64_t now_ms = work->call->now_ms;

	if (m->state == CLOUD_GONE && now_ms < m->hidden_ms)
		m->state = CLOUD_RUNNING;
	else if (m->state == CLOUD_RUNNING && chance(work, SET_LIE))
		m->state = CLOUD_GONE;
	else if (m->state == CLOUD_STOPPED && chance(work, SET_LIE))
		m->state = CLOUD_RUNNING;
	return m->state != CLOUD_GONE;
}

int cloud_look(struct cloud *cloud, const struct cloud_call *call, const char *const *ids,
	       size_t n_ids, struct cloud_answer *ret, struct hr_error *err)
{
	struct cloud_work work = {.cloud = cloud, .call = call, .kind = KIND_LOOK};
	size_t n = 0;

	if (begin(&work, ret, err) != 0)
		return -1;
	if (cloud_fate_meet(&work)) {
		n = n_ids;
		if (n == 0 || n > CLOUD_LOOK_MAX) {
			bad_field(ret, "ids", "1 to 100 ids");
			n = 0;
		}
	}
	for (size_t i = 0; i < n; i++) {
		struct cloud_machine *machine;
		sqlite3_stmt *stmt = cloud_sql(cloud,
					       "SELECT " CLOUD_MACHINE_COLUMNS " FROM machine"
					       " WHERE account = ?1 AND id = ?2 AND shown_ms <= ?3"
					       " ORDER BY row DESC LIMIT 1",
					       "tti", ret->account, ids[i], call->now_ms);

		if (!cloud_row(cloud, stmt))
			continue;
		machine = cloud_machine_add(cloud, ret);
		if (machine)
			cloud_machine_read(stmt, call->now_ms, machine);
		sqlite3_reset(stmt);
		if (machine)
			show(&work, machine);
	}
	return end(&work, NULL, NULL, err);
}

static void list_page(struct cloud_work *work, const char *installation, const char *server,
		      int64_t page, int64_t limit)
{
	struct cloud_answer *answer = work->answer;
	int64_t n = 0, last = 0;
	struct cloud_machine *machine;
	sqlite3_stmt *stmt;

	if (chance(work, SET_PARTIAL))
		text_copy(answer->unread, sizeof(answer->unread),
			  cloud_zones[sim_below(&work->cloud->random, ZONES)]);
	/* The plus: by rows, in their order, not by the index. */
	stmt = cloud_sql(work->cloud,
			 "SELECT " CLOUD_MACHINE_COLUMNS " FROM machine WHERE +account = ?1"
			 " AND installation = ?2 AND (?3 IS NULL OR server = ?3) AND row > ?4"
			 " AND shown_ms <= ?5 AND +hidden_ms > ?5 AND zone <> ?6 ORDER BY row"
			 " LIMIT ?7",
			 "tttiiti", answer->account, installation, server, page, work->call->now_ms,
			 answer->unread, limit + 1);
	while (cloud_row(work->cloud, stmt)) {
		if (n++ == limit) {
			answer->next_page = last;
			continue;
		}
		machine = cloud_machine_add(work->cloud, answer);
		if (!machine)
			return;
		cloud_machine_read(stmt, work->call->now_ms, machine);
		last = machine->row;
		if (!show(work, machine))
			answer->n_machines--;
	}
}

int cloud_list(struct cloud *cloud, const struct cloud_call *call, const char *installation,
	       const char *server, int64_t page, int64_t limit, struct cloud_answer *ret,
	       struct hr_error *err)
{
	struct cloud_work work = {.cloud = cloud, .call = call, .kind = KIND_LIST};

	if (begin(&work, ret, err) != 0)
		return -1;
	if (!cloud_fate_meet(&work))
		return end(&work, NULL, NULL, err);
	if (!is_word(installation, LOWER))
		bad_field(ret, "installation", "a mark");
	else if (server && !is_word(server, LOWER))
		bad_field(ret, "server", "a mark");
	else if (limit < 1 || limit > CLOUD_PAGE_MAX)
		bad_field(ret, "limit", "1 to 1000");
	else if (page < 0)
		bad_field(ret, "page", "what the page before said");
	else
		list_page(&work, installation, server, page, limit);
	return end(&work, NULL, NULL, err);
}

/* ---- Destroy ---- */

static void destroy(struct cloud_work *work, const char *id, const char *server)
{
	struct cloud *cloud = work->cloud;
	struct cloud_machine *m = cloud_machine_add(cloud, work->answer);
	int64_t now_ms = work->call->now_ms;
	bool found = true;
	sqlite3_stmt *stmt = cloud_sql(cloud,
				       "SELECT " CLOUD_MACHINE_COLUMNS " FROM machine"
				       " WHERE account = ?1 AND id = ?2 ORDER BY row DESC LIMIT 1",
				       "tt", work->answer->account, id);

	if (!m)
		return;
	m->state = CLOUD_GONE;
	if (cloud_row(cloud, stmt)) {
		cloud_machine_read(stmt, now_ms, m);
		sqlite3_reset(stmt);
	}
	if (m->state == CLOUD_GONE)
		found = cloud_refuse(work->answer, CLOUD_NOT_FOUND, "there is no machine %.60s",
				     id);
	else if (server && strcmp(server, m->server) != 0)
		found = cloud_refuse(work->answer, CLOUD_OTHER_SERVER,
				     "machine %s is another server's", id);
	if (!found)
		work->answer->n_machines = 0;
	if (!found || m->state == CLOUD_DELETING)
		return;
	m->delete_ms = now_ms;
	m->ended_ms = now_ms + draw(work, SET_DELETING);
	m->hidden_ms = m->ended_ms + draw(work, SET_LAG_GONE);
	m->state = m->ended_ms > now_ms ? CLOUD_DELETING : CLOUD_GONE;
	cloud_run(cloud, cloud_sql(cloud,
				   "UPDATE machine SET delete_ms = ?2, ended_ms = ?3,"
				   " hidden_ms = ?4, busy_ended = busy WHERE row = ?1",
				   "iiii", m->row, m->delete_ms, m->ended_ms, m->hidden_ms));
	cloud_run(cloud, cloud_sql(cloud, "DELETE FROM visit WHERE machine = ?1", "i", m->row));
}

int cloud_destroy(struct cloud *cloud, const struct cloud_call *call, const char *id,
		  const char *server, struct cloud_answer *ret, struct hr_error *err)
{
	struct cloud_work work = {.cloud = cloud, .call = call, .kind = KIND_DESTROY};

	if (begin(&work, ret, err) != 0)
		return -1;
	if (cloud_fate_meet(&work))
		destroy(&work, id, server);
	return end(&work, NULL, server, err);
}
