/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a server: planned, creating, booting, checking in, running; and back: draining,
 * destroying, gone. Each change writes the row, its operation and its event in the caller's
 * transaction. Failing is in life_failure.c; who decides on changes is elsewhere (reconcile,
 * outcomes, poll, deadlines, check-in). */
#include "engine/life.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/clock.h"
#include "base/text.h"
#include "engine/life_parts.h"
#include "engine/pauses.h"
#include "engine/ssh_key.h"
#include "store/document_rows.h"
#include "store/operation_rows.h"
#include "store/secret_rows.h"
#include "store/server_rows.h"
#include "store/session_rows.h"

#define PROTECTED_AGAIN_MS (900 * MS_PER_S)

int life_event(struct tx *tx, int64_t now_ms, const struct server *server, const char *session_id,
	       const char *kind, const char *format, ...)
{
	struct event event = {.at_ms = now_ms};
	va_list args;

	text_copy(event.kind, sizeof(event.kind), kind);
	text_copy(event.pool_id, sizeof(event.pool_id), server->pool_id);
	text_copy(event.config_id, sizeof(event.config_id), server->config_id);
	text_copy(event.server_id, sizeof(event.server_id), server->id);
	text_copy(event.session_id, sizeof(event.session_id), session_id);
	va_start(args, format);
	text_formatv(event.message, sizeof(event.message), format, args);
	va_end(args);
	return event_add(tx, &event, NULL);
}

int life_half_done(struct hr_error *err)
{
	if (err &&
	    (err->class == HR_CONFLICT || err->class == HR_QUOTA || err->class == HR_NOT_FOUND))
		err->class = HR_INTERNAL;
	return -1;
}

void life_enter(struct server *server, enum server_state state, int64_t now_ms, const char *stage)
{
	server->state = state;
	server->state_since_ms = now_ms;
	server->deadline_ms = MS_NEVER;
	server->percent = -1;
	server->silence = SILENCE_NONE;
	server->listen_ms = state == SERVER_RUNNING && server->settings.heartbeat
				    ? now_ms + server->settings.missing_after_ms
				    : MS_NEVER;
	text_copy(server->stage, sizeof(server->stage), stage);
}

int life_config(struct tx *tx, const struct server *server, struct document *ret_document,
		struct autoscale_config *ret_config, struct hr_error *err)
{
	if (document_get_revision(tx, DOCUMENT_AUTOSCALE_CONFIG, server->config_id,
				  server->config_revision, ret_document, err) < 0)
		return -1;
	autoscale_config_read(ret_document, ret_config);
	return 0;
}

/* The deadline of a phase that may take timeout_ms, within the provision timeout over all. */
static int64_t phase_deadline(const struct server *server, int64_t now_ms, int64_t timeout_ms)
{
	int64_t deadline;

	if (timeout_ms <= 0 || __builtin_add_overflow(now_ms, timeout_ms, &deadline) ||
	    deadline > server->provision_deadline_ms)
		return server->provision_deadline_ms;
	return deadline;
}

/* "<config name>-<8 characters of the id>", at most 63. */
static void server_name(const struct autoscale_config *config, struct server *server)
{
	size_t len = strnlen(config->name, sizeof(config->name));

	if (len > 54)
		len = 54;
	while (len > 0 && config->name[len - 1] == '-')
		len--;
	text_format(server->name, sizeof(server->name), "%.*s-%.8s", (int)len, config->name,
		    server->id);
}

static int plan_row(struct life_context *context, const struct autoscale_config *config,
		    int64_t provider_revision, const char *for_session, struct server *server)
{
	int64_t token_ms = config->checkin_token_ms > config->provision_timeout_ms
				   ? config->checkin_token_ms
				   : config->provision_timeout_ms;

	*server = (struct server){0};
	id_new(&context->ids, server->id);
	id_new(&context->ids, server->idempotency_token);
	server_name(config, server);
	text_copy(server->pool_id, sizeof(server->pool_id), config->pool_id);
	text_copy(server->zone_id, sizeof(server->zone_id), config->zone_id);
	text_copy(server->config_id, sizeof(server->config_id), config->id);
	server->config_revision = config->revision;
	text_copy(server->provider_config_id, sizeof(server->provider_config_id),
		  config->provider_config_id);
	server->provider_revision = provider_revision;
	life_enter(server, SERVER_PLANNED, context->now_ms, "waiting to be created");
	server->created_ms = context->now_ms;
	server->provision_deadline_ms = context->now_ms + config->provision_timeout_ms;
	server->deadline_ms = server->provision_deadline_ms;
	server->enabled = true;
	server->for_session = for_session != NULL && for_session[0] != '\0';
	server->settings = config->server;
	server->token_issued_ms = context->now_ms;
	server->token_expires_ms = context->now_ms + token_ms;
	return 0;
}

