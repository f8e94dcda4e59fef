/* SPDX-License-Identifier: Apache-2.0 */
/* A pool in a store. */
#include "pool_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

struct life_context life = {.now_ms = NOW};

static int last_number;

/* What each kind cannot do without. */
static json_t *needed(struct tx *tx, enum document_kind kind)
{
	switch (kind) {
	case DOCUMENT_PROVIDER_CONFIG: return json_pack("{ss}", "provider", "mock");
	case DOCUMENT_AUTOSCALE_CONFIG:
		return json_pack("{ss ss ss ss}", "pool", document_id(tx, DOCUMENT_POOL, "demo"),
				 "zone", document_id(tx, DOCUMENT_ZONE, "here"), "provider_config",
				 document_id(tx, DOCUMENT_PROVIDER_CONFIG, "acct"),
				 "connection_type", "SSH");
	default: return json_object();
	}
}

void put_document(struct tx *tx, enum document_kind kind, const char *name, const char *fields)
{
	struct document document = {.kind = kind, .created_ms = NOW, .changed_ms = NOW};
	json_t *input = needed(tx, kind), *more = json_loads(fields, 0, NULL);
	struct hr_error err = {0};

	ck_assert_msg(more != NULL, "%s", fields);
	ck_assert_int_eq(json_object_update(input, more), 0);
	ck_assert_int_eq(json_object_set_new(input, "name", json_string(name)), 0);
	must(document_normalize(kind, input, 0, &document.body, &err));
	text_copy(document.id, sizeof(document.id), id_of(700000 + ++last_number));
	text_copy(document.name, sizeof(document.name), name);
	must(document_put(tx, &document, NULL, &err));
	json_decref(more);
	json_decref(input);
	document_clear(&document);
}

void put_pool(struct tx *tx, const char *pool_fields, const char *config_fields)
{
	put_document(tx, DOCUMENT_ZONE, "here", "{}");
	put_document(tx, DOCUMENT_PROVIDER_CONFIG, "acct", "{}");
	put_document(tx, DOCUMENT_POOL, "demo", pool_fields);
	put_document(tx, DOCUMENT_AUTOSCALE_CONFIG, "demo-a", config_fields);
}

const char *document_id(struct tx *tx, enum document_kind kind, const char *name)
{
	static char ids[8][ID_SIZE];
	static int turn;
	char *id = ids[turn++ % 8];
	struct document document = {0};
	struct hr_error err = {0};

	must(document_get_by_name(tx, kind, name, &document, &err));
	text_copy(id, ID_SIZE, document.id);
	document_clear(&document);
	return id;
}

struct server add_booting(struct tx *tx, const char *config_name)
{
	struct document document = {0};
	struct autoscale_config config;
	struct hr_error err = {0};
	struct server server;

	must(document_get_by_name(tx, DOCUMENT_AUTOSCALE_CONFIG, config_name, &document, &err));
	autoscale_config_read(&document, &config);
	must(life_plan(tx, &life, &config, "acct", 1, -1, NULL, "for the test", &server, &err));
	document_clear(&document);
	server.state = SERVER_BOOTING;
	server.ever_created = true;
	text_format(server.instance_id, sizeof(server.instance_id), "i-%.8s", server.id);
	text_copy(server.address, sizeof(server.address), "127.0.0.1");
	must(server_update(tx, &server, &err));
	return server;
}

struct server add_running(struct tx *tx, const char *config_name)
{
	struct server server = add_booting(tx, config_name);
	struct hr_error err = {0};

	must(life_running(tx, &life, &server, "for the test", &err));
	ck_assert_int_eq(server.state, SERVER_RUNNING);
	return server;
}

struct server get_server(struct tx *tx, const char *id)
{
	struct hr_error err = {0};
	struct server server;

	must(server_get(tx, id, &server, &err));
	return server;
}

struct session get_session(struct tx *tx, const char *id)
{
	struct hr_error err = {0};
	struct session session;

	must(session_get(tx, id, &session, &err));
	return session;
}

int count_events(struct tx *tx, const char *kind, char last[768])
{
	const struct event_query query = {.limit = 1000};
	struct event *events = NULL;
	struct hr_error err = {0};
	size_t n = 0;
	int count = 0;

	must(event_list(tx, &query, &events, &n, &err));
	for (size_t i = 0; i < n; i++) {
		if (strcmp(events[i].kind, kind) != 0)
			continue;
		count++;
		if (last)
			memcpy(last, events[i].message, sizeof(events[i].message));
	}
	free(events);
	return count;
}
