/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of the channel between the daemon and a host process. One table says of each what it
 * is called, who sends it and which members of which struct it carries; encoder, decoder, tracer and
 * fuzzer go by it, so that no message is described twice. Not here: how frames travel
 * (core/provider/frame.h) and what messages do.
 *
 * A head is text: the message's name, its id, then the members that are set, in the table's order:
 *   answer 7 result=17 error={class=17 message=8:no quota } instances=1[{instance_id=3:i-1 } ]
 * Integers are decimal, a flag is "+", a text is its length and its bytes (UTF-8, no NUL), an object is a text
 * that is JSON, a list has its count before it. Everything ends with a space or its bracket. */
#ifndef HR_PROVIDER_WIRE_H
#define HR_PROVIDER_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "provider/dispatch.h"
#include "provider/frame.h"

enum wire_side { WIRE_DAEMON = 1, WIRE_HOST = 2 };

enum wire_kind {
	/* The daemon's. Operations carry a struct wire_request, their id is the call's. */
	WIRE_OPEN,
	WIRE_CLOSE, /* of a seat that no call uses any more */
	WIRE_CHECK,
	WIRE_CREATE,
	WIRE_STATUS,
	WIRE_LIST,
	WIRE_DESTROY,
	WIRE_INJECT,
	WIRE_PROBE,       /* its frame brings the connection to ask on */
	WIRE_CANCEL,      /* id: of the call; nothing else */
	WIRE_HTTP_ANSWER, /* id: of the request; struct wire_http_answer */
	WIRE_SECRET_ANSWER,
	/* The host's. */
	WIRE_READY,     /* the module is loaded; struct wire_ready */
	WIRE_REFUSED,   /* it cannot be loaded; the process ends; struct wire_refused */
	WIRE_ANSWER,    /* id: of the call; struct dispatch_answer */
	WIRE_INSTANCES, /* id: of the call, before its answer: some of them, struct dispatch_answer */
	WIRE_INSTANCE, /* id: of the call: the instance id as soon as known, struct dispatch_answer */
	WIRE_HTTP,     /* id: the host's own; struct wire_http */
	WIRE_SECRET,   /* id: the host's own; struct wire_secret */
	WIRE_LOG,      /* id: of the call; struct wire_log */
	WIRE_FORBIDDEN,   /* a system call was refused to the module; struct wire_forbidden */
	WIRE_DESCRIPTION, /* of headroom-host --describe; struct description */
	WIRE_EXHAUSTED,   /* it crashes for want of memory; struct wire_exhausted */
	WIRE_KINDS
};

#define WIRE_INSTANCES_AT_ONCE 256
#define WIRE_STATUS_MAX 10000 /* instance ids of one status */
#define WIRE_PROBLEMS_MAX 64  /* of one check */
#define WIRE_HEADERS_MAX 256  /* of one HTTP message */
#define WIRE_OVERRIDES_MAX 262144

/* Of a request, in bytes where nothing else is said. The HTTP service's own limits (core/http/http.h),
 * which a host that asks has to know: wire_table.c compares them. */
#define WIRE_METHOD_MAX 32
#define WIRE_URL_MAX 16384
#define WIRE_REQUEST_HEADERS_MAX 64 /* of them */
#define WIRE_HEADER_NAME_MAX 1024
#define WIRE_HEADER_BYTES_MAX 65536 /* names and values together */
#define WIRE_HTTP_BODY_MAX (16u << 20)

/* An operation. */
struct wire_request {
	uint64_t seat;              /* which opened account; OPEN: the number that it is to get */
	char installation[ID_SIZE]; /* OPEN */
	struct dispatch_request request;
};

struct wire_ready {
	uint32_t workers; /* calls at once that the host can run */
	uint32_t sandbox; /* WIRE_SANDBOX_* */
};

enum { WIRE_SANDBOX_FILTER = 1u << 0, WIRE_SANDBOX_LANDLOCK = 1u << 1 };

struct wire_refused {
	struct hr_error error;
};

