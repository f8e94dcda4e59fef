/* SPDX-License-Identifier: Apache-2.0 */
/* The dispatcher: how the engine reaches modules. One interface; requests go in, answers come as
 * mail. Two implementations are meant to stand behind it, inline (core/provider/inline.c) and
 * process; nothing but those files may know the difference. The simulation has a third, in memory. */
#ifndef HR_PROVIDER_DISPATCH_H
#define HR_PROVIDER_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/id.h"
#include "base/mailbox.h"

enum dispatch_kind {
	DISPATCH_OPEN = 1, /* opens or, when open, replaces the account (edited settings) */
	DISPATCH_CLOSE,
	DISPATCH_CHECK,
	DISPATCH_CREATE,
	DISPATCH_STATUS,
	DISPATCH_LIST,
	DISPATCH_DESTROY,
	DISPATCH_INJECT,
	DISPATCH_PROBE, /* of the built-in module probe only: what speaks at an address? */
	DISPATCH_NEWS   /* of answers only: nobody asked */
};

/* What a dispatcher tells of an account unasked: each is a change of its state. */
enum dispatch_news {
	DISPATCH_NEWS_FAILED = 1, /* the module's process ended unexpectedly, or does not start */
	DISPATCH_NEWS_PAUSED,     /* it is not started again at once */
	DISPATCH_NEWS_RUNNING,    /* it runs again, with its account open */
	DISPATCH_NEWS_BREAKER_OPENED,
	DISPATCH_NEWS_BREAKER_CLOSED
};

/* Who goes first where an account's budget is short. */
enum dispatch_urgency {
	DISPATCH_FOR_USERS = 0, /* a create that somebody waits for, an open, a check */
	DISPATCH_REMOVAL,       /* destroys: they cost money and hold places */
	DISPATCH_STANDBY,       /* creates and scripts of servers that nobody waits for yet */
	DISPATCH_LOOK           /* status and lists */
};

/* A step's request; strings are copied by dispatch_submit. */
struct dispatch_step {
	char server_id[ID_SIZE];
	char server_name[64];
	char config_id[ID_SIZE]; /* for the marks */
	char idempotency_token[ID_SIZE];
	char instance_id[256];
	char host_name[64];
	uint32_t attempt;
	uint32_t guest_os; /* HR_GUEST_* */
	const char *resume_token;
	const char *script;    /* may hold secrets: wiped after use */
	const char *overrides; /* JSON text or NULL */
};

/* The account at the dispatcher that asks servers: the built-in module probe's; its settings are empty. */
#define PROBE_ACCOUNT "probe"

/* Whom a probe asks. */
struct dispatch_probe {
	char address[256]; /* numeric: no name is resolved for it */
	int64_t port;
	int32_t protocol; /* enum connection_type */
	int descriptor;   /* in the host: the connection, which is its own; else unused */
};

struct dispatch_request {
	enum dispatch_kind kind;
	uint64_t ticket;            /* the caller's; comes back in the answer */
	char account[ID_SIZE];      /* provider config id */
	char operation_id[ID_SIZE]; /* for the log; "": none */
	/* For the log: of the API's request that led to it; "": none. */
	char request_id[REQUEST_ID_SIZE];
	int64_t timeout_ms; /* from now on; the call is cancelled then */
	enum dispatch_urgency urgency;
	/* OPEN */
	const char *provider;   /* module id */
	const json_t *settings; /* the module's, secrets included; copied */
	/* CREATE, DESTROY, INJECT */
	struct dispatch_step step;
	/* STATUS */
	const char *const *instance_ids;
	size_t n_instance_ids;
	/* PROBE. Its answer's text says who spoke; server_id of `step` goes into the answer. */
	struct dispatch_probe probe;
};

struct dispatch_instance {
	char instance_id[256];
	char server_id[ID_SIZE];
	char config_id[ID_SIZE];
	char address[256];
	char status_text[256];
	uint32_t state; /* HR_STATE_* */
	uint32_t connection_port;
	int64_t created_ms;
};

struct dispatch_problem {
	struct hr_error error;
};

