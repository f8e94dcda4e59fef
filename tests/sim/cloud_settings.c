/* SPDX-License-Identifier: Apache-2.0 */
/* The table of settings, and how they are read and drawn from. */
#include "cloud_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cloud_store.h"

#define VALUE_MAX INT64_C(1000000000000)
#define DOUBLINGS_MAX 30

enum kind { COUNT, PERMILLE, TIME };

struct row {
	const char *key;
	enum kind kind;
	const char *default_value;
	const char *help;
};

#define CLOUD_SETTING_ROW(id, key, kind, value, help) {key, kind, value, help},
static const struct row rows[] = {CLOUD_SETTINGS(CLOUD_SETTING_ROW)};

static int parse(const struct row *row, const char *text, struct cloud_setting *ret)
{
	static const char *const draws[] = {"fixed:", "uniform:", "tail:"};
	int64_t most = row->kind == PERMILLE ? 1000 : VALUE_MAX;
	char low[32];
	size_t len;

	*ret = (struct cloud_setting){0};
	for (int i = DRAW_FIXED; row->kind == TIME && i <= DRAW_TAIL; i++)
		if (strncmp(text, draws[i], strlen(draws[i])) == 0) {
			ret->draw = i;
			text += strlen(draws[i]);
			break;
		}
	if (ret->draw == DRAW_FIXED)
		return text_to_int64(text, 0, most, &ret->low);
	len = strcspn(text, ":");
	if (text[len] != ':' || !text_format(low, sizeof(low), "%.*s", (int)len, text) ||
	    text_to_int64(low, 0, most, &ret->low) != 0)
		return -1;
	return text_to_int64(text + len + 1, ret->low, most, &ret->high);
}

static const struct row *find(const char *key)
{
	for (size_t i = 0; i < CLOUD_SETTING_COUNT; i++)
		if (strcmp(rows[i].key, key) == 0)
			return &rows[i];
	return NULL;
}

/* The first line of the file. */
static int read_value(const char *path, char *buf, size_t size, struct hr_error *err)
{
	FILE *file = fopen(path, "re");
	bool found = file && fgets(buf, (int)size, file);

	if (file)
		fclose(file);
	if (!found)
		return error_set(err, HR_INVALID, "cannot read a value from %s", path);
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

static int store(struct cloud *cloud, const char *account, const char *key, const char *value,
		 struct hr_error *err)
{
	if (cloud_begin(cloud, err) != 0)
		return -1;
	cloud_run(cloud, cloud_sql(cloud, "INSERT OR REPLACE INTO setting VALUES (?1, ?2, ?3)",
				   "ttt", account, key, value));
	return cloud_end(cloud, err);
}

int cloud_set(struct cloud *cloud, const char *assignment, struct hr_error *err)
{
	const char *equals = strchr(assignment, '='), *dot = strchr(assignment, '.');
	char account[CLOUD_TEXT] = "", key[CLOUD_TEXT], value[256];
	const struct row *row;
	struct cloud_setting setting;
	bool fits;

	if (!equals)
		return error_set(err, HR_INVALID, "\"%s\" is not KEY=VALUE", assignment);
	dot = dot && dot < equals ? dot : NULL;
	fits = !dot ||
	       text_format(account, sizeof(account), "%.*s", (int)(dot - assignment), assignment);
	dot = dot ? dot + 1 : assignment;
	fits = text_format(key, sizeof(key), "%.*s", (int)(equals - dot), dot) && fits;
	if (equals[1] == '@') {
		if (read_value(equals + 2, value, sizeof(value), err) != 0)
			return -1;
	} else {
		fits = text_copy(value, sizeof(value), equals + 1) && fits;
	}
	if (!fits)
		return error_set(err, HR_INVALID, "\"%.100s\" is too long", assignment);
	if (account[0] != '\0' && strcmp(key, "key") == 0 && value[0] != '\0')
		return store(cloud, account, key, value, err);
	row = find(key);
	if (!row)
		return error_set(err, HR_INVALID, "there is no setting \"%s\"", key);
	if (parse(row, value, &setting) != 0)
		return error_set(err, HR_INVALID, "\"%s\" is no value of %s, which is %s", value,
				 key,
				 row->kind == TIME       ? "a time: N, uniform:N:M or tail:N:M"
				 : row->kind == PERMILLE ? "a number from 0 to 1000"
							 : "a number from 0");
	return store(cloud, account, key, value, err);
}

char *cloud_settings_help(void)
{
	static const char *const kinds[] = {"number", "permille", "time"};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < CLOUD_SETTING_COUNT; i++)
		fprintf(out, "  %-18s %-8s %-15s %s\n", rows[i].key, kinds[rows[i].kind],
			rows[i].default_value, rows[i].help);
	fclose(out);
	return text;
}

void cloud_behaviour_read(struct cloud *cloud, const char *account, struct cloud_behaviour *ret)
{
	sqlite3_stmt *stmt;

	for (size_t i = 0; i < CLOUD_SETTING_COUNT; i++)
		parse(&rows[i], rows[i].default_value, &ret->settings[i]);
	/* "" sorts before any account, whose own settings come last. */
	stmt = cloud_sql(cloud,
			 "SELECT key, value FROM setting WHERE account IN ('', ?1)"
			 " ORDER BY account",
			 "t", account);
	while (cloud_row(cloud, stmt)) {
		const struct row *row = find((const char *)sqlite3_column_text(stmt, 0));

		if (row)
			parse(row, (const char *)sqlite3_column_text(stmt, 1),
			      &ret->settings[row - rows]);
	}
}

int64_t cloud_draw(const struct cloud_behaviour *behaviour, enum cloud_setting_id id,
		   struct sim_random *random)
{
	const struct cloud_setting *setting = &behaviour->settings[id];
	int64_t value = setting->low;

	if (setting->draw == DRAW_UNIFORM)
		return sim_between(random, setting->low, setting->high);
	if (setting->draw == DRAW_TAIL)
		for (int i = 0; i < DOUBLINGS_MAX && sim_chance(random, 250); i++)
			value = value * 2 < setting->high ? value * 2 : setting->high;
	return value;
}
