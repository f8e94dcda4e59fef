/* SPDX-License-Identifier: Apache-2.0 */
/* One operation of a module under way: the struct hr_call that the module sees, and behind it what
 * the module has said so far. Not here: which operation (core/host/run.c). */
#ifndef HR_HOST_CALL_H
#define HR_HOST_CALL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <headroom/provider.h>

#include "base/error.h"
#include "host/loader.h"
#include "host/mask.h"

#define CALL_ARENA_MAX (64u << 20) /* bytes; what a module may ask for in one call */
#define INSTANCE_ID_SIZE 256

/* Where processes of the account may be and as whom they run; fd is -1 where there is no such
 * folder. */
struct state_folder {
	char *path;
	int fd; /* O_PATH */
	uid_t uid;
	gid_t gid;
	/* The spawner's: what it starts is written down, and nothing else is signalled
	 * (core/host/process_record.h). In one process with the daemon, in tests, its user has to do. */
	bool records;
};

struct host_backend;

/* What the call is about. Borrowed; outlives the call. */
struct call_subject {
	const struct module *module;
	const char *account;
	const char *server;       /* "" or NULL: none */
	const char *operation;    /* "create", ... */
	const char *operation_id; /* the engine's; NULL or "": not known here */
	const char *request_id;   /* the API's, likewise */
	uint64_t ticket;          /* the engine's number of the call; 0: not known here */
	const char *instance_id;  /* of a step: which instance is known; "" or NULL: none yet */
	bool is_step;
	struct mask *mask;                  /* may be NULL */
	const struct state_folder *folder;  /* may be NULL */
	const struct host_backend *backend; /* may be NULL: no services beyond this process */
	uint64_t number;                    /* the call's, at the backend */
};

struct call {
	struct hr_call abi; /* first: what the module gets */
	struct call_subject subject;
	int64_t deadline_ms; /* monotonic */
	atomic_int cancelled;
	pthread_mutex_t mutex; /* over all below: a module may use threads of its own */
	struct arena_chunk *chunks;
	uint64_t arena_bytes;
	bool spent;     /* there was no memory for it once */
	bool is_unsure; /* a request of it was sent twice, and nobody knows what the first has done */
	bool has_fault;
	struct hr_error fault; /* its class is not set yet */
	char instance_id[INSTANCE_ID_SIZE];
	bool has_again;
	char *resume_token; /* owned */
	int64_t delay_ms;
	int32_t percent;
	char text[256];
	char defect[256]; /* the first thing that the module did against the contract; or "" */
};

/* The call must not move afterwards. */
int call_init(struct call *call, const struct call_subject *subject, int64_t deadline_ms,
	      struct hr_error *err);
void call_clear(struct call *call);

/* Any thread, while the call lives. */
void call_cancel(struct call *call);

/* What the module has reported so far, "" at first. Any thread, while the call lives. */
void call_instance_id(struct call *call, char ret_id[INSTANCE_ID_SIZE]);

/* The call that a module gives back to one of our functions. */
struct call *call_of(const struct hr_call *abi);

/* An answer of this call was one to a request's second delivery: should the step fail now, its outcome is not
 * known, whatever that answer says. Any thread, while the call lives. */
void call_note_second(const struct hr_call *abi);

/* Whether a memory request of this call was refused. What the module then makes may lack a part: nothing
 * of it is sent or kept, and the call cannot succeed. Any thread, while the call lives. */
bool call_is_spent(const struct hr_call *abi);
#define CALL_SPENT "there was no memory left for the call, so that no %s any more"

/* Text of the module's for people: secrets masked, valid UTF-8, cut to size. */
void call_text(const struct call *call, struct hr_span span, char *buf, size_t size);

/* Whether it is UTF-8 without control characters, as the daemon wants names. */
bool call_is_name(struct hr_span span);

/* Text of the module's that is a name: copied whole, or noted as a defect ("what" names it) and
 * left empty when it is too long, no UTF-8, or holds control characters. */
bool call_name(struct call *call, const char *what, struct hr_span span, char *buf, size_t size);

/* Notes what the module did against the contract; the first counts. */
void call_defect(struct call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A fault's details as an error of that class. false: the fault is too short to be read. */
bool call_fault(struct call *call, int32_t class, const struct hr_fault *fault,
		struct hr_error *ret_error);

/* Sets details as the module would with fail: for host services, which then give the class back. */
int32_t call_refuse(const struct hr_call *abi, int32_t class, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with all that an error has. */
int32_t call_refuse_error(const struct hr_call *abi, const struct hr_error *error);

/* The result that counts, after the operation has returned `result`: HR_OK, HR_AGAIN, or the
 * class of *ret_error, which has the details, or says that there are none, or that the module did
 * something against the contract. */
int32_t call_result(struct call *call, int32_t result, struct hr_error *ret_error);

#endif
