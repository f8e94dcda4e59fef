/* SPDX-License-Identifier: Apache-2.0 */
/* The whole daemon but its main(): store, engine on a thread, inline dispatcher with the module
 * "mock", API on a free port and a unix socket; and a client that speaks HTTP to it. */
#ifndef HR_TESTS_UNIT_API_FIXTURE_H
#define HR_TESTS_UNIT_API_FIXTURE_H

#include <jansson.h>

#include "../store/fixture.h"
#include "api/api.h"
#include "model/server.h"

/* Whoever asks. */
enum caller { NOBODY, VIEWER, BROKER, OPERATOR, ADMIN, LOCAL /* by the unix socket, no token */ };

/* What came back; valid until the next call. */
struct reply {
	long status;
	char *text;
	json_t *json; /* NULL: none */
	char headers[4096];
};
extern struct reply reply;
void client_clear(void);

extern char socket_path[PATH_SIZE];
extern const char *api_at;                    /* "127.0.0.1:port" */
extern struct module_metrics *module_metrics; /* what the API shows; nothing else writes there */
extern struct http_service *provider_http;    /* likewise */

void api_setup(void);
/* The same; a request has this long. */
void api_setup_quick(void);
/* Fails the test where the log holds one of the texts given to must_not_log. */
void api_teardown(void);
/* Its first part, as the daemon does it: the engine's thread ends, then the API. */
void api_stop_early(void);

/* One request; fails the test where it gets no answer. body: JSON text or NULL. Gives the status. */
long call(enum caller caller, const char *method, const char *path, const char *body);
/* The same with a header line more, or a token's own text instead of a caller's. */
long call_with(enum caller caller, const char *method, const char *path, const char *body,
	       const char *header);
long call_token(const char *token, const char *method, const char *path, const char *body);

/* From any thread: its own connection, and reply stays as it is. */
long ask_alone(enum caller caller, const char *method, const char *path, const char *body);

const char *token_text(enum caller caller);

/* Members of the last answer's object; dotted paths. */
const char *text_at(const char *path);
long long number_at(const char *path);
/* How many items a list answer has. */
size_t items(void);
/* The value of a metric's line, by its whole name with labels; -1: there is none. */
long long metric(const char *name);

/* Asserts status, and for problems class, field and exact detail. */
#define expect(status_wanted, call_made)                                                  \
	do {                                                                              \
		long expect_status = (call_made);                                         \
		ck_assert_msg(expect_status == (status_wanted), "%s: %ld %s", #call_made, \
			      expect_status, reply.text);                                 \
	} while (0)
#define expect_problem(status_wanted, class_wanted, field_wanted, detail_wanted, call_made) \
	do {                                                                                \
		expect(status_wanted, call_made);                                           \
		ck_assert_str_eq(text_at("class"), class_wanted);                           \
		ck_assert_str_eq(text_at("field"), field_wanted);                           \
		ck_assert_str_eq(text_at("detail"), detail_wanted);                         \
		ck_assert_ptr_nonnull(strstr(reply.headers, "application/problem+json"));   \
		ck_assert_str_ne(text_at("request_id"), "");                                \
	} while (0)

void must_not_log(const char *secret);
bool log_holds(const char *text);

/* Zone "here", account "acct" (module mock, max_instances 5), pool "demo", config "demo-a" with these
 * fields laid over ("{}"). */
void make_pool(const char *config_fields);
/* The same without the config. */
void make_places(void);

/* Waits until the pool has that many servers in the state; fails the test after 20 s. */
void wait_for_servers(const char *state, size_t n);

/* The first server of the list that the query gives, from its row; its check-in token (freed by the
 * caller). */
struct server first_server(const char *query);
char *checkin_token(const struct server *server);

#endif
