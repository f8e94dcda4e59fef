/* SPDX-License-Identifier: Apache-2.0 */
/* The test bench of the dispatchers. */
#include "dispatch_bench.h"
#include "transcript.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <check.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

struct module_folder state;
static struct module_folder modules;
static struct registry *registry;
static struct http_service *http;
struct module_metrics *metrics;
const char *host_instead;
const char *bench_folder;
struct mailbox *answers;
struct dispatcher *dispatcher;
uint64_t next_ticket;
char trace[400];
char news[4096];

#ifdef BENCH_BY_PROCESS
const bool by_process = true;

void start_dispatcher(unsigned workers)
{
	struct process_options options = {
		.installation = INSTALLATION,
		.state_dir = state.path,
		.host_uid_first = BENCH_UID_FIRST,
		.host_uid_last = BENCH_UID_LAST,
	};
	struct hr_error err;
	char host[600];

	(void)workers;
	options.host_program = host_instead ? host_instead : host_program(host, sizeof(host));
	options.registry = registry;
	options.answers = answers;
	options.http = http;
	options.secrets.secrets_dir = state.path;
	options.metrics = metrics;
	ck_assert_int_eq(process_dispatcher_new(&options, &dispatcher, &err), 0);
}

unsigned stuck_workers(void)
{
	return 0;
}
#else
const bool by_process = false;

unsigned stuck_workers(void)
{
	return inline_dispatcher_stuck(dispatcher);
}

void start_dispatcher(unsigned workers)
{
	struct inline_options options = {
		.installation = INSTALLATION,
		.state_dir = state.path,
		.host_uid_first = BENCH_UID_FIRST,
		.host_uid_last = BENCH_UID_LAST,
		.workers = workers,
	};
	struct hr_error err;

	options.registry = registry;
	options.answers = answers;
	options.http = http;
	options.secrets.secrets_dir = state.path;
	ck_assert_int_eq(inline_dispatcher_new(&options, &dispatcher, &err), 0);
}
#endif

void pass_time(int64_t ms)
{
	int64_t until = clock_now().mono_ms + ms;

	do {
		if (dispatcher)
			dispatch_step(dispatcher, clock_now());
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	} while (clock_now().mono_ms < until);
}

void bench_setup(void)
{
	const char *build = getenv("HEADROOM_BUILDDIR");
	struct registry_options options = {.local_modules = "mocklocal, local"};
	char host[600], folders[1200];
	struct hr_error err;
	char path[600];

	umask(022);
	module_folder_make(&modules);
	module_folder_make(&state);
	snprintf(trace, sizeof(trace), "%s/accounts/" ACCOUNT "/trace", state.path);
	module_folder_add(&modules, GOOD_MODULE("mock"), "mock.so", path, sizeof(path));
	module_folder_add(&modules, GOOD_MODULE("mockserial"), "mockserial.so", path, sizeof(path));
	module_folder_add(&modules, GOOD_MODULE("httping"), "httping.so", path, sizeof(path));
	module_folder_add(&modules, GOOD_MODULE("httpcloud"), "httpcloud.so", path, sizeof(path));
	module_folder_add(&modules, GOOD_MODULE("httplearn"), "httplearn.so", path, sizeof(path));
	module_folder_add(&modules, GOOD_MODULE("httprules"), "httprules.so", path, sizeof(path));
	module_folder_add(&modules, GOOD_MODULE("mocklocal"), "mocklocal.so", path, sizeof(path));
	module_folder_add(&modules, "tests/modules/hostile/.libs/outlaw.so", "outlaw.so", path,
			  sizeof(path));
	snprintf(folders, sizeof(folders), "%s%s%s%s%s", modules.path, bench_folder ? ":" : "",
		 bench_folder ? build : "", bench_folder ? "/" : "",
		 bench_folder ? bench_folder : "");
	options.path = folders;
	options.host_program = host_program(host, sizeof(host));
	ck_assert_int_eq(registry_open(&options, &registry, &err), 0);
	ck_assert_int_eq(http_service_new(&(struct http_service_options){0}, &http, &err), 0);
	ck_assert_int_eq(module_metrics_new(&metrics, &err), 0);
	answers = mailbox_new(NULL, NULL);
	ck_assert_ptr_nonnull(answers);
	next_ticket = 1;
	news[0] = '\0';
	transcript_begin();
	start_dispatcher(8);
}

void bench_teardown(void)
{
	struct mail *mail;

	transcript_end();
	dispatch_free(dispatcher);
	http_service_free(http);
	module_metrics_free(metrics);
	while ((mail = mailbox_take(answers)) != NULL)
		dispatch_answer_free((struct dispatch_answer *)(void *)mail);
	mailbox_free(answers);
	registry_close(registry);
	module_folder_remove(&modules);
	module_folder_remove(&state);
}

