/* SPDX-License-Identifier: Apache-2.0 */
/* An engine under virtual time. */
#include "engine_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "engine/checkin.h"
#include "engine/sessions.h"

struct engine *engine;
int64_t now_ms;
struct dispatch_instance listed[16];
size_t n_listed;
bool list_complete;
struct hr_error open_error;
uint64_t open_capabilities;
unsigned opens, closes;
bool hold_opens;
unsigned stopped;
bool asks_stops;
bool has_prober;
bool one_key;
int64_t keep_ms;

static struct mailbox *answers;
static struct dispatcher dispatcher;
static struct asked *first_asked;
static bool woken;
static uint64_t drawn;
static int64_t jumped_ms; /* by how much the clock was set, in all */
static int64_t jump_ms;   /* what the engine has not followed yet */

static int draw(void *context, void *buf, size_t len)
{
	(void)context;
	for (size_t i = 0; i < len; i++)
		((unsigned char *)buf)[i] =
			(unsigned char)((++drawn * UINT64_C(0x9e3779b97f4a7c15)) >> 40);
	return 0;
}

static void wake(void *context)
{
	(void)context;
	woken = true;
}

static unsigned stops_now(void *context)
{
	(void)context;
	return stopped;
}

/* ---- Dispatcher ---- */

static struct dispatch_answer *new_answer(const struct dispatch_request *request)
{
	struct dispatch_answer *answer = calloc(1, sizeof(*answer));

	ck_assert_ptr_nonnull(answer);
	answer->kind = request->kind;
	answer->ticket = request->ticket;
	text_copy(answer->account, sizeof(answer->account), request->account);
	text_copy(answer->server_id, sizeof(answer->server_id), request->step.server_id);
	return answer;
}

static void fill_instances(struct dispatch_answer *answer,
			   const struct dispatch_instance *instances, size_t n)
{
	answer->instances = calloc(n + 1, sizeof(*instances));
	ck_assert_ptr_nonnull(answer->instances);
	if (n > 0)
		memcpy(answer->instances, instances, n * sizeof(*instances));
	answer->n_instances = n;
	answer->complete = list_complete;
}

static void keep(const struct dispatch_request *request)
{
	struct asked **at = &first_asked, *one = calloc(1, sizeof(*one));

	ck_assert_ptr_nonnull(one);
	one->request = *request;
	text_copy(one->resume_token, sizeof(one->resume_token), request->step.resume_token);
	one->request.step.resume_token = one->resume_token;
	one->script = request->step.script ? strdup(request->step.script) : NULL;
	one->request.step.script = one->script;
	for (size_t i = 0; i < request->n_instance_ids && i < 8; i++)
		text_copy(one->instance_ids[i], sizeof(one->instance_ids[i]),
			  request->instance_ids[i]);
	while (*at)
		at = &(*at)->next;
	*at = one;
}

static int submit(struct dispatcher *self, const struct dispatch_request *request,
		  struct hr_error *err)
{
	struct dispatch_answer *answer;

	(void)self;
	(void)err;
	opens += request->kind == DISPATCH_OPEN;
	closes += request->kind == DISPATCH_CLOSE;
	if ((request->kind != DISPATCH_OPEN || hold_opens) && request->kind != DISPATCH_CLOSE &&
	    request->kind != DISPATCH_LIST) {
		keep(request);
		return 0;
	}
	answer = new_answer(request);
	if (request->kind == DISPATCH_OPEN) {
		answer->error = open_error;
		answer->result = open_error.class;
		answer->capabilities = open_capabilities;
	}
	if (request->kind == DISPATCH_LIST)
		fill_instances(answer, listed, n_listed);
	mailbox_push(answers, &answer->mail);
	return 0;
}

static const struct dispatcher_operations operations = {.submit = submit};

static void drop(struct asked *one)
{
	struct asked **at = &first_asked;

	while (*at != one)
		at = &(*at)->next;
	*at = one->next;
	free(one->script);
	free(one);
}

int count_asked(enum dispatch_kind kind)
{
	int n = 0;

	for (const struct asked *one = first_asked; one; one = one->next)
		n += one->request.kind == kind;
	return n;
}

struct asked *any_asked(enum dispatch_kind kind)
{
	struct asked *one = first_asked;

	while (one && one->request.kind != kind)
		one = one->next;
	ck_assert_ptr_nonnull(one);
	return one;
}

struct asked *asked(enum dispatch_kind kind)
{
	ck_assert_int_eq(count_asked(kind), 1);
	return any_asked(kind);
}

/* ---- Answers ---- */

