/* SPDX-License-Identifier: Apache-2.0 */
/* A daemon in a test program. */
#include "api_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "../../modules/module_folder.h"
#include "base/clock.h"
#include "base/mailbox.h"
#include "engine/checkin.h"
#include "http/http.h"
#include "provider/inline.h"

#define WAIT_MS 20000
#define SECRETS 8

char socket_path[PATH_SIZE];
const char *api_at;
struct module_metrics *module_metrics;
struct http_service *provider_http;

static struct module_folder modules;
static struct registry *registry;
static struct mailbox *answers;
static struct dispatcher *dispatcher;
static struct engine *engine;
static struct api *api;
static pthread_t engine_thread;
static atomic_bool engine_stops;
static int wake_fd, real_stderr;
static char log_path[PATH_SIZE];
static char tokens[LOCAL][API_TOKEN_SIZE];
static char secrets[SECRETS][1024];
static size_t n_secrets;

static void wake(void *context)
{
	uint64_t one = 1;

	(void)context;
	ck_assert_int_eq(write(wake_fd, &one, sizeof(one)), (ssize_t)sizeof(one));
}

static void *run_engine(void *arg)
{
	(void)arg;
	while (!atomic_load(&engine_stops)) {
		int64_t due = engine_step(engine, clock_now());
		int64_t wait = due == MS_NEVER ? 1000 : due - clock_now().mono_ms;
		struct pollfd fd = {.fd = wake_fd, .events = POLLIN};
		uint64_t count;

		if (poll(&fd, 1,
			 wait < 0      ? 0
			 : wait > 1000 ? 1000
				       : (int)wait) > 0 &&
		    read(wake_fd, &count, sizeof(count)) < 0)
			break;
	}
	return NULL;
}

static int ensure_key(struct tx *tx, void *arg, struct hr_error *err)
{
	struct id_source ids = *(struct id_source *)arg;

	return checkin_key_ensure(tx, &ids, err);
}

static void start_engine(void)
{
	struct inline_options inline_options;
	struct engine_options options;
	struct hr_error err = {0};

	wake_fd = eventfd(0, EFD_CLOEXEC);
	answers = mailbox_new(wake, NULL);
	inline_options = (struct inline_options){.registry = registry,
						 .answers = answers,
						 .installation = store_installation(store),
						 .state_dir = state_folder,
						 .workers = 4};
	must(inline_dispatcher_new(&inline_options, &dispatcher, &err));
	options = (struct engine_options){.store = store,
					  .dispatcher = dispatcher,
					  .answers = answers,
					  .wake = wake,
					  .random = random_system,
					  .own_address = "127.0.0.1:1",
					  .own_scheme = "http",
					  .safety_pass_ms = 15000};
	must(engine_new(&options, &engine, &err));
	atomic_store(&engine_stops, false);
	ck_assert_int_eq(pthread_create(&engine_thread, NULL, run_engine, NULL), 0);
}

/* The log goes to a file, so that what is in it can be looked at. */
static void catch_log(void)
{
	int fd;

	below(log_path, "log");
	fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	real_stderr = dup(STDERR_FILENO);
	ck_assert_int_ge(dup2(fd, STDERR_FILENO), 0);
	close(fd);
}

const char *token_text(enum caller caller)
{
	return tokens[caller];
}

static void make_tokens(void)
{
	static const char *const names[LOCAL] = {"", "viewer", "broker", "operator", "admin"};
	struct hr_error err = {0};
	char body[128];

	must(api_token_make(tokens[ADMIN], &err));
	must(api_token_create_admin(store, "admin", tokens[ADMIN], &err));
	must_not_log(tokens[ADMIN]);
	for (int caller = VIEWER; caller < ADMIN; caller++) {
		text_format(body, sizeof(body), "{\"name\":\"%s\",\"role\":\"%s\"}", names[caller],
			    names[caller]);
		expect(201, call(ADMIN, "POST", "/api/v1/tokens", body));
		text_copy(tokens[caller], API_TOKEN_SIZE, text_at("token"));
		must_not_log(tokens[caller]);
	}
}

static void setup(int64_t timeout_ms)
{
	struct registry_options registry_options = {0};
	char host[600];
	struct api_options options = {.listen = "127.0.0.1:0", .request_timeout_ms = timeout_ms};
	struct hr_error err = {0};
	struct id_source ids = {.seed = {1, 2, 3}};
	char path[600];

	n_secrets = 0;
	folder_setup();
	reopen(true);
	catch_log();
	module_folder_make(&modules);
	module_folder_add(&modules, GOOD_MODULE("mock"), "mock.so", path, sizeof(path));
	module_folder_add(&modules, "tests/unit/api/.libs/portal.so", "portal.so", path,
			  sizeof(path));
	module_folder_write(&modules, "junk.so", "no module", path, sizeof(path));
	registry_options.path = modules.path;
	registry_options.local_modules = "local";
	registry_options.host_program = host_program(host, sizeof(host));
	must(registry_open(&registry_options, &registry, &err));
	must(store_write(store, ensure_key, &ids, &err));
	start_engine();
	below(socket_path, "run/api.sock");
	options.store = store;
	options.engine = engine;
	options.registry = registry;
	must(module_metrics_new(&module_metrics, &err));
	options.metrics = module_metrics;
	must(http_service_new(&(struct http_service_options){0}, &provider_http, &err));
	options.http = provider_http;
	options.socket_path = socket_path;
	must(api_start(&options, &api, &err));
	api_at = api_address(api);
	make_tokens();
}

