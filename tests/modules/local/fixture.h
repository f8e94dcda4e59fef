/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the module local share: an account with a folder of its own, whole steps, the
 * way in by ssh. Whatever goes wrong in here fails the test. */
#ifndef TEST_LOCAL_FIXTURE_H
#define TEST_LOCAL_FIXTURE_H

#include <check.h>
#include <stdbool.h>

#include <headroom/provider.h>

#include "fake_host.h"

#define USER "ana"
#define INSTALLATION "inst-test-1"
#define TOKEN "the-token_of.this-server"

extern const struct hr_provider *module;
extern struct hr_account *account;
extern char base[512];     /* removed at the end */
extern char state[640];    /* the account's folder, below base */
extern char id[64];        /* of the test's server */
extern char key_path[600]; /* private key of ssh */
extern char public_key[512];
extern char script[65536];
extern const char *isolation;
extern const char *const modes[2]; /* values of isolation, for tests of both */

/* Other settings of the account that account_open opens; NULL: the module's defaults. */
extern struct account_settings {
	const char *address, *sshd, *bwrap, *helper;
} with;

struct hr_span span(const char *text);
void pause_ms(int64_t ms);

/* A shell command: its exit status. */
int run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Begins a test: isolation is set before. closed: see fake_folder_make. */
void begin(bool closed);
void finish(void);
void account_open(void);
int32_t account_try(struct fake_call *call);

/* One call of create or destroy; and calls until the answer is not HR_AGAIN. */
int32_t step_once(bool create, const char *server, unsigned attempt, struct fake_call *call);
int32_t step_run(bool create, unsigned attempt, struct fake_call *call);
void create_ok(unsigned attempt);
void destroy_ok(void);

/* What status and list said; the last instance's values. */
struct answers {
	struct hr_instance_sink sink;
	unsigned n, n_unread, n_complete;
	uint32_t state, port;
	char address[64], text[256], instance[64], server[64], config[64];
	int64_t created_ms;
};

struct answers status_of(const char *instance);
struct answers list_of(const char *installation);

/* No process, file or (when not 0) port of the test's server. */
void assert_no_trace(unsigned port);
/* It runs, once. */
void assert_one_tree(void);

void key_make(void);
/* Fills script with the template, rendered as the daemon does it. */
void script_render(const char *user, unsigned checkin_port);
/* known_hosts from the server's own host key, so that host checking is on. */
void known_hosts_write(unsigned port);
/* Exit status of ssh; its output is then in the files "out" and "err". */
int ssh(const char *options, const char *user, unsigned port, const char *command);
const char *out_text(const char *name);
/* Until status says words, such as "script: exit 0". */
void wait_for_script(const char *words);

/* The tests, by file. */
void life_tests(Suite *suite);
void crash_tests(Suite *suite);
void copy_tests(Suite *suite);
void mistake_tests(Suite *suite);

#endif
