/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a server as transactions see it: every change of state goes through here, with its
 * operation rows and its event. All run inside a transaction and change *server in place too. */
#ifndef HR_ENGINE_LIFE_H
#define HR_ENGINE_LIFE_H

#include "base/clock.h"
#include "base/id.h"
#include "model/autoscale_config.h"
#include "model/server.h"
#include "store/store.h"

/* A destroy that takes longer is told of. */
#define LIFE_STUCK_AFTER_MS (900 * MS_PER_S)

/* What a transaction of the engine is given: time and ids, so that it can be run again. */
struct life_context {
	int64_t now_ms;
	struct id_source ids;
	bool by_person; /* somebody asks for it: no hourly limit holds it back */
	bool no_probes; /* there is nobody who could probe a server */
};

/* Plans a server (for_session: because of that session's request, as is what is added from there on):
 * row, key pair (private half as a secret "server"/<id>/"ssh_private_key"), create
 * operation, event. HR_QUOTA at max_instances, HR_CONFLICT when its name is taken: nothing was
 * written then. */
int life_plan(struct tx *tx, struct life_context *context, const struct autoscale_config *config,
	      const char *provider_config_name, int64_t provider_revision, int64_t max_instances,
	      const char *for_session, const char *reason, struct server *ret_server,
	      struct hr_error *err);

/* A planned server that was never sent: cancelled, gone. HR_CONFLICT for any other: nothing was
 * written then. */
int life_cancel(struct tx *tx, struct life_context *context, struct server *server,
		const char *reason, struct hr_error *err);

/* Its create is about to be sent: from now on only proven absence ends it. */
int life_creating(struct tx *tx, struct life_context *context, struct server *server,
		  struct hr_error *err);

/* Create is done: booting, until the provider says that the instance runs and at which address. Of
 * a server that is failed or on its way out only the instance's id is kept. */
int life_created(struct tx *tx, struct life_context *context, struct server *server,
		 const char *instance_id, struct hr_error *err);

/* The provider says that the instance runs and where (address and provider_port are set by the
 * caller): checking in where the config requires that and it has not happened yet; still booting where
 * its port is to be probed first; else running. */
int life_reachable(struct tx *tx, struct life_context *context, struct server *server,
		   struct hr_error *err);

/* Ready: running. Nobody is seated by this: call sessions_seat_queue after it. A server that is
 * ready before the provider has told its address (a check-in overtook our question) stays on its
 * way, ready_ms set, and runs with life_reachable. Of a server that is not on its way: nothing. */
int life_running(struct tx *tx, struct life_context *context, struct server *server,
		 const char *reason, struct hr_error *err);

/* Failed: ends its sessions, cancels an unfinished create, orders its destroy (or keeps it, by
 * keep_failed). */
int life_fail(struct tx *tx, struct life_context *context, struct server *server,
	      const char *reason, struct hr_error *err);

/* Drain; destroy at once when it has no session. HR_CONFLICT when `only_idle` and it has some: only
 * its count of them was written then. */
int life_drain(struct tx *tx, struct life_context *context, struct server *server, bool only_idle,
	       const char *reason, struct hr_error *err);

/* The provider lastingly refuses to delete it: back to running where it ran before, its destroy
 * failed. Gives whether it went back; call sessions_seat_queue then. */
int life_undrain(struct tx *tx, struct life_context *context, struct server *server,
		 const char *reason, bool *ret_running, struct hr_error *err);

/* Orders its destroy now, sessions or not (their end is recorded): manual delete, stop. */
int life_destroy(struct tx *tx, struct life_context *context, struct server *server,
		 const char *reason, struct hr_error *err);

/* Proven absent. */
int life_gone(struct tx *tx, struct life_context *context, struct server *server,
	      const char *reason, struct hr_error *err);

/* Adds an event about a server, pool and config filled in from it. */
int life_event(struct tx *tx, int64_t now_ms, const struct server *server, const char *session_id,
	       const char *kind, const char *format, ...) __attribute__((format(printf, 6, 7)));

#endif