static void deliver(struct asked *one, struct dispatch_answer *answer)
{
	drop(one);
	mailbox_push(answers, &answer->mail);
	settle();
}

void tell(enum dispatch_news news, const char *text)
{
	dispatch_tell(answers, id_now(DOCUMENT_PROVIDER_CONFIG, "acct"), news, "%s", text);
	settle();
}

void answer_ok(struct asked *one, const char *instance_id)
{
	struct dispatch_answer *answer = new_answer(&one->request);

	text_copy(answer->instance_id, sizeof(answer->instance_id), instance_id);
	deliver(one, answer);
}

void answer_again(struct asked *one, const char *token, int64_t delay_ms, const char *instance_id)
{
	struct dispatch_answer *answer = new_answer(&one->request);

	answer->result = HR_AGAIN;
	answer->resume_token = strdup(token);
	answer->delay_ms = delay_ms;
	answer->percent = 40;
	text_copy(answer->text, sizeof(answer->text), "cloning");
	text_copy(answer->instance_id, sizeof(answer->instance_id), instance_id);
	deliver(one, answer);
}

void answer_error(struct asked *one, int32_t class, uint32_t flags, int64_t retry_after_ms)
{
	struct dispatch_answer *answer = new_answer(&one->request);

	answer->result = class;
	answer->error =
		(struct hr_error){.class = class, .flags = flags, .retry_after_ms = retry_after_ms};
	text_copy(answer->error.message, sizeof(answer->error.message), "the provider says no");
	deliver(one, answer);
}

void answer_state(struct asked *one, uint32_t state, const char *address)
{
	struct dispatch_answer *answer = new_answer(&one->request);
	struct dispatch_instance instance = {.state = state, .connection_port = 2022};

	text_copy(instance.instance_id, sizeof(instance.instance_id), one->instance_ids[0]);
	text_copy(instance.address, sizeof(instance.address), address);
	fill_instances(answer, &instance, 1);
	deliver(one, answer);
}

void list_instance(const char *instance_id, const char *server_id, uint32_t state, int64_t ago_ms)
{
	struct dispatch_instance *one = &listed[n_listed++];

	*one = (struct dispatch_instance){
		.state = state, .created_ms = now_ms - ago_ms, .connection_port = 2022};
	text_copy(one->instance_id, sizeof(one->instance_id), instance_id);
	text_copy(one->server_id, sizeof(one->server_id), server_id);
	if (state == HR_STATE_RUNNING)
		text_copy(one->address, sizeof(one->address), "10.0.0.1");
}

/* ---- Time ---- */

static int64_t step(void)
{
	int64_t next = MS_NEVER;
	int turns = 0;

	woken = true;
	while (woken || store_run(store) > 0) {
		woken = false;
		next = engine_step(engine, (struct moment){.wall_ms = now_ms,
							   .mono_ms = now_ms - NOW - jumped_ms,
							   .jump_ms = jump_ms});
		ck_assert_int_lt(++turns, 1000);
	}
	return next;
}

void settle(void)
{
	step();
}

static void follow(int64_t by_ms)
{
	ck_assert_int_eq(by_ms, jump_ms);
	now_ms += by_ms;
	jumped_ms += by_ms;
	jump_ms = 0;
}

void set_clock(int64_t by_ms)
{
	jump_ms = by_ms;
	settle();
	ck_assert_int_eq(jump_ms, 0);
}

void pass(int64_t ms)
{
	int64_t end = now_ms + ms, next;
	int at_once = 0;

	for (;;) {
		next = step();
		if (next == MS_NEVER || NOW + jumped_ms + next > end)
			break;
		/* An engine that asks to be called at once, again and again, would use a whole
		 * processor. */
		at_once = NOW + jumped_ms + next > now_ms ? 0 : at_once + 1;
		ck_assert_int_lt(at_once, 100);
		now_ms = NOW + jumped_ms + next > now_ms ? NOW + jumped_ms + next : now_ms + 1;
	}
	now_ms = end;
	step();
}

/* ---- Set-up ---- */

static int find_key(void *context, const struct dispatch_request *request,
		    char ret_key[ACCOUNT_KEY_SIZE])
{
	(void)context;
	(void)request;
	text_copy(ret_key, ACCOUNT_KEY_SIZE, "one");
	return one_key ? 0 : -1;
}