/* Its key pair: the public half on the row, the private one among the secrets. */
static int plan_key(struct tx *tx, struct life_context *context, struct server *server,
		    struct hr_error *err)
{
	uint8_t seed[32];
	char *private_key = NULL, *public_key = NULL;
	int result;

	id_source_bytes(&context->ids, seed, sizeof(seed));
	result = ssh_key_make(seed, server->name, &private_key, &public_key, err);
	OPENSSL_cleanse(seed, sizeof(seed));
	if (result < 0)
		return -1;
	text_copy(server->public_key, sizeof(server->public_key), public_key);
	result = secret_put(tx, "server", server->id, "ssh_private_key", private_key,
			    strlen(private_key), err);
	OPENSSL_clear_free(private_key, strlen(private_key));
	free(public_key);
	return result;
}

int life_order(struct tx *tx, struct life_context *context, const struct server *server,
	       enum operation_kind kind, bool urgent, struct hr_error *err)
{
	struct operation *operation = calloc(1, sizeof(*operation));
	int result;

	if (!operation)
		return error_no_memory(err, "ordering an operation");
	id_new(&context->ids, operation->id);
	operation->kind = kind;
	operation->state = OPERATION_DUE;
	text_copy(operation->server_id, sizeof(operation->server_id), server->id);
	text_copy(operation->provider_config_id, sizeof(operation->provider_config_id),
		  server->provider_config_id);
	operation->due_ms = context->now_ms;
	text_copy(operation->config_id, sizeof(operation->config_id), server->config_id);
	operation->created_ms = context->now_ms;
	operation->urgent = urgent;
	operation->by_person = context->by_person;
	operation->percent = -1;
	result = operation_insert(tx, operation, err);
	event_because_of_operation(tx, operation->id, server->id);
	free(operation);
	return result;
}

int life_finish(struct tx *tx, struct life_context *context, const struct server *server,
		enum operation_kind kind, enum operation_state state, struct hr_error *err)
{
	struct operation *operation = calloc(1, sizeof(*operation));
	struct hr_error why = {0};
	int result;

	if (!operation)
		return error_no_memory(err, "ending an operation");
	result = operation_get_unfinished(tx, server->id, kind, operation, &why);
	if (result == 0) {
		operation->state = state;
		operation->finished_ms = context->now_ms;
		result = operation_update(tx, operation, err);
		event_because_of_operation(tx, operation->id, server->id);
	} else if (why.class == HR_NOT_FOUND) {
		result = 0;
	} else {
		*err = why;
	}
	free(operation);
	return result;
}

/* A server for somebody who waits comes from that session's request. */
static int plan_cause(struct tx *tx, const char *for_session, struct hr_error *err)
{
	struct hr_error why = {0};
	struct session session = {0};

	if (for_session && for_session[0] && session_get(tx, for_session, &session, &why) < 0 &&
	    why.class != HR_NOT_FOUND) {
		*err = why;
		return -1;
	}
	event_because_of_request(tx, session.cause);
	return 0;
}

int life_plan(struct tx *tx, struct life_context *context, const struct autoscale_config *config,
	      const char *provider_config_name, int64_t provider_revision, int64_t max_instances,
	      const char *for_session, const char *reason, struct server *ret_server,
	      struct hr_error *err)
{
	struct config_state state;

	if (plan_cause(tx, for_session, err) < 0)
		return -1;
	plan_row(context, config, provider_revision, for_session, ret_server);
	/* The key is put on the row before the row is inserted, its secret after that: at
	 * max_instances nothing may have been written. */
	if (server_insert(tx, ret_server, max_instances, err) < 0)
		return -1;
	if (plan_key(tx, context, ret_server, err) < 0 || server_update(tx, ret_server, err) < 0 ||
	    life_order(tx, context, ret_server, OPERATION_CREATE, ret_server->for_session, err) <
		    0 ||
	    config_state_get(tx, config->id, &state, err) < 0)
		return life_half_done(err);
	state.last_planned_ms = context->now_ms;
	if (config_state_put(tx, config->id, &state, err) < 0)
		return life_half_done(err);
	if (life_event(tx, context->now_ms, ret_server, for_session, "server.planned",
		       "%s is planned by %s at %s: %s", ret_server->name, config->name,
		       provider_config_name, reason) < 0)
		return error_set(err, HR_INTERNAL, "an event could not be stored");
	return 0;
}

