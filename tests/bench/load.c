/* SPDX-License-Identifier: Apache-2.0 */
/* bench-load: a closed loop over so many connections for so many seconds, after one second that is not
 * counted.
 *   bench-load reads PORT TOKEN-FILE CONNECTIONS SECONDS PATH     ("-" for no token)
 *   bench-load sessions PORT TOKEN-FILE CONNECTIONS SECONDS POOL  each round asks for a session of a
 * new user, which must be on a server at once, and ends it */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "client.h"
#include "measure.h"

#define WARM_NS 1000000000

struct load {
	struct client client;
	const char *target; /* path or pool */
	bool sessions;
	long last_user;
	long rounds;
	int64_t counted_from_ns;
};

static void next_request(struct load *load, struct client_conn *conn)
{
	char body[512], path[96];

	if (!load->sessions) {
		client_send(&load->client, conn, "GET", load->target, NULL);
		return;
	}
	if (conn->step == 0) {
		text_format(body, sizeof(body), "{\"pool\": \"%s\", \"user\": \"user-%ld\"}",
			    load->target, ++load->last_user);
		client_send(&load->client, conn, "POST", "/api/v1/sessions", body);
	} else {
		text_format(path, sizeof(path), "/api/v1/sessions/%s", conn->id);
		client_send(&load->client, conn, "DELETE", path, NULL);
	}
}

/* Of a flat object of texts, as compact JSON writes it. */
static void read_field(const char *body, const char *key, char *buf, size_t size)
{
	char begin[40];
	const char *at;

	text_format(begin, sizeof(begin), "\"%s\":", key);
	at = strstr(body, begin);
	if (!at)
		measure_fail("an answer without \"%s\": %s", key, body);
	at += strlen(begin);
	at += strspn(at, " \"");
	text_format(buf, size, "%.*s", (int)strcspn(at, "\""), at);
}

static void check_session(struct client_conn *conn)
{
	char state[16];

	if (conn->status != (conn->step == 0 ? 201 : 200))
		measure_fail("status %d: %s", conn->status, conn->body);
	read_field(conn->body, "state", state, sizeof(state));
	if (strcmp(state, conn->step == 0 ? "active" : "ended") != 0)
		measure_fail("a session is %s: %s", state, conn->body);
	if (conn->step == 0)
		read_field(conn->body, "id", conn->id, sizeof(conn->id));
}

static void answered(void *context, struct client_conn *conn)
{
	struct load *load = context;

	if (load->sessions) {
		check_session(conn);
		conn->step = !conn->step;
	} else if (conn->status != 200) {
		measure_fail("status %d: %s", conn->status, conn->body);
	}
	load->rounds += conn->step == 0 && measure_now_ns() >= load->counted_from_ns;
	next_request(load, conn);
}

int main(int argc, char **argv)
{
	struct load load = {0};
	int64_t end_ns;
	long seconds;

	if (argc != 7)
		measure_fail("bench-load reads|sessions PORT TOKEN-FILE CONNECTIONS SECONDS WHAT");
	load.sessions = strcmp(argv[1], "sessions") == 0;
	load.target = argv[6];
	seconds = measure_count(argv[5]);
	client_open(&load.client, (int)measure_count(argv[2]),
		    strcmp(argv[3], "-") == 0 ? NULL : argv[3], (size_t)measure_count(argv[4]));
	load.counted_from_ns = measure_now_ns() + WARM_NS;
	end_ns = load.counted_from_ns + seconds * 1000000000;
	for (size_t i = 0; i < load.client.n; i++)
		next_request(&load, &load.client.conns[i]);
	while (measure_now_ns() < end_ns)
		client_wait(&load.client, 100, answered, &load);
	measure_tell("rate", (double)load.rounds / (double)seconds);
	client_close(&load.client);
	return 0;
}
