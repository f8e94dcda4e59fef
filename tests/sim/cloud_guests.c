/* SPDX-License-Identifier: Apache-2.0 */
/* When the machines' startup scripts check in, and with what. Visits are rows with a due time, so
 * that they outlive the program. Not here: who makes the calls (cloud_checkin.c). */
#include <string.h>

#include "base/text.h"
#include "cloud_settings.h"
#include "cloud_store.h"

#define URL_MARK "headroom-sim: checkin_url="
#define TAKEN_MS 30000
#define RETRY_MS 1000
#define PATIENCE_MS 300000

static bool chance(struct cloud *cloud, const struct cloud_behaviour *b, enum cloud_setting_id id)
{
	return b->settings[id].low > 0 && sim_chance(&cloud->random, b->settings[id].low);
}

static void plan(struct cloud *cloud, int64_t machine, int64_t due_ms, const char *status)
{
	cloud_run(cloud, cloud_sql(cloud, "INSERT INTO visit VALUES (NULL, ?1, ?2, ?3, ?4)", "iiit",
				   machine, due_ms, due_ms + PATIENCE_MS, status));
}

void cloud_guest_plan(struct cloud *cloud, const struct cloud_behaviour *b,
		      const struct cloud_machine *m, const char *user_data)
{
	int64_t due_ms = m->runs_ms + cloud_draw(b, SET_CHECKIN, &cloud->random);

	if (!strstr(user_data, URL_MARK) || chance(cloud, b, SET_CHECKIN_NEVER))
		return;
	if (chance(cloud, b, SET_CHECKIN_FAILED)) {
		plan(cloud, m->row, due_ms, "failed");
		return;
	}
	if (chance(cloud, b, SET_CHECKIN_LATE))
		due_ms = m->runs_ms + cloud_draw(b, SET_CHECKIN_LATE_AFTER, &cloud->random);
	plan(cloud, m->row, due_ms, "running");
	if (chance(cloud, b, SET_CHECKIN_TWICE))
		plan(cloud, m->row, due_ms + 1000, "running");
}

int cloud_visits_take(struct cloud *cloud, int64_t now_ms, struct cloud_visit *ret, size_t max,
		      size_t *ret_n, struct hr_error *err)
{
	sqlite3_stmt *stmt;
	size_t n = 0;

	*ret_n = 0;
	if (cloud_begin(cloud, err) != 0)
		return -1;
	stmt = cloud_sql(cloud,
			 "SELECT v.row, v.status, m.user_data FROM visit v JOIN machine m"
			 " ON m.row = v.machine WHERE v.due_ms <= ?1 AND m.stops_ms > ?1"
			 " ORDER BY v.due_ms LIMIT ?2",
			 "ii", now_ms, (int64_t)max);
	while (cloud_row(cloud, stmt)) {
		const char *url = strstr((const char *)sqlite3_column_text(stmt, 2), URL_MARK) +
				  sizeof(URL_MARK) - 1;

		ret[n].row = sqlite3_column_int64(stmt, 0);
		text_copy(ret[n].status, sizeof(ret[n].status),
			  (const char *)sqlite3_column_text(stmt, 1));
		text_format(ret[n].url, sizeof(ret[n].url), "%.*s", (int)strcspn(url, " \t\r\n"),
			    url);
		n++;
	}
	for (size_t i = 0; i < n; i++)
		cloud_run(cloud, cloud_sql(cloud, "UPDATE visit SET due_ms = ?2 WHERE row = ?1",
					   "ii", ret[i].row, now_ms + TAKEN_MS));
	if (cloud_end(cloud, err) != 0)
		return -1;
	*ret_n = n;
	return 0;
}

int cloud_visits_next(struct cloud *cloud, int64_t now_ms, int64_t *ret_due_ms,
		      struct hr_error *err)
{
	if (cloud_begin(cloud, err) != 0)
		return -1;
	*ret_due_ms = cloud_integer(
		cloud,
		cloud_sql(cloud,
			  "SELECT v.due_ms FROM visit v JOIN machine m ON m.row = v.machine"
			  " WHERE m.stops_ms > max(v.due_ms, ?1) ORDER BY v.due_ms LIMIT 1",
			  "i", now_ms),
		CLOUD_NEVER);
	return cloud_end(cloud, err);
}

/* As the script of the local module: these are worth another try. */
static bool is_worth_a_try(int status)
{
	return status < 200 || status >= 500 || status == 408 || status == 425 || status == 429;
}

int cloud_visit_done(struct cloud *cloud, int64_t row, int http_status, int64_t now_ms,
		     struct hr_error *err)
{
	if (cloud_begin(cloud, err) != 0)
		return -1;
	if (is_worth_a_try(http_status))
		cloud_run(cloud, cloud_sql(cloud,
					   "UPDATE visit SET due_ms = ?2 WHERE row = ?1"
					   " AND until_ms > ?2",
					   "ii", row, now_ms + RETRY_MS));
	cloud_run(cloud,
		  cloud_sql(cloud,
			    "DELETE FROM visit WHERE row = ?1 AND (?2 = 0 OR until_ms <= ?3)",
			    "iii", row, (int64_t)is_worth_a_try(http_status), now_ms + RETRY_MS));
	return cloud_end(cloud, err);
}