static void start(void)
{
	struct engine_options options = {.store = store,
					 .dispatcher = &dispatcher,
					 .prober = has_prober ? &dispatcher : NULL,
					 .wake = wake,
					 .random = draw,
					 .own_address = "127.0.0.1:8080",
					 .own_scheme = "http",
					 .safety_pass_ms = 3600000,
					 .keep_ms = keep_ms,
					 .clock_follow = follow,
					 .stops = asks_stops ? stops_now : NULL,
					 .account_key = find_key,
					 .stop_creates_file = "/stop-creates",
					 .stop_changes_file = "/stop-changes"};
	struct hr_error err = {0};

	answers = mailbox_new(wake, NULL);
	ck_assert_ptr_nonnull(answers);
	options.answers = answers;
	must(engine_new(&options, &engine, &err));
	settle();
}

static void stop(void)
{
	while (first_asked)
		drop(first_asked);
	store_close(store);
	store = NULL;
	engine_free(engine);
	engine = NULL;
	mailbox_free(answers);
}

struct fields {
	const char *pool, *config, *account;
};

static int put_all(struct tx *tx, void *arg, struct hr_error *err)
{
	const struct fields *fields = arg;
	struct id_source ids = {.seed = {7}};

	put_document(tx, DOCUMENT_ZONE, "here", "{}");
	put_document(tx, DOCUMENT_PROVIDER_CONFIG, "acct", fields->account);
	put_document(tx, DOCUMENT_POOL, "demo", fields->pool);
	put_document(tx, DOCUMENT_AUTOSCALE_CONFIG, "demo-a", fields->config);
	return checkin_key_ensure(tx, &ids, err);
}

void engine_setup(const char *pool_fields, const char *config_fields, const char *account_fields)
{
	struct fields fields = {pool_fields, config_fields, account_fields};

	now_ms = NOW;
	jumped_ms = jump_ms = 0;
	n_listed = 0;
	opens = closes = 0;
	hold_opens = false;
	list_complete = true;
	open_error = (struct hr_error){0};
	open_capabilities = 0;
	stopped = 0;
	dispatcher.operations = &operations;
	store_setup();
	commit(put_all, &fields);
	start();
}

void engine_teardown(void)
{
	stop();
	folder_teardown();
}

void engine_restart(void)
{
	stop();
	reopen(false);
	start();
}

void engine_restart_moved(void)
{
	char moved[PATH_SIZE];

	stop();
	below(moved, "moved");
	ck_assert_int_eq(rename(state_folder, moved), 0);
	text_copy(state_folder, sizeof(state_folder), moved);
	reopen(false);
	ck_assert(store_moved(store));
	start();
}

/* ---- Reading ---- */

struct reading {
	unsigned states;
	struct server *servers;
	size_t n;
	const char *server_id;
	enum operation_kind kind;
	struct operation operation;
	struct account_state account;
	struct config_state config;
	const char *event;
	char *last;
	int count;
	enum document_kind document;
	const char *name;
	char id[ID_SIZE];
};

static int read_servers(struct tx *tx, void *arg, struct hr_error *err)
{
	struct reading *reading = arg;
	struct server_query query = {.states = reading->states};

	return server_list(tx, &query, &reading->servers, &reading->n, err);
}

static void must_read(store_fn fn, struct reading *reading)
{
	struct hr_error err = {0};

	must(store_read(store, fn, reading, &err));
}

int count_servers(unsigned states)
{
	struct reading reading = {.states = states};

	must_read(read_servers, &reading);
	free(reading.servers);
	return (int)reading.n;
}

struct server only_server(unsigned states)
{
	struct reading reading = {.states = states};
	struct server server;

	must_read(read_servers, &reading);
	ck_assert_uint_eq(reading.n, 1);
	server = reading.servers[0];
	free(reading.servers);
	return server;
}

struct server any_server(unsigned states)
{
	struct reading reading = {.states = states};
	struct server server;

	must_read(read_servers, &reading);
	ck_assert_uint_ge(reading.n, 1);
	server = reading.servers[0];
	free(reading.servers);
	return server;
}

static int read_operation(struct tx *tx, void *arg, struct hr_error *err)
{
	struct reading *reading = arg;

	return operation_get_unfinished(tx, reading->server_id, reading->kind, &reading->operation,
					err);
}

struct operation unfinished(const char *server_id, enum operation_kind kind)
{
	struct reading reading = {.server_id = server_id, .kind = kind};

	must_read(read_operation, &reading);
	return reading.operation;
}

static int read_states(struct tx *tx, void *arg, struct hr_error *err)
{
	struct reading *reading = arg;

	if (account_state_get(tx, document_id(tx, DOCUMENT_PROVIDER_CONFIG, "acct"),
			      &reading->account, err) < 0)
		return -1;
	return config_state_get(tx, document_id(tx, DOCUMENT_AUTOSCALE_CONFIG, "demo-a"),
				&reading->config, err);
}

