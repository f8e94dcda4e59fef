/* SPDX-License-Identifier: Apache-2.0 */
/* How an account of the cloud behaves. Settings are rows in its books: of one account
 * ("red.rate") or of all that have none of their own ("rate"). Each call reads them anew. */
#ifndef HR_SIM_CLOUD_SETTINGS_H
#define HR_SIM_CLOUD_SETTINGS_H

#include "cloud.h"
#include "sim_random.h"

/* Kinds: COUNT, a number; PERMILLE, a chance of 0 to 1000; TIME, a distribution of milliseconds:
 * "N" or "fixed:N", "uniform:N:M", "tail:N:M" (N, and doubled with a chance of a quarter each time,
 * at most M). */
#define CLOUD_SETTINGS(X)                                                                         \
	X(LATENCY, "latency", TIME, "0", "from a call to its answer")                             \
	X(FAIL_AUTH, "fail_auth", PERMILLE, "0", "calls refused as of no account")                \
	X(FAIL_QUOTA, "fail_quota", PERMILLE, "0", "creates refused for the quota")               \
	X(FAIL_CAPACITY, "fail_capacity", PERMILLE, "0", "creates refused for want of room")      \
	X(FAIL_THROTTLED, "fail_throttled", PERMILLE, "0", "calls throttled, whatever the rate")  \
	X(FAIL_CONFLICT, "fail_conflict", PERMILLE, "0", "creates and destroys refused as busy")  \
	X(FAIL_TRANSIENT, "fail_transient", PERMILLE, "0", "calls answered 503")                  \
	X(FAIL_INTERNAL, "fail_internal", PERMILLE, "0", "calls answered 500, half of them done") \
	X(FAIL_TIMEOUT, "fail_timeout", PERMILLE, "0", "calls answered 504, half of them done")   \
	X(UNANSWERED, "unanswered", PERMILLE, "0", "calls done, then the connection ends")        \
	X(HANG, "hang", PERMILLE, "0", "calls never answered, half of them done")                 \
	X(GARBAGE, "garbage", PERMILLE, "0", "calls done, then answered with nonsense")           \
	X(FAIL_INVALID, "fail_invalid", PERMILLE, "0", "creates refused as bad requests")         \
	X(FAIL_NOT_FOUND, "fail_not_found", PERMILLE, "0", "creates refused: no such image")      \
	X(FAIL_LATE, "fail_late", PERMILLE, "0", "creates accepted, then in error")               \
	X(RATE, "rate", COUNT, "0", "calls of all kinds a minute; 0: any number")                 \
	X(BURST, "burst", COUNT, "10", "calls at once, within the rate")                          \
	X(RATE_CREATE, "rate_create", COUNT, "0", "creates a minute; 0: any number")              \
	X(BURST_CREATE, "burst_create", COUNT, "10", "creates at once, within that rate")         \
	X(RATE_DESTROY, "rate_destroy", COUNT, "0", "destroys a minute; 0: any number")           \
	X(BURST_DESTROY, "burst_destroy", COUNT, "10", "destroys at once, within that rate")      \
	X(RATE_LOOK, "rate_look", COUNT, "0", "looks, lists and checks a minute; 0: any number")  \
	X(BURST_LOOK, "burst_look", COUNT, "10", "those at once, within that rate")               \
	X(RETRY_AFTER, "retry_after", COUNT, "1", "1: a throttled call is told when to come")     \
	X(QUOTA, "quota", COUNT, "0", "machines at once; 0: any number")                          \
	X(DOWN, "down", COUNT, "0", "1: an outage, now")                                          \
	X(OUTAGE_EVERY, "outage_every", COUNT, "0", "ms from one outage to the next; 0: none")    \
	X(OUTAGE, "outage", COUNT, "0", "ms that each outage lasts, at the end of that time")     \
	X(PENDING, "pending", TIME, "0", "from create to made: 202 until then")                   \
	X(QUEUED, "queued", COUNT, "0", "ms that creates are answered without their id")          \
	X(BOOT, "boot", TIME, "0", "from made to running")                                        \
	X(DELETING, "deleting", TIME, "0", "from destroy to gone: 202 until then")                \
	X(LAG_NEW, "lag_new", TIME, "0", "looks and lists do not show a new machine so long")     \
	X(LAG_GONE, "lag_gone", TIME, "0", "they show one that is gone as running so long")       \
	X(PARTIAL, "partial", PERMILLE, "0", "list pages without one of the zones")               \
	X(RECYCLE, "recycle", PERMILLE, "0", "machines that get an id which is free again")       \
	X(LIE, "lie", PERMILLE, "0", "running shown as gone, stopped as running")                 \
	X(STOPS, "stops", PERMILLE, "0", "machines that stop by themselves")                      \
	X(STOPS_AFTER, "stops_after", TIME, "uniform:0:60000", "so long after they run")          \
	X(CHECKIN, "checkin", TIME, "0", "from running to the check-in")                          \
	X(CHECKIN_NEVER, "checkin_never", PERMILLE, "0", "machines that never check in")          \
	X(CHECKIN_FAILED, "checkin_failed", PERMILLE, "0", "machines that report a failure")      \
	X(CHECKIN_LATE, "checkin_late", PERMILLE, "0", "machines that check in late: after")      \
	X(CHECKIN_LATE_AFTER, "checkin_late_after", TIME, "60000", "so long, instead of checkin") \
	X(CHECKIN_TWICE, "checkin_twice", PERMILLE, "0",                                          \
	  "machines that check in again, a second "                                               \
	  "later")                                                                                \
	X(JUDGE_MAX, "judge_max", COUNT, "0", "for judges only: more at once is over the limit")

#define CLOUD_SETTING_ID(id, ...) SET_##id,
enum cloud_setting_id { CLOUD_SETTINGS(CLOUD_SETTING_ID) CLOUD_SETTING_COUNT };

struct cloud_setting {
	enum { DRAW_FIXED, DRAW_UNIFORM, DRAW_TAIL } draw;
	int64_t low; /* the value of a COUNT or PERMILLE */
	int64_t high;
};

struct cloud_behaviour {
	struct cloud_setting settings[CLOUD_SETTING_COUNT];
};

/* One "KEY=VALUE" or "ACCOUNT.KEY=VALUE" into the books; "ACCOUNT.key=TEXT" makes the account that
 * has that bearer key; VALUE "@PATH" stands for the first line of that file. HR_INVALID says what is
 * wrong with it. */
int cloud_set(struct cloud *cloud, const char *assignment, struct hr_error *err);

/* The text of cloud_set's keys, kinds, defaults and meanings, one a line. The caller frees it. */
char *cloud_settings_help(void);

/* Within a call: the account's settings as they are now. */
void cloud_behaviour_read(struct cloud *cloud, const char *account, struct cloud_behaviour *ret);
int64_t cloud_draw(const struct cloud_behaviour *behaviour, enum cloud_setting_id id,
		   struct sim_random *random);

#endif
