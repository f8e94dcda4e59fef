/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: reconcile, operations, deadlines, the reaper. A set of state machines with one entry,
 * engine_step; it owns no thread, socket, clock or randomness. The daemon drives it from epoll,
 * tests and the simulation from a loop with virtual time. */
#ifndef HR_ENGINE_ENGINE_H
#define HR_ENGINE_ENGINE_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/mailbox.h"
#include "model/document.h"
#include "provider/account_key.h"
#include "provider/dispatch.h"
#include "store/store.h"

struct engine;

/* What an administrator stops for the moment. */
enum {
	ENGINE_STOP_CREATES = 1u << 0, /* no server is begun */
	ENGINE_STOP_CHANGES = 1u << 1  /* nothing is changed at any provider */
};

struct engine_options {
	struct store *store;
	struct dispatcher *dispatcher;
	/* Whom probes of servers go to (PROBE_ACCOUNT); its answers come like the dispatcher's. NULL:
	 * servers are not probed, and run when their instance does. */
	struct dispatcher *prober;
	struct mailbox *answers;     /* the dispatchers'; the engine takes from it */
	void (*wake)(void *context); /* called on any thread when engine_step has work; or NULL */
	void *wake_context;
	random_fn random;
	void *random_context;
	const char *own_address; /* "host:port" that servers call back when their zone has none */
	const char *own_scheme;  /* "http" or "https" */
	int64_t safety_pass_ms;
	int64_t probe_every_ms; /* how often servers that run are probed; 0: a minute */
	int64_t keep_ms; /* how long servers that are gone and sessions that are over stay; 0: a week */
	/* ENGINE_STOP_* now; asked at each step, so it must be quick. NULL: never any. */
	unsigned (*stops)(void *context);
	void *stops_context;
	/* Called as soon as deadlines are on their way to move with a jump of the clock (jump_ms of
	 * the moment given to engine_step): wall time is by_ms further from then on. Or NULL. */
	void (*clock_follow)(int64_t by_ms);
	/* What accounts share limits by, from an OPEN request (account_key.h). -1, or NULL: each has its
	 * own. */
	int (*account_key)(void *context, const struct dispatch_request *open_request,
			   char ret_key[ACCOUNT_KEY_SIZE]);
	void *account_key_context;
	const char *stop_creates_file; /* by which they are stopped, for messages */
	const char *stop_changes_file;
	bool dry_run;  /* plans are recorded, nothing is changed at any provider */
	bool no_plans; /* only operations are performed; no pool is planned, nothing is reaped */
};

/* Why plans are only told of, and nothing is changed at any provider: a dry run, or a state folder that
 * was moved or copied, whose servers may be another daemon's. NULL: all is done. Any thread. */
const char *engine_why_only_tells(const struct engine_options *options);

/* Everything borrowed must outlive the engine. */
int engine_new(const struct engine_options *options, struct engine **ret_engine,
	       struct hr_error *err);

/* The dispatcher must have been freed and the store closed or drained before: nothing may post any
 * more. */
void engine_free(struct engine *engine);

/* Takes what has come, does what is due. Gives when to call again at the latest (monotonic ms).
 * Never blocks. One thread. */
int64_t engine_step(struct engine *engine, struct moment now);

/* Something about the pool changed and is committed: plan it now. Any thread. */
void engine_pool_changed(struct engine *engine, const char *pool_id);

/* A document was put or deleted and is committed: accounts are reopened, pools planned. Any thread. */
void engine_document_changed(struct engine *engine, enum document_kind kind, const char *id);

/* Operations of a server became due (a manual destroy): look now. Any thread. */
void engine_operations_due(struct engine *engine);

/* Checks an account's settings as stored, by the module; done is called once, on the engine's
 * thread, with the answer (borrowed) or an error. Any thread. */
void engine_check_account(struct engine *engine, const char *provider_config_id,
			  void (*done)(void *context, const struct dispatch_answer *answer,
				       const struct hr_error *err),
			  void *context);

/* An account that could not be opened so far. */
struct engine_unopened {
	char id[ID_SIZE]; /* of its provider config */
	char name[64];
	char why[512];
	bool is_hopeless; /* another try will not do better */
};

/* Those of now; the caller frees. The engine's thread. */
int engine_list_unopened(const struct engine *engine, struct engine_unopened **ret_unopened,
			 size_t *ret_n, struct hr_error *err);

/* Figures for /metrics. Any thread. */
struct engine_figures {
	uint64_t plans;
	uint64_t creates_sent;
	uint64_t destroys_sent;
	uint64_t operation_failures;
	uint64_t in_flight;
	/* Operations that an answer of the module has ended, since the start. */
	uint64_t creates_done, creates_failed, destroys_done, destroys_failed;
};
void engine_figures(struct engine *engine, struct engine_figures *ret);

#endif
