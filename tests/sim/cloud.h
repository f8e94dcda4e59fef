/* SPDX-License-Identifier: Apache-2.0 */
/* A cloud in a SQLite file: what headroom-sim serves, and what a simulation may link without HTTP.
 * It has no clock, no threads and no random source but the one in its books; the same calls at the
 * same times give the same answers. One thread at a time; several processes may open one file.
 *
 * Each call is one transaction: it meets its fate from the account's settings (cloud_settings.h),
 * takes effect or not, and the books keep all of it. A machine exists once that is committed
 * (against the death of a process; against loss of power nothing is promised). Times are Unix ms. */
#ifndef HR_SIM_CLOUD_H
#define HR_SIM_CLOUD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"

#define CLOUD_NEVER INT64_MAX
#define CLOUD_TEXT 64 /* names, tokens, marks: 63 bytes at most */
#define CLOUD_USER_DATA_MAX (64u << 10)
#define CLOUD_PAGE_MAX 1000
#define CLOUD_LOOK_MAX 100

struct cloud;

/* What an answer says. */
enum cloud_code {
	CLOUD_OK,
	CLOUD_BAD_KEY,
	CLOUD_BAD_REQUEST, /* field says where */
	CLOUD_NOT_FOUND,
	CLOUD_OTHER_SERVER, /* destroy: the machine of that id has another server mark */
	CLOUD_TOKEN_REUSED, /* create: a known token with other parameters */
	CLOUD_QUOTA,
	CLOUD_CAPACITY,
	CLOUD_THROTTLED,
	CLOUD_CONFLICT,
	CLOUD_TRANSIENT,
	CLOUD_INTERNAL,
	CLOUD_TIMEOUT
};

/* How it comes. */
enum cloud_delivery {
	CLOUD_ANSWERED,
	CLOUD_UNANSWERED, /* the effect took place, and the connection ends */
	CLOUD_HANGS,      /* the effect took place or not, and nothing comes */
	CLOUD_GARBAGE     /* the effect took place, and the answer makes no sense */
};

enum cloud_state {
	CLOUD_PENDING, /* accepted, not made yet */
	CLOUD_BOOTING,
	CLOUD_RUNNING,
	CLOUD_STOPPED,
	CLOUD_ERROR, /* accepted, and then it failed; it exists until it is destroyed */
	CLOUD_DELETING,
	CLOUD_GONE
};

struct cloud_machine {
	int64_t row; /* counts up, never used again */
	char account[CLOUD_TEXT];
	char id[CLOUD_TEXT]; /* may have been another machine's before */
	char token[CLOUD_TEXT];
	char name[CLOUD_TEXT];
	char zone[CLOUD_TEXT];
	char size[CLOUD_TEXT];
	char image[CLOUD_TEXT];
	char installation[CLOUD_TEXT]; /* the marks */
	char config[CLOUD_TEXT];
	char server[CLOUD_TEXT];
	char address[16];
	int64_t asked_ms;  /* exists since then */
	int64_t made_ms;   /* pending until then */
	int64_t runs_ms;   /* booting until then */
	int64_t stops_ms;  /* stops by itself; or CLOUD_NEVER, as all of these: */
	int64_t delete_ms; /* a destroy was accepted */
	int64_t ended_ms;  /* gone from then on */
	int64_t shown_ms;  /* looks and lists know it from then on */
	int64_t hidden_ms; /* they show it until then, though it may be gone */
	bool fails;        /* an error instead of booting */
	bool busy;
	enum cloud_state state; /* in an answer: as shown, which may be stale or a lie */
};

struct cloud_call {
	const char *key; /* of the account */
	int64_t now_ms;
};

struct cloud_order {
	const char *token, *name, *zone, *size, *image;
	const char *installation, *config, *server;
	const char *user_data; /* NUL-terminated; its line "headroom-sim: checkin_url=URL" is what
				  the machine checks in by */
};

