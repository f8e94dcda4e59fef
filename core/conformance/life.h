/* SPDX-License-Identifier: Apache-2.0 */
/* A server's life by the module, as the engine leads it: steps called again with their tokens, attempts
 * counted, an instance's id kept as soon as it is known. */
#ifndef HR_CONFORMANCE_LIFE_H
#define HR_CONFORMANCE_LIFE_H

#include "conformance/subject.h"

struct server {
	char id[ID_SIZE];
	char name[64];
	char idempotency_token[ID_SIZE];
	char instance_id[256]; /* "": not known */
	char *resume_token;    /* of the step under way; or NULL */
	enum dispatch_kind step;
	uint32_t attempt;
};

/* From now on servers have the same ids in each run of the program, so that a cassette's requests come again. */
void life_repeat(void);

/* A server that nobody has made yet. */
void life_server(struct server *ret);
/* Frees what it holds; the instance is the provider's matter. */
void life_forget(struct server *server);

/* One call of a step, or a status, list or check. The caller frees the answer; NULL: no memory. */
struct dispatch_answer *life_call(struct subject *subject, enum dispatch_kind kind,
				  struct server *server);

/* A step until it is done, through errors. Whether it was in LIFE_PATIENCE_MS; else ret_why. */
#define LIFE_PATIENCE_MS 15000
bool life_finish(struct subject *subject, enum dispatch_kind kind, struct server *server,
		 char ret_why[256]);

/* How many instances of this server a complete list has, once it has `wanted` or the provider's lists have had time
 * (LIFE_LAG_MS) to come to it. -1: no list was complete. */
#define LIFE_LAG_MS 5000
int life_count(struct subject *subject, const struct server *server, int wanted);

#endif
