/* SPDX-License-Identifier: Apache-2.0 */
/* Record and replay: the exchanges of an account in a JSON file, without its secrets, so that a
 * module's tests run without its provider. A request is known again by method, URL and the SHA-256
 * of its body, secrets masked. */
#ifndef HR_HTTP_CASSETTE_H
#define HR_HTTP_CASSETTE_H

#include <stdbool.h>

#include <jansson.h>

#include "http/http.h"
#include "http/request.h"
#include "http/scrub.h"

#define CASSETTE_LEN_MAX (64u << 20) /* bytes; then nothing more is recorded */

struct cassette;

/* Of <dir>/<id>.json. Replaying: it is read, HR_INVALID where it cannot be. Recording: it begins
 * empty, and replaces the file with the first exchange. */
int cassette_open(const char *dir, const char *id, bool replays, struct cassette **ret_cassette,
		  struct hr_error *err);
void cassette_free(struct cassette *cassette);

bool cassette_replays(const struct cassette *cassette);
const char *cassette_id(const struct cassette *cassette);

/* The request as the cassette has it; the caller owns it. NULL: no memory. Any thread. */
json_t *cassette_request(const struct request *request, struct scrub *scrub);

/* Appends an exchange to the file (0600). HR_QUOTA, once: it is full. The http thread. */
int cassette_record(struct cassette *cassette, json_t *request, const struct http_answer *answer,
		    struct scrub *scrub, struct hr_error *err);

/* Fills an empty answer from the first exchange with that request that has not been given yet.
 * HR_INVALID, with the first difference from the next one, where there is none. The http thread. */
int cassette_replay(struct cassette *cassette, const json_t *request,
		    struct http_answer *ret_answer, struct hr_error *err);

#endif