struct cloud_answer {
	enum cloud_code code;
	enum cloud_delivery delivery;
	int64_t latency_ms;     /* the answer comes that much later */
	int64_t retry_after_ms; /* 0: not said */
	char account[CLOUD_TEXT];
	char request_id[32];
	char field[32];    /* BAD_REQUEST */
	char message[200]; /* of anything but OK */
	struct cloud_machine *machines;
	size_t n_machines;
	int64_t next_page;       /* list: 0: none */
	char unread[CLOUD_TEXT]; /* list: the zone that could not be read, or "" */
	int64_t quota, alive;    /* check; quota 0: none */
	bool queued;             /* create: who asks is not told the machine's id yet */
};

extern const char *const cloud_zones[], *const cloud_sizes[], *const cloud_images[];

/* Opens or makes books at path (":memory:": only for this process). The seed counts where they are
 * new. */
int cloud_open(const char *path, uint64_t seed, int64_t now_ms, struct cloud **ret_cloud,
	       struct hr_error *err);
void cloud_close(struct cloud *cloud);

/* ---- Calls: 0 with an answer, of whatever code; -1 only where the books fail. The answer is to be
 * cleared in any case. ---- */

int cloud_check(struct cloud *cloud, const struct cloud_call *call, struct cloud_answer *ret,
		struct hr_error *err);
/* One machine in the answer: new, or the one of that token, which may be gone meanwhile. */
int cloud_create(struct cloud *cloud, const struct cloud_call *call,
		 const struct cloud_order *order, struct cloud_answer *ret, struct hr_error *err);
/* Those of the ids (at most CLOUD_LOOK_MAX) that are shown or were; the others are not known. */
int cloud_look(struct cloud *cloud, const struct cloud_call *call, const char *const *ids,
	       size_t n_ids, struct cloud_answer *ret, struct hr_error *err);
/* A page of at most limit of those that bear the installation's mark and (not NULL) the server's;
 * page: 0 at first, then next_page. */
int cloud_list(struct cloud *cloud, const struct cloud_call *call, const char *installation,
	       const char *server, int64_t page, int64_t limit, struct cloud_answer *ret,
	       struct hr_error *err);
/* server: the mark that the machine must bear, or NULL. One machine in the answer, deleting or gone;
 * NOT_FOUND once it is gone. */
int cloud_destroy(struct cloud *cloud, const struct cloud_call *call, const char *id,
		  const char *server, struct cloud_answer *ret, struct hr_error *err);
void cloud_answer_clear(struct cloud_answer *answer);

const char *cloud_code_name(enum cloud_code code);
const char *cloud_state_name(enum cloud_state state);

/* ---- Guests: what the machines' startup scripts do (cloud_guests.c) ---- */

struct cloud_visit {
	int64_t row;
	char url[4096];
	char status[16];
};

/* At most max visits that are due; each is taken: it comes again after 30 s unless it is done. Not
 * of machines that are no longer there. */
int cloud_visits_take(struct cloud *cloud, int64_t now_ms, struct cloud_visit *ret, size_t max,
		      size_t *ret_n, struct hr_error *err);
/* When the next one is due; CLOUD_NEVER: none is. */
int cloud_visits_next(struct cloud *cloud, int64_t now_ms, int64_t *ret_due_ms,
		      struct hr_error *err);
/* Answered with the HTTP status (0: not at all): what is neither taken nor refused is tried again. */
int cloud_visit_done(struct cloud *cloud, int64_t row, int http_status, int64_t now_ms,
		     struct hr_error *err);

/* ---- Judges (cloud_books.c) ---- */

/* A session is on the machine of that server, or no longer: its destroy is noted against whoever
 * asked. HR_NOT_FOUND where the server has none. */
int cloud_set_busy(struct cloud *cloud, const char *server, bool busy, int64_t now_ms,
		   struct hr_error *err);
/* All machines that there are and were, by row, as they truly are. */
int cloud_machines(struct cloud *cloud, int64_t now_ms, struct cloud_answer *ret,
		   struct hr_error *err);
/* No machine stops by itself any more: what was planned of that is dropped. */
int cloud_keep_running(struct cloud *cloud, int64_t now_ms, struct hr_error *err);
/* All that there is and was, as headroom-sim books --json prints it; see tests/sim/README.md. */
int cloud_books(struct cloud *cloud, int64_t now_ms, json_t **ret_books, struct hr_error *err);

#endif