struct account_state account_now(void)
{
	struct reading reading = {0};

	must_read(read_states, &reading);
	return reading.account;
}

struct config_state config_now(void)
{
	struct reading reading = {0};

	must_read(read_states, &reading);
	return reading.config;
}

static int read_events(struct tx *tx, void *arg, struct hr_error *err)
{
	struct reading *reading = arg;

	(void)err;
	reading->count = count_events(tx, reading->event, reading->last);
	return 0;
}

int events_of(const char *kind, char last[768])
{
	struct reading reading = {.event = kind, .last = last};

	must_read(read_events, &reading);
	return reading.count;
}

static int read_id(struct tx *tx, void *arg, struct hr_error *err)
{
	struct reading *reading = arg;

	(void)err;
	text_copy(reading->id, sizeof(reading->id),
		  document_id(tx, reading->document, reading->name));
	return 0;
}

const char *id_now(enum document_kind kind, const char *name)
{
	static char id[ID_SIZE];
	struct reading reading = {.document = kind, .name = name};

	must_read(read_id, &reading);
	return memcpy(id, reading.id, ID_SIZE);
}

/* ---- Writing ---- */

struct change {
	enum document_kind kind;
	const char *name, *key, *fields;
	json_t *value;
	const char *user;
	char id[ID_SIZE];
};

static int change_run(struct tx *tx, void *arg, struct hr_error *err)
{
	struct change *change = arg;
	struct document document = {0};
	int result;

	if (document_get_by_name(tx, change->kind, change->name, &document, err) < 0)
		return -1;
	text_copy(change->id, sizeof(change->id), document.id);
	json_object_set(document.body, change->key, change->value);
	result = document_put(tx, &document, NULL, err);
	document_clear(&document);
	return result;
}

void change_document(enum document_kind kind, const char *name, const char *key, json_t *value)
{
	struct change change = {.kind = kind, .name = name, .key = key, .value = value};

	commit(change_run, &change);
	json_decref(value);
	engine_document_changed(engine, kind, change.id);
	settle();
}

static int add_run(struct tx *tx, void *arg, struct hr_error *err)
{
	const struct change *change = arg;

	(void)err;
	put_document(tx, change->kind, change->name, change->fields);
	return 0;
}

void add_document(enum document_kind kind, const char *name, const char *fields)
{
	struct change change = {.kind = kind, .name = name, .fields = fields};

	commit(add_run, &change);
	engine_document_changed(engine, kind, id_now(kind, name));
	settle();
}

static int delete_run(struct tx *tx, void *arg, struct hr_error *err)
{
	const struct change *change = arg;

	return document_delete(tx, change->kind, change->id, err);
}

void delete_document(enum document_kind kind, const char *name)
{
	struct change change = {.kind = kind};

	text_copy(change.id, sizeof(change.id), id_now(kind, name));
	commit(delete_run, &change);
	engine_document_changed(engine, kind, change.id);
	settle();
}

static int destroy_run(struct tx *tx, void *arg, struct hr_error *err)
{
	struct life_context context = {.now_ms = now_ms, .by_person = true};
	struct server server;

	draw(NULL, context.ids.seed, sizeof(context.ids.seed));
	if (server_get(tx, arg, &server, err) < 0)
		return -1;
	return life_destroy(tx, &context, &server, "by hand", err);
}

void order_destroy(const char *server_id)
{
	char id[ID_SIZE];

	text_copy(id, sizeof(id), server_id);
	commit(destroy_run, id);
	engine_pool_changed(engine, id_now(DOCUMENT_POOL, "demo"));
	engine_operations_due(engine);
	settle();
}

static int ask_run(struct tx *tx, void *arg, struct hr_error *err)
{
	struct change *change = arg;
	struct session_wish wish = {.pool = "demo", .user = change->user, .kind = SESSION_DESKTOP};
	struct life_context context = {.now_ms = now_ms};
	struct session session;

	draw(NULL, context.ids.seed, sizeof(context.ids.seed));
	event_because_of_request(tx, ASKED_BY);
	return sessions_request(tx, &context, &wish, &session, err);
}

void ask_session(const char *user)
{
	struct change change = {.user = user};

	commit(ask_run, &change);
	engine_pool_changed(engine, id_now(DOCUMENT_POOL, "demo"));
	settle();
}

struct server make_running(void)
{
	answer_ok(asked(DISPATCH_CREATE), "i-1");
	answer_state(asked(DISPATCH_STATUS), HR_STATE_RUNNING, "10.0.0.1");
	return only_server(SERVER_STATE_BIT(SERVER_RUNNING));
}