void api_setup(void)
{
	setup(0);
}

void api_setup_quick(void)
{
	setup(700);
}

static char *read_log(void)
{
	FILE *file = fopen(log_path, "re");
	size_t size = 1 << 20, len;
	char *text = malloc(size);

	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(text);
	len = fread(text, 1, size - 1, file);
	text[len] = '\0';
	fclose(file);
	return text;
}

bool log_holds(const char *text)
{
	char *log = read_log();
	bool holds = strstr(log, text) != NULL;

	free(log);
	return holds;
}

void must_not_log(const char *secret)
{
	ck_assert_uint_lt(n_secrets, SECRETS);
	text_copy(secrets[n_secrets++], sizeof(secrets[0]), secret);
}

static void check_log(void)
{
	char *log = read_log();

	if (strstr(log, "Sanitizer") || strstr(log, "runtime error"))
		fprintf(stderr, "%s\n", log);
	ck_assert_msg(!strstr(log, "Sanitizer") && !strstr(log, "runtime error"), "see above");
	for (size_t i = 0; i < n_secrets; i++)
		ck_assert_msg(!strstr(log, secrets[i]), "the log holds the secret %s", secrets[i]);
	free(log);
}

void api_stop_early(void)
{
	if (!api)
		return;
	atomic_store(&engine_stops, true);
	wake(NULL);
	pthread_join(engine_thread, NULL);
	api_stop(api);
	api = NULL;
}

void api_teardown(void)
{
	api_stop_early();
	http_service_free(provider_http);
	ck_assert_int_ne(access(socket_path, F_OK), 0);
	dispatch_cancel_all(dispatcher);
	dispatch_free(dispatcher);
	store_close(store);
	store = NULL;
	engine_free(engine);
	mailbox_free(answers);
	module_metrics_free(module_metrics);
	registry_close(registry);
	close(wake_fd);
	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	check_log();
	client_clear();
	module_folder_remove(&modules);
	folder_teardown();
}

/* ---- Pools --------------------------------------------------------------------------------- */

void make_places(void)
{
	must_not_log("account-secret");
	expect(201, call(LOCAL, "PUT", "/api/v1/zones/here", "{}"));
	expect(201, call(LOCAL, "PUT", "/api/v1/provider-configs/acct",
			 "{\"provider\":\"mock\",\"max_instances\":5,\"list_interval\":1,"
			 "\"settings\":{\"token\":\"account-secret\"}}"));
	expect(201, call(LOCAL, "PUT", "/api/v1/pools/demo", "{}"));
}

void make_pool(const char *config_fields)
{
	json_t *fields = json_loads(config_fields, 0, NULL);
	json_t *config = json_pack("{ss ss ss ss}", "pool", "demo", "zone", "here",
				   "provider_config", "acct", "connection_type", "SSH");
	char *text;

	ck_assert_ptr_nonnull(fields);
	ck_assert_int_eq(json_object_update(config, fields), 0);
	text = json_dumps(config, 0);
	make_places();
	expect(201, call(LOCAL, "PUT", "/api/v1/autoscale-configs/demo-a", text));
	free(text);
	json_decref(config);
	json_decref(fields);
}

void wait_for_servers(const char *state, size_t n)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	int64_t end = clock_now().mono_ms + WAIT_MS;
	char path[128];

	text_format(path, sizeof(path), "/api/v1/servers?state=%s", state);
	do {
		expect(200, call(LOCAL, "GET", path, NULL));
		if (items() == n)
			return;
		nanosleep(&pause, NULL);
	} while (clock_now().mono_ms < end);
	ck_abort_msg("not %zu servers are %s: %s", n, state, reply.text);
}

struct wanted {
	const char *id;
	struct server server;
	char *token;
};

static int read_server(struct tx *tx, void *arg, struct hr_error *err)
{
	struct wanted *wanted = arg;

	return server_get(tx, wanted->id, &wanted->server, err);
}

struct server first_server(const char *query)
{
	struct wanted wanted = {0};
	struct hr_error err = {0};
	char path[128], id[ID_SIZE];

	text_format(path, sizeof(path), "/api/v1/servers?%s", query);
	expect(200, call(LOCAL, "GET", path, NULL));
	text_copy(id, sizeof(id), text_at("items.0.id"));
	wanted.id = id;
	must(store_read(store, read_server, &wanted, &err));
	return wanted.server;
}

static int make_checkin_token(struct tx *tx, void *arg, struct hr_error *err)
{
	struct wanted *wanted = arg;

	free(wanted->token);
	wanted->token = NULL;
	return checkin_token_make(tx, &wanted->server, &wanted->token, err);
}

char *checkin_token(const struct server *server)
{
	struct wanted wanted = {.server = *server};
	struct hr_error err = {0};

	must(store_read(store, make_checkin_token, &wanted, &err));
	return wanted.token;
}