const struct registry_module *bench_module(const char *id)
{
	const struct registry_module *module = NULL;
	struct hr_error err;

	ck_assert_int_eq(registry_find(registry, id, &module, &err), 0);
	return module;
}

/* ---- Requests ------------------------------------------------------------------------------ */

struct dispatch_request request(enum dispatch_kind kind)
{
	struct dispatch_request r = {.kind = kind, .timeout_ms = LONG_MS};

	r.ticket = next_ticket++;
	text_copy(r.account, sizeof(r.account), ACCOUNT);
	text_copy(r.step.server_id, sizeof(r.step.server_id), SERVER);
	text_copy(r.step.config_id, sizeof(r.step.config_id), CONFIG);
	text_copy(r.step.server_name, sizeof(r.step.server_name), "srv-1");
	r.step.attempt = 1;
	return r;
}

uint64_t submit(const struct dispatch_request *r)
{
	struct hr_error err = {0};

	ck_assert_msg(dispatch_submit(dispatcher, r, &err) == 0, "%s", err.message);
	return r->ticket;
}

/* Adds it to the text of news. */
static void take_news(struct dispatch_answer *answer)
{
	static const char *const words[] = {"?", "failed", "paused", "running"};
	size_t len = strlen(news);

	ck_assert_uint_eq(answer->ticket, 0);
	ck_assert_str_eq(answer->account, ACCOUNT);
	ck_assert_int_le(answer->news, DISPATCH_NEWS_RUNNING);
	snprintf(news + len, sizeof(news) - len, "%s: %s\n", words[answer->news],
		 answer->error.message);
	dispatch_answer_free(answer);
}

/* NULL: none has come. */
static struct dispatch_answer *take_answer(void)
{
	struct dispatch_answer *answer;

	while ((answer = (struct dispatch_answer *)(void *)mailbox_take(answers)) != NULL &&
	       answer->kind == DISPATCH_NEWS)
		take_news(answer);
	return answer;
}

/* As much longer as Check's own limits are: in a build that is much slower. */
static int64_t patience_ms(void)
{
	const char *times = getenv("CK_TIMEOUT_MULTIPLIER");
	long n = times ? strtol(times, NULL, 10) : 1;

	return n > 1 ? PATIENCE_MS * (int64_t)n : PATIENCE_MS;
}

void wait_for_news(const char *text)
{
	int64_t until = clock_now().mono_ms + patience_ms();

	while (strstr(news, text) == NULL) {
		ck_assert_msg(clock_now().mono_ms < until, "news are only: %s", news);
		pass_time(0);
		ck_assert_ptr_null(take_answer());
	}
}

/* The next answer, of whatever request. */
struct dispatch_answer *next_answer(void)
{
	int64_t until = clock_now().mono_ms + patience_ms();
	struct dispatch_answer *answer;

	while ((answer = take_answer()) == NULL) {
		ck_assert_msg(clock_now().mono_ms < until, "no answer comes");
		pass_time(0);
	}
	transcript_add(answer);
	return answer;
}

/* Submits and waits for this one's answer. */
struct dispatch_answer *ask(const struct dispatch_request *r)
{
	struct dispatch_answer *answer;

	submit(r);
	answer = next_answer();
	ck_assert_uint_eq(answer->ticket, r->ticket);
	ck_assert_int_eq(answer->kind, r->kind);
	ck_assert_str_eq(answer->account, r->account);
	return answer;
}

/* format: settings as JSON members beside the token. */
struct dispatch_answer *try_open(const char *provider, const char *members)
{
	struct dispatch_request r = request(DISPATCH_OPEN);
	struct dispatch_answer *answer;
	struct hr_error err;
	char text[1024];
	json_t *settings;

	snprintf(text, sizeof(text), "{\"token\":\"%s\"%s%s}", SECRET, members[0] ? "," : "",
		 members);
	ck_assert_int_eq(json_parse(text, strlen(text), "settings", &settings, &err), 0);
	r.provider = provider;
	r.settings = settings;
	submit(&r);
	json_decref(settings); /* it was copied */
	answer = next_answer();
	ck_assert_uint_eq(answer->ticket, r.ticket);
	return answer;
}

void open_account(const char *provider, const char *members)
{
	struct dispatch_answer *answer = try_open(provider, members);

	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
}

void open_behaving(const char *behaviour)
{
	char members[128];

	snprintf(members, sizeof(members), "\"behaviour\":\"%s\"", behaviour);
	open_account("mock", members);
}

struct dispatch_answer *ask_kind(enum dispatch_kind kind)
{
	struct dispatch_request r = request(kind);

	return ask(&r);
}
