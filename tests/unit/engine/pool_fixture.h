/* SPDX-License-Identifier: Apache-2.0 */
/* A pool with its zone, account and config in a real store, and servers in the states that a test
 * needs. All of it inside a transaction. */
#ifndef HR_TESTS_UNIT_ENGINE_POOL_FIXTURE_H
#define HR_TESTS_UNIT_ENGINE_POOL_FIXTURE_H

#include "../store/fixture.h"
#include "engine/life.h"
#include "model/autoscale_config.h"
#include "model/pool.h"

#define NOW INT64_C(1800000000000)

extern struct life_context life; /* of the present test, at NOW */

/* Fails the test unless it is stored. Fields: a JSON text that is laid over what the kind needs. */
void put_document(struct tx *tx, enum document_kind kind, const char *name, const char *fields);

/* Zone "here", account "acct", pool "demo" with the fields, config "demo-a" with the fields. */
void put_pool(struct tx *tx, const char *pool_fields, const char *config_fields);

/* The stored one's id; borrowed until eight more are asked for. */
const char *document_id(struct tx *tx, enum document_kind kind, const char *name);

/* A server of the config that boots at 127.0.0.1, or that runs. */
struct server add_booting(struct tx *tx, const char *config);
struct server add_running(struct tx *tx, const char *config);

struct server get_server(struct tx *tx, const char *id);
struct session get_session(struct tx *tx, const char *id);

/* How many events of the kind there are; the last one's message in last (may be NULL). */
int count_events(struct tx *tx, const char *kind, char last[768]);

#endif
