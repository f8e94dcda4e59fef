/* SPDX-License-Identifier: Apache-2.0 */
/* The system's clocks, and times as text (RFC 3339). */
#include "base/clock.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

/* 9999-12-31T23:59:59.999Z: the last time that RFC 3339 can write. */
#define WALL_MS_MAX INT64_C(253402300799999)

static int64_t read_clock_ms(clockid_t id)
{
	struct timespec now = {0, 0};

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / 1000000;
}

/* Wall time less monotonic time, as this process goes by it; and whether it holds jumps. */
static _Atomic int64_t wall_offset_ms;
static atomic_bool holds_jumps;

static struct moment read_clocks(void)
{
	struct moment now = {
		.wall_ms = read_clock_ms(CLOCK_REALTIME),
		.mono_ms = read_clock_ms(CLOCK_BOOTTIME),
	};

	return now;
}

struct moment clock_now(void)
{
	struct moment now = read_clocks();
	int64_t offset, jump;

	if (!atomic_load(&holds_jumps))
		return now;
	offset = atomic_load(&wall_offset_ms);
	jump = now.wall_ms - now.mono_ms - offset;
	if (llabs(jump) >= CLOCK_JUMP_MS) {
		/* Or the process slept between the two readings. */
		now = read_clocks();
		jump = now.wall_ms - now.mono_ms - offset;
	}
	if (llabs(jump) >= CLOCK_JUMP_MS) {
		now.wall_ms = now.mono_ms + offset;
		now.jump_ms = jump;
	} else if (jump != 0) {
		/* Drift, corrected little by little. If another thread was quicker, its is as good. */
		atomic_compare_exchange_strong(&wall_offset_ms, &offset, offset + jump);
	}
	return now;
}

void clock_hold_jumps(void)
{
	struct moment now = read_clocks();

	atomic_store(&wall_offset_ms, now.wall_ms - now.mono_ms);
	atomic_store(&holds_jumps, true);
}

void clock_follow(int64_t by_ms)
{
	atomic_fetch_add(&wall_offset_ms, by_ms);
}

const char *time_text(int64_t wall_ms, char buf[TIME_TEXT_SIZE])
{
	time_t seconds = (time_t)(wall_ms / MS_PER_S);
	struct tm tm;

	if (wall_ms <= 0 || wall_ms > WALL_MS_MAX || !gmtime_r(&seconds, &tm)) {
		text_copy(buf, TIME_TEXT_SIZE, wall_ms <= 0 ? "-" : "never");
		return buf;
	}
	text_format(buf, TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
		    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		    (int)(wall_ms % MS_PER_S));
	return buf;
}

/* Reads exactly n digits at *text and moves behind them; -1: there are none. */
static int digits(const char **text, int n)
{
	int value = 0;

	for (int i = 0; i < n; i++) {
		char c = (*text)[i];

		if (c < '0' || c > '9')
			return -1;
		value = value * 10 + (c - '0');
	}
	*text += n;
	return value;
}

static bool literal(const char **text, const char *any_of)
{
	if (**text == '\0' || !strchr(any_of, **text))
		return false;
	(*text)++;
	return true;
}

static int days_of_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static int parse_date(const char **p, struct tm *tm)
{
	int year = digits(p, 4), month, day;

	if (year < 0 || !literal(p, "-"))
		return -1;
	month = digits(p, 2);
	if (month < 1 || month > 12 || !literal(p, "-"))
		return -1;
	day = digits(p, 2);
	if (day < 1 || day > days_of_month(year, month))
		return -1;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	return 0;
}

static int parse_clock(const char **p, struct tm *tm, int *ret_ms)
{
	int scale = 100;

	*ret_ms = 0;
	tm->tm_hour = digits(p, 2);
	if (tm->tm_hour < 0 || tm->tm_hour > 23 || !literal(p, ":"))
		return -1;
	tm->tm_min = digits(p, 2);
	if (tm->tm_min < 0 || tm->tm_min > 59 || !literal(p, ":"))
		return -1;
	tm->tm_sec = digits(p, 2);
	if (tm->tm_sec < 0 || tm->tm_sec > 60) /* 60: a leap second */
		return -1;
	if (**p != '.')
		return 0;
	(*p)++;
	if (**p < '0' || **p > '9')
		return -1;
	for (; **p >= '0' && **p <= '9'; (*p)++, scale /= 10)
		*ret_ms += (**p - '0') * scale;
	return 0;
}

static int parse_offset(const char **p, int *ret_minutes)
{
	int sign = **p == '-' ? -1 : 1, hours, minutes;

	*ret_minutes = 0;
	if (literal(p, "Zz"))
		return 0;
	if (!literal(p, "+-"))
		return -1;
	hours = digits(p, 2);
	if (hours < 0 || hours > 23 || !literal(p, ":"))
		return -1;
	minutes = digits(p, 2);
	if (minutes < 0 || minutes > 59)
		return -1;
	*ret_minutes = sign * (hours * 60 + minutes);
	return 0;
}

int time_parse(const char *text, int64_t *ret_wall_ms)
{
	struct tm tm;
	int ms, offset;

	memset(&tm, 0, sizeof(tm));
	if (!text || parse_date(&text, &tm) || !literal(&text, "Tt ") ||
	    parse_clock(&text, &tm, &ms) || parse_offset(&text, &offset) || *text != '\0')
		return -1;
	*ret_wall_ms = ((int64_t)timegm(&tm) - (int64_t)offset * 60) * MS_PER_S + ms;
	return 0;
}
