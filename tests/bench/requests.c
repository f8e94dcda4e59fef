/* SPDX-License-Identifier: Apache-2.0 */
/* bench-requests PORT TOKEN-FILE POOL PER-SECOND NUMBER: asks for sessions at a fixed rate, whether or
 * not those before are answered (open loop). Prints "SESSION-ID NANOSECONDS" of each: the time at which it
 * was due to be asked for, so that a request that could not be sent in time is not flattered. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "client.h"
#include "measure.h"

#define CONNECTIONS 200
#define WAIT_NS ((int64_t)20 * 1000000000)

static void answered(void *context, struct client_conn *conn)
{
	const char *id = strstr(conn->body, "\"id\":");
	long *left = context;

	if (conn->status != 201 || !id)
		measure_fail("status %d: %s", conn->status, conn->body);
	id += strlen("\"id\":");
	id += strspn(id, " \"");
	printf("%.36s %lld\n", id, (long long)conn->sent_ns);
	(*left)--;
}

static struct client_conn *idle_conn(struct client *client)
{
	for (size_t i = 0; i < client->n; i++)
		if (!client->conns[i].busy)
			return &client->conns[i];
	measure_fail("%d requests wait for their answers", CONNECTIONS);
}

int main(int argc, char **argv)
{
	struct client client;
	int64_t begun_ns, gap_ns, now_ns;
	long n, left, sent = 0;
	char body[512];

	if (argc != 6)
		measure_fail("bench-requests PORT TOKEN-FILE POOL PER-SECOND NUMBER");
	gap_ns = 1000000000 / measure_count(argv[4]);
	left = n = measure_count(argv[5]);
	client_open(&client, (int)measure_count(argv[1]), argv[2], CONNECTIONS);
	begun_ns = measure_now_ns() + gap_ns;
	while (left > 0) {
		int64_t due_ns = begun_ns + sent * gap_ns;

		now_ns = measure_now_ns();
		if (now_ns > begun_ns + n * gap_ns + WAIT_NS)
			measure_fail("%ld requests were never answered", left);
		if (sent < n && now_ns >= due_ns) {
			struct client_conn *conn = idle_conn(&client);

			conn->sent_ns = due_ns;
			text_format(body, sizeof(body),
				    "{\"pool\": \"%s\", \"user\": \"user-%ld\"}", argv[3], ++sent);
			client_send(&client, conn, "POST", "/api/v1/sessions", body);
		}
		client_wait(&client, sent < n && due_ns - now_ns < 2000000 ? 0 : 1, answered,
			    &left);
	}
	client_close(&client);
	return 0;
}
