/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the process dispatcher share. Only the engine's thread touches it. */
#ifndef HR_PROVIDER_PROCESS_STATE_H
#define HR_PROVIDER_PROCESS_STATE_H

#include "provider/account_folder.h"
#include "provider/account_services.h"
#include "provider/crash_brake.h"
#include "provider/host_process.h"
#include "provider/lane.h"
#include "provider/process.h"

struct process_account;

/* What an event of epoll is about. */
struct process_watch {
	struct process_account *account;
};

/* The implementation's side of a lane: the host of one account, from its first start on. */
struct process_account {
	struct process_account *next;
	struct process_dispatcher *dispatcher;
	uint64_t number;   /* no other account ever had it */
	struct lane *lane; /* NULL: closed, freed at the end of the step */
	const struct registry_module *module;
	struct host_process *host; /* NULL: none runs */
	struct process_watch channel_watch, end_watch;
	bool has_more;       /* messages were left for the next step */
	uint64_t generation; /* of the host, from 1 */
	uint32_t workers;    /* calls at once that the host can run; 0: no module is loaded yet */
	bool needs_open;     /* the host with the lane's seat is gone */
	uint64_t reopen_number; /* of the OPEN that is sent for that; 0: none is under way */
	int64_t reopen_until_ms;
	int64_t kill_ms;           /* when to kill a host that ends by itself; or MS_NEVER */
	char why_killed[256];      /* "": it was not us */
	enum host_end kill_end;    /* what it counts as then */
	struct hr_error refusal;   /* class 0: the module was not refused */
	char forbidden[64];        /* the newest system call that was refused to it */
	unsigned n_forbidden;      /* in the calls that were under way then */
	uint64_t forbidden_call;   /* no call of those has a greater number */
	unsigned n_told;           /* refused system calls that are in the log */
	int64_t look_ms;           /* when its threads are to be counted */
	uint32_t memory_limit_mib; /* it crashed with all of it used; 0: it did not */

	int64_t lines_since_ms; /* when the present second of log lines began */
	unsigned n_lines, n_lines_dropped;

	struct process_http *requests; /* under way */
	unsigned n_requests;

	struct crash_brake brake;
	char last_crash[480];

	bool is_down;       /* it was told that the process has failed, and not yet that it runs */
	bool pause_is_told; /* likewise */
	char told_reason[400]; /* the newest that was told */
};

struct process_dispatcher {
	struct dispatcher dispatcher; /* first */
	struct registry *registry;
	struct mailbox *answers;
	char *installation;
	char *state_dir;
	char *host_program;
	struct account_folders folders;
	struct lanes lanes;
	struct process_account *accounts;
	struct http_service *http;
	struct secret_rules secrets;
	struct module_metrics *metrics;
	struct mailbox *inbox; /* answers of the HTTP service */
	int wake_fd;           /* readable when there are some */
	int epoll_fd;
	struct moment now;
	uint64_t last_number; /* of calls and seats */
	bool told_sandbox;    /* that it is weaker than it could be */
	bool is_cancelled;
};

/* A lane's seat: which number it has in which host, and what its requests go by. */
struct process_seat {
	uint64_t number;
	uint64_t generation;
	struct dispatch_request *opened; /* the OPEN that made it: a new host gets it */
	struct account_services services;
};

/* ---- process.c ---- */

/* Answers the job with *result (what it owns goes over), and lets go of it and, after a CLOSE, of the
 * lane. */
void process_finish(struct process_dispatcher *d, struct job *job, struct dispatch_answer *result);

/* The same with an error. */
void process_fail(struct process_dispatcher *d, struct job *job, int32_t class, uint32_t flags,
		  int64_t retry_after_ms, const char *message);

/* Of the account's running jobs, the one with that number; NULL: there is none (any more). */
struct job *process_job(const struct process_account *account, uint64_t number);

/* ---- process_account.c ---- */

/* NULL and err: no memory. */
struct process_account *process_account_new(struct process_dispatcher *d, struct lane *lane,
					    struct hr_error *err);

/* Ends the host and leaves the account to be freed at the end of the step. */
void process_account_close(struct process_account *account);

/* A host that is to run request->provider's module: the one that runs, or a new one. */
int process_account_host(struct process_account *account, const struct dispatch_request *request,
			 struct hr_error *err);

/* What the OPEN's settings are now, for the module of the host that runs. The caller closes
 * *ret_services, also after an error. */
int process_account_services(const struct process_account *account,
			     const struct dispatch_request *request,
			     struct account_services *ret_services, struct hr_error *err);

/* Sends an operation under that number. For OPEN seat is the number that it is to get. */
int process_account_send(struct process_account *account, const struct dispatch_request *request,
			 uint64_t number, uint64_t seat, int64_t timeout_ms, struct hr_error *err);
void process_account_cancel(struct process_account *account, uint64_t number);

/* After a message was sent: the channel is watched for room while some of it waits; a host that does
 * not read is killed. */
void process_account_watch(struct process_account *account);

/* Whether requests have to wait for longer than a moment; then why, and for how long. */
bool process_account_pauses(const struct process_account *account, struct hr_error *ret_error);

/* Kills the host, for that reason. */
void process_account_kill(struct process_account *account, enum host_end end, const char *format,
			  ...) __attribute__((format(printf, 3, 4)));

/* The host has ended: whatever it was asked is answered. */
void process_account_ended(struct process_account *account, const struct host_ending *ending);

/* The lane's seat is one of a host that is gone: open it again soon. */
void process_account_reopen(struct process_account *account);

/* The answer to the OPEN of a reopening. */
void process_account_reopened(struct process_account *account,
			      const struct dispatch_answer *answer);

/* Does what is due; gives when the next is. */
int64_t process_account_step(struct process_account *account);

/* How many calls at once the account takes. */
unsigned process_account_limit(const struct process_account *account);

/* ---- process_reason.c ---- */

/* Another system call was refused to it. */
void process_reason_forbidden(struct process_account *account, const char *name);

/* What the end counts as. Before the account's calls are answered. */
enum host_end process_reason_of(const struct process_account *account,
				const struct host_ending *ending);

/* "the process of module aws was ended by signal 11 (Segmentation fault)": with what is known of why.
 * Likewise before. */
void process_reason_text(const struct process_account *account, const struct host_ending *ending,
			 char *buf, size_t size);

/* Ends a process that has too many threads; gives when to look again. */
int64_t process_reason_step(struct process_account *account);

/* ---- process_news.c ---- */

/* The process has ended unasked, or could not be started or not open its account; its next start is
 * where the brake says. Told where it is a change: not again for each attempt that ends alike. */
void process_news_failed(struct process_account *account, const char *reason);

/* The process has its account open. */
void process_news_running(struct process_account *account);

/* ---- process_services.c ---- */

/* A request of a module's, or one for a secret. */
void process_services_http(struct process_account *account, uint64_t id,
			   const struct wire_http *request);
void process_services_secret(struct process_account *account, uint64_t id,
			     const struct wire_secret *request);

/* The call is to end: so are its requests. number 0: those of all calls. */
void process_services_cancel(struct process_account *account, uint64_t number);

/* Takes what the HTTP service has answered. */
void process_services_take(struct process_dispatcher *d);

int process_services_init(struct process_dispatcher *d, struct hr_error *err);
void process_services_end(struct process_dispatcher *d);

/* ---- process_messages.c ---- */

/* Takes what the host has said. */
void process_messages_take(struct process_account *account);

/* Says in the log how many lines of the module's were dropped, once their second is over; gives when
 * that is. */
int64_t process_messages_step(struct process_account *account);

#endif