/* Writes the row and the event of one change. */
static int life_write(struct tx *tx, struct life_context *context, struct server *server,
		      const char *kind, const char *what, const char *reason, struct hr_error *err)
{
	bool why = reason && reason[0];

	if (server_update(tx, server, err) < 0)
		return -1;
	if (life_event(tx, context->now_ms, server, NULL, kind, "%s %s%s%s", server->name, what,
		       why ? ": " : "", why ? reason : "") < 0)
		return error_set(err, HR_INTERNAL, "an event could not be stored");
	return 0;
}

int life_cancel(struct tx *tx, struct life_context *context, struct server *server,
		const char *reason, struct hr_error *err)
{
	if (server->state != SERVER_PLANNED || server->ever_created)
		return error_set(err, HR_CONFLICT,
				 "server %s is %s: only a planned one can be cancelled; drain or "
				 "destroy it",
				 server->name, server_state_name(server->state));
	if (life_finish(tx, context, server, OPERATION_CREATE, OPERATION_CANCELLED, err) < 0 ||
	    secret_delete_all(tx, "server", server->id, err) < 0)
		return life_half_done(err);
	life_enter(server, SERVER_GONE, context->now_ms, "");
	if (life_write(tx, context, server, "server.cancelled",
		       "is cancelled before anything was sent", reason, err) < 0)
		return life_half_done(err);
	return 0;
}

int life_creating(struct tx *tx, struct life_context *context, struct server *server,
		  struct hr_error *err)
{
	struct document document = {0};
	struct autoscale_config config;
	int64_t timeout;

	if (life_config(tx, server, &document, &config, err) < 0)
		return -1;
	timeout = config.create_timeout_ms;
	document_clear(&document);
	life_enter(server, SERVER_CREATING, context->now_ms, "being created");
	server->deadline_ms = phase_deadline(server, context->now_ms, timeout);
	server->ever_created = true;
	return life_write(tx, context, server, "server.creating", "is being created", NULL, err);
}

int life_created(struct tx *tx, struct life_context *context, struct server *server,
		 const char *instance_id, struct hr_error *err)
{
	struct document document = {0};
	struct autoscale_config config;
	char what[320];
	int64_t timeout;

	text_copy(server->instance_id, sizeof(server->instance_id), instance_id);
	if (server->state != SERVER_CREATING)
		return server_update(tx, server, err);
	if (life_config(tx, server, &document, &config, err) < 0)
		return -1;
	timeout = config.boot_timeout_ms;
	document_clear(&document);
	life_enter(server, SERVER_BOOTING, context->now_ms, "booting");
	server->deadline_ms = phase_deadline(server, context->now_ms, timeout);
	text_format(what, sizeof(what), "boots as instance %s", server->instance_id);
	return life_write(tx, context, server, "server.booting", what, NULL, err);
}

int life_reachable(struct tx *tx, struct life_context *context, struct server *server,
		   struct hr_error *err)
{
	struct document document = {0};
	struct autoscale_config config;
	char what[320];

	if (server->state != SERVER_BOOTING)
		return server_update(tx, server, err);
	if (server->ready_ms != 0)
		return life_running(tx, context, server, "it had checked in before", err);
	if (life_config(tx, server, &document, &config, err) < 0)
		return -1;
	document_clear(&document);
	if (!config.require_checkin && config.probe && !context->no_probes)
		return 0;
	if (!config.require_checkin)
		return life_running(tx, context, server, "its instance runs and has an address",
				    err);
	life_enter(server, SERVER_CHECKING_IN, context->now_ms, "waiting for its check-in");
	server->deadline_ms = phase_deadline(server, context->now_ms, config.checkin_timeout_ms);
	text_format(what, sizeof(what), "runs at %s and has to check in", server->address);
	return life_write(tx, context, server, "server.checking_in", what, NULL, err);
}

int life_running(struct tx *tx, struct life_context *context, struct server *server,
		 const char *reason, struct hr_error *err)
{
	bool reachable = server->state >= SERVER_BOOTING && server->address[0] != '\0';

	if (!server_on_the_way(server->state) || server->state == SERVER_PLANNED)
		return 0;
	if (server->ready_ms == 0)
		server->ready_ms = context->now_ms;
	if (!reachable) {
		text_copy(server->stage, sizeof(server->stage), "ready, waiting for its address");
		return server_update(tx, server, err);
	}
	life_enter(server, SERVER_RUNNING, context->now_ms, "");
	server->percent = 100;
	server->idle_since_ms = context->now_ms;
	server->ready_ms = context->now_ms;
	if (pause_config_worked(tx, context, server->config_id, err) < 0)
		return -1;
	return life_write(tx, context, server, "server.running", "is running", reason, err);
}

