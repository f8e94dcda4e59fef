/* SPDX-License-Identifier: Apache-2.0 */
/* An engine over a real store, under virtual time, with a dispatcher whose answers the test gives.
 * OPEN and CLOSE are answered at once, LIST with what `listed` holds. */
#ifndef HR_TESTS_UNIT_ENGINE_ENGINE_FIXTURE_H
#define HR_TESTS_UNIT_ENGINE_ENGINE_FIXTURE_H

#include "base/clock.h"
#include "base/mailbox.h"
#include "engine/engine.h"
#include "pool_fixture.h"

/* A request that waits for its answer. */
struct asked {
	struct asked *next;
	struct dispatch_request request; /* its pointers are copies below */
	char resume_token[64];
	char *script;
	char instance_ids[8][64];
};

extern struct engine *engine;
extern int64_t now_ms; /* wall; monotonic time is the same less NOW */

/* What lists show. */
extern struct dispatch_instance listed[16];
extern size_t n_listed;
extern bool list_complete;

/* What the next OPEN is answered with; class 0: well. */
extern struct hr_error open_error;
extern uint64_t open_capabilities;
extern unsigned opens, closes; /* how many there were */
extern bool hold_opens;        /* they wait to be answered as others do */

/* What an administrator stops now (ENGINE_STOP_*); asked for, every 2 s, only after asks_stops was
 * set before engine_setup. */
extern unsigned stopped;
extern bool asks_stops;

/* Set before engine_setup: there is somebody who probes servers; he is asked as the dispatcher is. */
extern bool has_prober;

/* Provider configs that are opened from now on have the keys of one account at the provider. */
extern bool one_key;

/* Set before engine_setup: how long what is over stays; 0: a week. */
extern int64_t keep_ms;

/* A store with pool "demo" (put_pool with these fields), and the engine started over it. */
void engine_setup(const char *pool_fields, const char *config_fields, const char *account_fields);
void engine_teardown(void);

/* As after kill -9: what was asked is never answered. */
void engine_restart(void);

/* The state folder is moved before the start: nothing but telling is done. */
void engine_restart_moved(void);

/* Lets everything happen that is due now. */
void settle(void);
/* The same for so many ms, one after the other. */
void pass(int64_t ms);

/* The system's clock is set, that much forward (back: negative), and the engine follows. */
void set_clock(int64_t by_ms);

/* The only request of the kind that waits; fails the test when there is another number. */
struct asked *asked(enum dispatch_kind kind);
int count_asked(enum dispatch_kind kind);
/* Any one of them; fails the test when there is none. */
struct asked *any_asked(enum dispatch_kind kind);

/* Answers, then settle(). */
void answer_ok(struct asked *asked, const char *instance_id);
void answer_again(struct asked *asked, const char *token, int64_t delay_ms,
		  const char *instance_id);
void answer_error(struct asked *asked, int32_t class, uint32_t flags, int64_t retry_after_ms);
void answer_state(struct asked *asked, uint32_t state, const char *address);

/* The dispatcher tells this of the account "acct", then settle(). */
void tell(enum dispatch_news news, const char *text);

/* Adds to listed: an instance of ours, made ago_ms ago. */
void list_instance(const char *instance_id, const char *server_id, uint32_t state, int64_t ago_ms);

/* Reads outside of a transaction. */
struct server only_server(unsigned states); /* the only one in one of these states; 0: not gone */
struct server any_server(unsigned states);
int count_servers(unsigned states);
struct operation unfinished(const char *server_id, enum operation_kind kind);
struct account_state account_now(void);
struct config_state config_now(void);
int events_of(const char *kind, char last[768]);
const char *id_now(enum document_kind kind, const char *name);
void change_document(enum document_kind kind, const char *name, const char *key, json_t *value);
void add_document(enum document_kind kind, const char *name, const char *fields);
void delete_document(enum document_kind kind, const char *name);
void order_destroy(const char *server_id); /* by hand, as the API does */
void ask_session(const char *user);        /* as the API does, and tells the engine */
#define ASKED_BY "Xq1-17"                  /* the request to the API with which it does */

/* A server of the pool that was created as i-1, booted at 10.0.0.1 and runs. */
struct server make_running(void);

#endif
