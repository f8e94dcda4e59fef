/* SPDX-License-Identifier: Apache-2.0 */
/* One request and its answer, from the first byte of the one to the last of the other. Belongs to
 * the HTTP server's thread; while it is handed over, to whoever has it. */
#ifndef HR_API_EXCHANGE_H
#define HR_API_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>
#include <microhttpd.h>

#include "api/server.h"
#include "base/id.h"
#include "engine/life.h"
#include "model/document.h"
#include "store/secret_rows.h"
#include "store/store.h"

#define BODY_MAX ((size_t)1 << 20)
#define PARAM_SIZE 128

struct route;

/* What the engine is told after the commit. */
enum notice_kind { NOTICE_POOL, NOTICE_DOCUMENT, NOTICE_OPERATIONS };
struct notice {
	enum notice_kind kind;
	enum document_kind document;
	char id[ID_SIZE];
};

enum exchange_stage {
	EXCHANGE_RECEIVING,
	EXCHANGE_REFUSED, /* the answer is known; what still comes is thrown away */
	EXCHANGE_WAITING, /* handed over */
	EXCHANGE_BACK,    /* came back; to be answered */
	EXCHANGE_ANSWERED
};

/* Inside a transaction: fills exchange->result and the rest of the answer. May run again. */
typedef int (*exchange_run)(struct tx *tx, struct exchange *exchange, struct hr_error *err);

struct exchange {
	struct api *api;
	struct MHD_Connection *connection;
	struct listener *listener;
	struct peer *peer; /* NULL: none could be made */
	const struct route *route;
	char params[2][PARAM_SIZE]; /* of the path */
	char path[256];             /* without the query */
	char method[16];
	char request_id[REQUEST_ID_SIZE];
	int64_t started_ms; /* monotonic */
	bool reading;       /* GET or HEAD */
	bool last;          /* the connection is closed after it */

	enum token_role role;
	char who[64]; /* the token's name; by the socket: in words */
	bool by_token;
	uint8_t token_hash[32];

	char *body;
	size_t body_len, body_size;
	bool body_too_large;
	json_t *input; /* the body; NULL: none */

	enum exchange_stage stage;
	exchange_run run;
	struct id_source seed;
	struct life_context context;
	struct notice *notices;
	size_t n_notices;
	struct hr_error error; /* class 0: none */

	int status;     /* 0: 200 */
	json_t *result; /* the answer; or text */
	char *text;
	struct MHD_Response
		*response; /* in place of both: headers are added, it is sent and released */
	const char *content_type;
	char etag[32];
	char location[200];
};

/* What a handler gives: answered (0), failed (-1), or: */
#define EXCHANGE_HANDED_OVER 1

/* Runs now, on a committed state. For handlers that only read. */
int exchange_read(struct exchange *exchange, exchange_run run, struct hr_error *err);

/* Hands the transaction over and suspends; gives EXCHANGE_HANDED_OVER or -1. */
int exchange_write(struct exchange *exchange, exchange_run run, struct hr_error *err);

/* For other work than the store's: suspends; whoever has it then calls exchange_resume once, on any
 * thread, after filling in the answer or the error. HR_TRANSIENT: the API is stopping. */
int exchange_suspend(struct exchange *exchange, struct hr_error *err);
void exchange_resume(struct exchange *exchange);

/* In run: after the commit the engine is told. */
int exchange_notice(struct exchange *exchange, enum notice_kind kind, enum document_kind document,
		    const char *id, struct hr_error *err);

/* Takes json over as the answer; NULL counts as no memory. */
int exchange_answer(struct exchange *exchange, json_t *json, struct hr_error *err);

/* The value of a query parameter, or NULL. Borrowed. */
const char *exchange_query(struct exchange *exchange, const char *name);
bool exchange_query_true(struct exchange *exchange, const char *name);
/* Within the limits, fallback where it is not given. HR_INVALID. */
int exchange_query_number(struct exchange *exchange, const char *name, int64_t minimum,
			  int64_t maximum, int64_t fallback, int64_t *ret, struct hr_error *err);
const char *exchange_header(struct exchange *exchange, const char *name);

/* The HTTP library's callbacks. */
enum MHD_Result exchange_handle(void *context, struct MHD_Connection *connection, const char *url,
				const char *method, const char *version, const char *upload_data,
				size_t *upload_data_size, void **con_cls);
void exchange_completed(void *context, struct MHD_Connection *connection, void **con_cls,
			enum MHD_RequestTerminationCode why);

#endif