/* Draining precedes every destroy; with nobody on it both happen here. */
static int destroy_now(struct tx *tx, struct life_context *context, struct server *server,
		       const char *reason, struct hr_error *err)
{
	if (life_finish(tx, context, server, OPERATION_CREATE, OPERATION_CANCELLED, err) < 0 ||
	    life_order(tx, context, server, OPERATION_DESTROY, false, err) < 0)
		return life_half_done(err);
	life_enter(server, SERVER_DESTROYING, context->now_ms, "being destroyed");
	server->deadline_ms = context->now_ms + LIFE_STUCK_AFTER_MS;
	if (life_write(tx, context, server, "server.destroying", "is being destroyed", reason,
		       err) < 0)
		return life_half_done(err);
	return 0;
}

int life_drain(struct tx *tx, struct life_context *context, struct server *server, bool only_idle,
	       const char *reason, struct hr_error *err)
{
	if (server->state == SERVER_PLANNED)
		return life_cancel(tx, context, server, reason, err);
	if (server_on_the_way(server->state))
		return destroy_now(tx, context, server, reason, err);
	if (server->state != SERVER_RUNNING && server->state != SERVER_DRAINING)
		return 0;
	if (server_recount_sessions(tx, server, context->now_ms, err) < 0)
		return -1;
	if (server->sessions == 0)
		return destroy_now(tx, context, server, reason, err);
	if (only_idle)
		return error_set(err, HR_CONFLICT, "server %s has %lld sessions", server->name,
				 (long long)server->sessions);
	if (server->state == SERVER_DRAINING)
		return 0;
	life_enter(server, SERVER_DRAINING, context->now_ms, "draining");
	return life_write(tx, context, server, "server.draining",
			  "takes no more sessions and goes when its last one ends", reason, err);
}

int life_undrain(struct tx *tx, struct life_context *context, struct server *server,
		 const char *reason, bool *ret_running, struct hr_error *err)
{
	bool ran = server->ready_ms != 0 && server->failure[0] == '\0' &&
		   server->address[0] != '\0' && server->instance_id[0] != '\0';

	*ret_running =
		ran && (server->state == SERVER_DESTROYING || server->state == SERVER_DRAINING);
	if (!*ret_running)
		return 0;
	if (life_finish(tx, context, server, OPERATION_DESTROY, OPERATION_FAILED, err) < 0)
		return -1;
	life_enter(server, SERVER_RUNNING, context->now_ms, "");
	server->percent = 100;
	server->idle_since_ms = context->now_ms;
	/* One that is used up serves nobody any more: its removal is tried again. */
	if (!server->settings.reusable && server->sessions_ever > 0)
		server->deadline_ms = context->now_ms + PROTECTED_AGAIN_MS;
	return life_write(tx, context, server, "server.protected",
			  "is running again: the provider refuses to delete it", reason, err);
}

/* Somebody asks for what was ordered already: it goes now, whatever it waits for. */
static int hurry_destroy(struct tx *tx, struct life_context *context, const struct server *server,
			 struct hr_error *err)
{
	struct operation *operation = calloc(1, sizeof(*operation));
	struct hr_error why = {0};
	int result;

	if (!operation)
		return error_no_memory(err, "hurrying an operation");
	result = operation_get_unfinished(tx, server->id, OPERATION_DESTROY, operation, &why);
	/* One that is begun already was counted, and no brake holds it. */
	if (result == 0 && operation->started_ms == 0) {
		operation->by_person = true;
		operation->due_ms = context->now_ms;
		result = operation_update(tx, operation, err);
	} else if (result < 0 && why.class == HR_NOT_FOUND) {
		result = 0;
	} else if (result < 0) {
		*err = why;
	}
	free(operation);
	return result;
}

int life_destroy(struct tx *tx, struct life_context *context, struct server *server,
		 const char *reason, struct hr_error *err)
{
	if (server->state == SERVER_PLANNED && !server->ever_created)
		return life_cancel(tx, context, server, reason, err);
	if (server->state == SERVER_GONE)
		return 0;
	if (server->state == SERVER_DESTROYING)
		return context->by_person ? hurry_destroy(tx, context, server, err) : 0;
	if (life_end_sessions(tx, context, server, reason, err) < 0)
		return -1;
	return destroy_now(tx, context, server, reason, err);
}

int life_gone(struct tx *tx, struct life_context *context, struct server *server,
	      const char *reason, struct hr_error *err)
{
	if (server->state == SERVER_GONE)
		return 0;
	if (life_finish(tx, context, server, OPERATION_CREATE, OPERATION_CANCELLED, err) < 0 ||
	    life_finish(tx, context, server, OPERATION_DESTROY, OPERATION_DONE, err) < 0 ||
	    secret_delete_all(tx, "server", server->id, err) < 0)
		return -1;
	life_enter(server, SERVER_GONE, context->now_ms, "");
	return life_write(tx, context, server, "server.gone", "is gone", reason, err);
}