struct wire_http_header {
	char *name;
	char *value;
};

struct wire_http {
	uint64_t call;
	uint32_t flags; /* HR_HTTP_* */
	uint32_t timeout_ms;
	char *method;
	char *url;
	struct wire_http_header *headers;
	size_t n_headers;
	char *body;
	size_t body_len;
};

struct wire_http_answer {
	int32_t result; /* HR_OK or the error's class */
	int32_t status;
	int64_t retry_after_ms;
	bool is_second; /* as in struct http_answer */
	char request_id[128];
	struct hr_error error;
	struct wire_http_header *headers;
	size_t n_headers;
	char *body;
	size_t body_len;
};

struct wire_secret {
	uint64_t call;
	char key[64];
};

struct wire_secret_answer {
	int32_t result;
	struct hr_error error;
	char *value;
	size_t value_len;
};

struct wire_log {
	int32_t level; /* HR_LOG_* */
	char text[4097];
};

struct wire_forbidden {
	char name[32]; /* of the system call */
	uint32_t count;
};

struct wire_exhausted {
	uint32_t limit_mib; /* what it may have, and has used */
};

/* ---- The table ---- */

enum wire_type {
	WIRE_TEXT,   /* char[size] */
	WIRE_STRING, /* char *, malloc'ed; NULL: absent */
	WIRE_BODY,   /* the frame's body: char * and, where counted, its length; one a message */
	WIRE_INTEGER, /* int32_t, uint32_t, int64_t, uint64_t by size; enums; never above INT64_MAX */
	WIRE_FLAG,    /* bool */
	WIRE_OBJECT,  /* json_t *, an object */
	WIRE_STRINGS, /* char ** and its count */
	WIRE_WORDS,   /* char **, NULL-terminated */
	WIRE_RECORD,  /* a struct within */
	WIRE_RECORDS  /* an array of structs, and its count */
};

enum {
	WIRE_SECRET_FIELD = 1u << 0, /* never in traces */
	WIRE_NAME_FIELD = 1u << 1    /* no control characters */
};

#define WIRE_NOT_COUNTED SIZE_MAX

struct wire_field {
	const char *name;
	enum wire_type type;
	uint32_t flags;
	size_t offset;
	size_t size;                     /* of the member; RECORDS: of one of them */
	size_t count_offset;             /* of the size_t with length or count */
	size_t maximum;                  /* bytes of a STRING, items of others */
	const struct wire_field *fields; /* of a record */
	size_t n_fields;
};

struct wire_message {
	const char *name;
	enum wire_side from;
	size_t size; /* of the struct; 0: none */
	const struct wire_field *fields;
	size_t n_fields;
};

extern const struct wire_message wire_messages[WIRE_KINDS];

/* The operation's message. */
enum wire_kind wire_of_dispatch(enum dispatch_kind kind);

/* ---- Coding. Any thread. ---- */

/* value: the message's struct, NULL where it has none. The caller clears *ret_frame. HR_INTERNAL:
 * no memory, or the message is longer than a frame can be. */
int wire_encode(enum wire_kind kind, uint64_t id, const void *value, struct frame *ret_frame,
		struct hr_error *err);

/* A frame from that side. What is not as the table says is HR_INTERNAL with the reason. The caller
 * frees *ret_value (NULL where the message has none) with wire_free. The frame's body may go over
 * into the value; the frame is still to be cleared. */
int wire_decode(struct frame *frame, enum wire_side from, enum wire_kind *ret_kind,
		uint64_t *ret_id, void **ret_value, struct hr_error *err);

/* Wipes what is secret, and frees the value with all that it points to. */
void wire_free(enum wire_kind kind, void *value);

/* The same without the struct itself. */
void wire_clear(enum wire_kind kind, void *value);

/* "create #7 server_id=... script=(412 bytes)": for debugging; secrets masked, cut to size. */
void wire_trace(enum wire_kind kind, uint64_t id, const void *value, char *buf, size_t size);

#endif
