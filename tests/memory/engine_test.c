/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out in the engine and the store below it, for some seconds: an allocation fails, or all
 * that follow do, and then there is memory again. Whatever was lost of the engine's memory, its rows come to
 * the same end: no server is lost or made twice, nobody waits for ever. */
#include "failing.h"

#include <stdio.h>
#include <stdlib.h>

#include "../unit/engine/pool_fixture.h"

#include "base/log.h"
#include "base/mailbox.h"
#include "engine/checkin.h"
#include "engine/engine.h"
#include "engine/sessions.h"

#define MOST 150
#define SCARCE_MS (5 * MS_PER_S)
#define LONGEST_MS (1800 * MS_PER_S)
#define TURNS_MAX 2000
#define MACHINES_MAX 8

static struct engine *engine;
static struct mailbox *answers;
static bool woken;
static uint64_t drawn;
static int64_t mono_ms;

/* ---- A provider, and who probes ---- */

static struct machine {
	char id[16];
	char server_id[ID_SIZE];
	bool alive;
} machines[MACHINES_MAX];
static size_t n_machines;

static void wake(void *context)
{
	(void)context;
	woken = true;
}

static int draw(void *context, void *buf, size_t len)
{
	(void)context;
	for (size_t i = 0; i < len; i++)
		((unsigned char *)buf)[i] =
			(unsigned char)((++drawn * UINT64_C(0x9e3779b97f4a7c15)) >> 40);
	return 0;
}

static struct machine *machine_of(const char *server_id, bool make)
{
	struct machine *machine = machines;

	while (machine < machines + n_machines && strcmp(machine->server_id, server_id) != 0)
		machine++;
	if (machine < machines + n_machines)
		return machine;
	if (!make || n_machines == MACHINES_MAX)
		return NULL;
	machine = &machines[n_machines++];
	machine->alive = true;
	text_format(machine->id, sizeof(machine->id), "i-%zu", n_machines);
	text_copy(machine->server_id, sizeof(machine->server_id), server_id);
	return machine;
}

static void show(struct dispatch_answer *answer)
{
	answer->complete = true;
	answer->instances = calloc(MACHINES_MAX, sizeof(*answer->instances));
	for (size_t i = 0; answer->instances && i < n_machines; i++) {
		struct dispatch_instance *one = &answer->instances[answer->n_instances];

		if (!machines[i].alive)
			continue;
		answer->n_instances++;
		text_copy(one->instance_id, sizeof(one->instance_id), machines[i].id);
		text_copy(one->server_id, sizeof(one->server_id), machines[i].server_id);
		text_copy(one->address, sizeof(one->address), "10.0.0.1");
		one->state = HR_STATE_RUNNING;
		one->created_ms = NOW - 3600 * MS_PER_S;
	}
}

static void answer(const struct dispatch_request *request)
{
	struct dispatch_answer *one = calloc(1, sizeof(*one));
	struct machine *machine;

	if (!one)
		abort();
	one->kind = request->kind;
	one->ticket = request->ticket;
	text_copy(one->account, sizeof(one->account), request->account);
	text_copy(one->server_id, sizeof(one->server_id), request->step.server_id);
	machine = machine_of(request->step.server_id, request->kind == DISPATCH_CREATE);
	if (request->kind == DISPATCH_CREATE && machine)
		text_copy(one->instance_id, sizeof(one->instance_id), machine->id);
	if (request->kind == DISPATCH_DESTROY && machine)
		machine->alive = false;
	if (request->kind == DISPATCH_STATUS || request->kind == DISPATCH_LIST)
		show(one);
	mailbox_push(answers, &one->mail);
}

/* Its memory is another process's. */
static bool scarce;

static int submit(struct dispatcher *self, const struct dispatch_request *request,
		  struct hr_error *err)
{
	(void)self;
	(void)err;
	memory_enough();
	answer(request);
	if (scarce)
		memory_scarce();
	return 0;
}

/* ---- Time ---- */

static int64_t step(void)
{
	int64_t next = MS_NEVER;
	int turns = 0, ran = 1;

	woken = true;
	while (woken || ran > 0) {
		woken = false;
		if (++turns > TURNS_MAX)
			return -1;
		if (scarce)
			memory_scarce();
		next = engine_step(engine,
				   (struct moment){.wall_ms = NOW + mono_ms, .mono_ms = mono_ms});
		ran = store_run(store);
		memory_enough();
	}
	return next;
}