/* An answer; dispatch_answer_free frees it. */
struct dispatch_answer {
	struct mail mail; /* first */
	enum dispatch_kind kind;
	uint64_t ticket;
	char account[ID_SIZE];
	char server_id[ID_SIZE]; /* steps */
	int32_t result;          /* HR_OK, HR_AGAIN or an error's class */
	struct hr_error error;   /* when result is an error */
	char instance_id[256];   /* steps: "" when none was reported */
	char *resume_token;      /* HR_AGAIN */
	int64_t delay_ms;
	int32_t percent;
	char text[256];
	struct dispatch_instance *instances; /* STATUS, LIST */
	size_t n_instances;
	bool complete;                     /* LIST: everything was read */
	char unread[512];                  /* LIST: what could not be read, and why */
	struct dispatch_problem *problems; /* CHECK */
	size_t n_problems;
	uint64_t capabilities;   /* OPEN: the module's HR_CAP_* */
	uint32_t n_requests;     /* requests to the provider that the call made; 0: not known */
	enum dispatch_news news; /* NEWS; ticket is 0 and error.message says it in words */
};

void dispatch_answer_free(struct dispatch_answer *answer);

/* "open", "create", ...: what a kind is called in messages and logs. */
static inline const char *dispatch_kind_name(enum dispatch_kind kind)
{
	static const char *const names[] = {"?",      "open", "close",   "check",  "create",
					    "status", "list", "destroy", "inject", "probe"};

	return names[kind >= DISPATCH_OPEN && kind <= DISPATCH_PROBE ? kind : 0];
}

/* For implementations: a copy of a request with all that it points to; NULL: no memory. */
struct dispatch_request *dispatch_request_copy(const struct dispatch_request *request);

/* Wipes what may be secret, and frees. */
void dispatch_request_free(struct dispatch_request *request);

/* For implementations: an empty answer to that request. NULL: no memory. */
struct dispatch_answer *dispatch_answer_new(const struct dispatch_request *request);

/* For implementations: puts news of the account into the mailbox of answers. Without memory for it the
 * log has it. */
void dispatch_tell(struct mailbox *answers, const char *account, enum dispatch_news news,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));

struct dispatcher;

struct dispatcher_operations {
	/* Every submitted request gets exactly one answer, pushed into the mailbox that the
	 * dispatcher was made with; between them news may come. 0; -1: no memory, or the account
	 * is not open (HR_TRANSIENT); then no answer comes. The engine's thread. */
	int (*submit)(struct dispatcher *dispatcher, const struct dispatch_request *request,
		      struct hr_error *err);
	/* Does what is due or has come; gives when it wants to be called again (monotonic ms,
	 * MS_NEVER: only when something comes). NULL: it has threads of its own. The engine's
	 * thread. */
	int64_t (*step)(struct dispatcher *dispatcher, struct moment now);
	/* A descriptor that is readable when step has work; -1 or NULL: there is none. */
	int (*fd)(struct dispatcher *dispatcher);
	/* Wants all calls to end soon; answers still come. */
	void (*cancel_all)(struct dispatcher *dispatcher);
	/* After cancel_all: waits for the calls under way, closes accounts, frees. */
	void (*free)(struct dispatcher *dispatcher);
};

/* First member of every implementation. */
struct dispatcher {
	const struct dispatcher_operations *operations;
};

static inline int dispatch_submit(struct dispatcher *dispatcher,
				  const struct dispatch_request *request, struct hr_error *err)
{
	return dispatcher->operations->submit(dispatcher, request, err);
}

static inline int64_t dispatch_step(struct dispatcher *dispatcher, struct moment now)
{
	return dispatcher->operations->step ? dispatcher->operations->step(dispatcher, now)
					    : MS_NEVER;
}

static inline int dispatch_fd(struct dispatcher *dispatcher)
{
	return dispatcher->operations->fd ? dispatcher->operations->fd(dispatcher) : -1;
}

static inline void dispatch_cancel_all(struct dispatcher *dispatcher)
{
	dispatcher->operations->cancel_all(dispatcher);
}

static inline void dispatch_free(struct dispatcher *dispatcher)
{
	if (dispatcher != NULL)
		dispatcher->operations->free(dispatcher);
}

#endif
