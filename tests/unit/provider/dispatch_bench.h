/* SPDX-License-Identifier: Apache-2.0 */
/* A dispatcher over the mock modules, for one test at a time: requests are made, submitted and waited
 * for here. Everything fails the test when it does not work. The same tests are built twice, inline
 * and (BENCH_BY_PROCESS) by process: a module cannot tell the difference, and neither can they, but
 * where they say so. */
#ifndef TESTS_UNIT_PROVIDER_DISPATCH_BENCH_H
#define TESTS_UNIT_PROVIDER_DISPATCH_BENCH_H

#include <stdbool.h>

#include "../../modules/module_folder.h"
#include "provider/inline.h"
#include "provider/process.h"

#define INSTALLATION "11111111-1111-4111-8111-111111111111"
#define ACCOUNT "22222222-2222-4222-8222-222222222222"
#define OTHER_ACCOUNT "33333333-3333-4333-8333-333333333333"
#define SERVER "44444444-4444-4444-8444-444444444444"
#define CONFIG "55555555-5555-4555-8555-555555555555"
#define SECRET "hunter2-and-more"
/* As root. A test whose modules use up what a user may have needs others than tests beside it. */
#ifndef BENCH_UID_FIRST
#define BENCH_UID_FIRST 61184
#endif
#define BENCH_UID_LAST (BENCH_UID_FIRST + 39)
#define PATIENCE_MS 30000
#define LONG_MS 60000

/* Fresh for each test. */
extern struct module_folder state; /* the state folder */
extern struct mailbox *answers;
extern struct dispatcher *dispatcher;
extern uint64_t next_ticket;
extern struct module_metrics *metrics; /* by process: of the dispatcher */
extern char trace[400];                /* path of a file in the folder of the account ACCOUNT */
extern const bool by_process;
extern char news[4096];          /* of the account ACCOUNT, "failed: why" and so on, a line each */
extern const char *host_instead; /* by process: a program in headroom-host's place; or NULL */
extern const char *bench_folder; /* of the build: more modules, from the fixture on; or NULL */

/* Fixture. */
void bench_setup(void);
void bench_teardown(void);

/* A dispatcher of so many workers, where there is none. */
void start_dispatcher(unsigned workers);

/* A request of the account ACCOUNT, with a ticket of its own; steps are for SERVER. */
struct dispatch_request request(enum dispatch_kind kind);

/* Gives the ticket. */
uint64_t submit(const struct dispatch_request *r);

/* Lets the dispatcher work for so long. */
void pass_time(int64_t ms);

/* As the registry has it. */
const struct registry_module *bench_module(const char *id);

/* How many workers are held by calls that do not return; 0 by process. */
unsigned stuck_workers(void);

/* Waits until news holds the text; no answer may come meanwhile. */
void wait_for_news(const char *text);

/* The next answer, of whatever request; the caller frees it, here and below. */
struct dispatch_answer *next_answer(void);

/* Submits and waits for this one's answer. */
struct dispatch_answer *ask(const struct dispatch_request *r);
struct dispatch_answer *ask_kind(enum dispatch_kind kind);

/* Opens with the secret SECRET; members: further settings as JSON members. */
struct dispatch_answer *try_open(const char *provider, const char *members);
void open_account(const char *provider, const char *members);
void open_behaving(const char *behaviour);

#endif