/* Until is_so, for so long at most. */
static bool pass(bool (*is_so)(void), int64_t ms)
{
	int64_t end_ms = mono_ms + ms, next = 0;

	while (next >= 0 && mono_ms <= end_ms) {
		next = step();
		if (is_so())
			return true;
		mono_ms = next > mono_ms ? next : mono_ms + 1;
	}
	return false;
}

/* ---- What the rows say ---- */

struct seen {
	int running, others, active, queued;
};

static int look(struct tx *tx, void *arg, struct hr_error *err)
{
	struct seen *seen = arg;
	struct server_query all = {.limit = 100};
	struct session_query of_all = {.limit = 100};
	struct server *servers = NULL;
	struct session *sessions = NULL;
	size_t n;

	*seen = (struct seen){0};
	if (server_list(tx, &all, &servers, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		*(servers[i].state == SERVER_RUNNING ? &seen->running : &seen->others) += 1;
	free(servers);
	if (session_list(tx, &of_all, &sessions, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		seen->active += sessions[i].state == SESSION_ACTIVE;
		seen->queued += sessions[i].state == SESSION_QUEUED;
	}
	free(sessions);
	return 0;
}

static struct seen seen_now(void)
{
	struct hr_error err = {0};
	struct seen seen;

	must(store_read(store, look, &seen, &err));
	return seen;
}

static int alive(void)
{
	int n = 0;

	for (size_t i = 0; i < n_machines; i++)
		n += machines[i].alive;
	return n;
}

static bool is_served(void)
{
	struct seen seen = seen_now();

	return seen.running == 1 && seen.others == 0 && seen.active == 1 && seen.queued == 0;
}

static bool is_gone(void)
{
	struct seen seen = seen_now();

	return seen.running + seen.others == 0 && alive() == 0;
}

/* ---- Databases to begin with ---- */

/* The database, and what stands beside it. */
struct image {
	char *bytes, *beside;
	size_t size, beside_size;
};

static struct image with_nobody, with_session;
static char server_id[ID_SIZE];

static void close_store(void)
{
	store_close(store);
	store = NULL;
}

static char *read_file(const char *path, size_t *ret_size)
{
	FILE *file = fopen(path, "rb");
	char *bytes = malloc(4u << 20);

	*ret_size = file && bytes ? fread(bytes, 1, 4u << 20, file) : 0;
	if (*ret_size == 0 || !feof(file))
		abort();
	fclose(file);
	return bytes;
}

/* Into the file that is there: a new one would be taken for a copy. */
static void write_file(const char *path, const char *bytes, size_t size)
{
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(bytes, size, 1, file) != 1 || fclose(file) != 0)
		abort();
}

static void keep(struct image *image)
{
	char path[PATH_SIZE];

	image->bytes = read_file(database_path, &image->size);
	image->beside = read_file(below(path, "state/headroom.newest"), &image->beside_size);
}

static void put_back(const struct image *image)
{
	char path[PATH_SIZE];

	remove(below(path, "state/headroom.db-wal"));
	remove(below(path, "state/headroom.db-shm"));
	write_file(database_path, image->bytes, image->size);
	write_file(below(path, "state/headroom.newest"), image->beside, image->beside_size);
	reopen(false);
	ck_assert_msg(!store_moved(store), "%s", store_moved_why(store));
	drawn = 0;
	mono_ms = 0;
	n_machines = 0;
}

static int put_documents(struct tx *tx, void *arg, struct hr_error *err)
{
	struct id_source ids = {.seed = {7}};

	(void)arg;
	put_pool(tx, "{}",
		 "{\"minimum_available_sessions\": 0, \"reusable\": true, "
		 "\"aggressive_scaling\": true, \"downscale_backoff\": 86400}");
	return checkin_key_ensure(tx, &ids, err);
}

static int ask_for_session(struct tx *tx, void *arg, struct hr_error *err)
{
	struct session_wish wish = {.pool = "demo", .user = "ana", .kind = SESSION_DESKTOP};
	struct life_context context = {.now_ms = NOW};
	struct session session;

	(void)arg;
	draw(NULL, context.ids.seed, sizeof(context.ids.seed));
	return sessions_request(tx, &context, &wish, &session, err);
}

static int order_destroy(struct tx *tx, void *arg, struct hr_error *err)
{
	struct life_context context = {.now_ms = NOW, .by_person = true};
	struct server server;

	(void)arg;
	draw(NULL, context.ids.seed, sizeof(context.ids.seed));
	if (server_get(tx, server_id, &server, err) < 0)
		return -1;
	return life_destroy(tx, &context, &server, "by hand", err);
}

/* ---- Jobs ---- */

static void begin_with_nobody(void)
{
	put_back(&with_nobody);
	commit(ask_for_session, NULL);
}

static void begin_with_session(void)
{
	put_back(&with_session);
	machine_of(server_id, true);
}

static void begin_to_destroy(void)
{
	begin_with_session();
	commit(order_destroy, NULL);
}

/* Of nobody's: the reaper orders it away. */
static void begin_with_stray(void)
{
	begin_with_session();
	machine_of("00000000-0000-4000-8000-000000000099", true);
}

static bool stray_is_gone(void)
{
	return is_served() && alive() == 1;
}

static void start(void)
{
	static const struct dispatcher_operations operations = {.submit = submit};
	static struct dispatcher dispatcher = {.operations = &operations};
	struct engine_options options = {.store = store,
					 .dispatcher = &dispatcher,
					 .prober = &dispatcher,
					 .wake = wake,
					 .random = draw,
					 .own_address = "127.0.0.1:8080",
					 .own_scheme = "http"};
	struct hr_error err = {0};

	options.answers = answers = mailbox_new(wake, NULL);
	must(engine_new(&options, &engine, &err));
}

static void stop(void)
{
	close_store();
	engine_free(engine);
	engine = NULL;
	mailbox_free(answers);
}

static int live(bool (*is_so)(void), struct hr_error *err)
{
	char text[64];
	bool reached;

	memory_enough();
	start();
	scarce = true;
	reached = pass(is_so, SCARCE_MS);
	scarce = false;
	reached = reached || pass(is_so, LONGEST_MS);
	text_format(text, sizeof(text), "%zu machines, %d alive", n_machines, alive());
	memory_note(text);
	stop();
	return reached ? 0
		       : error_set(err, HR_INTERNAL, "%s: %s",
				   mono_ms < LONGEST_MS ? "it never rests"
							: "it does not come to its end",
				   text);
}

static int is_made(struct hr_error *err)
{
	return live(is_served, err);
}

static int is_destroyed(struct hr_error *err)
{
	return live(is_gone, err);
}

static int is_reaped(struct hr_error *err)
{
	return live(stray_is_gone, err);
}

static int first_id(struct tx *tx, void *arg, struct hr_error *err)
{
	struct server_query query = {.limit = 1};
	struct server *servers;
	size_t n;

	(void)arg;
	if (server_list(tx, &query, &servers, &n, err) < 0)
		return -1;
	text_copy(server_id, sizeof(server_id), n == 1 ? servers[0].id : "");
	free(servers);
	return 0;
}

static void make_images(void)
{
	struct hr_error err = {0};

	reopen(false);
	commit(put_documents, NULL);
	close_store();
	keep(&with_nobody);
	begin_with_nobody();
	start();
	ck_assert(pass(is_served, LONGEST_MS));
	must(store_read(store, first_id, NULL, &err));
	stop();
	keep(&with_session);
}

static int status;

START_TEST(all)
{
	static const struct memory_job jobs[] = {
		{"engine: a server is made, and taken", is_made, begin_with_nobody, NULL, NULL},
		{"engine: a server is destroyed", is_destroyed, begin_to_destroy, NULL, NULL},
		{"engine: what nobody claims is reaped", is_reaped, begin_with_stray, NULL, NULL},
	};

	folder_setup();
	make_images();
	status = memory_run_some(jobs, 3, MOST);
	free(with_nobody.bytes);
	free(with_nobody.beside);
	free(with_session.bytes);
	free(with_session.beside);
	folder_teardown();
}
END_TEST

/* The fixture's assertions want a running test. */
int main(void)
{
	SRunner *runner;
	Suite *suite = suite_create("memory");
	TCase *tests = tcase_create("engine");

	json_object_seed(1);
	log_setup(getenv("MEMORY_LOG") ? LOG_LEVEL_INFO : LOG_LEVEL_NONE, LOG_FORMAT_TEXT);
	tcase_add_test(tests, all);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	status |= srunner_ntests_failed(runner);
	srunner_free(runner);
	return status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
