/* SPDX-License-Identifier: Apache-2.0 */
/* A provider in memory, whose settings say how it behaves: well, slowly, or badly in one of the
 * ways that the host must stand. Built several times: MOCK_ID, MOCK_THREADS, MOCK_PROFILE and
 * MOCK_INJECTS differ. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HR_BUILDS_MODULE
#include <headroom/clock.h>
#include <headroom/log.h>
#include <headroom/process.h>
#include <headroom/provider.h>

#include "mock_services.h"

#ifndef MOCK_ID
#define MOCK_ID "mock"
#endif
#ifndef MOCK_THREADS
#define MOCK_THREADS HR_THREADS_PARALLEL
#endif
#ifndef MOCK_PROFILE
#define MOCK_PROFILE HR_PROFILE_COMPUTE
#endif
#ifndef MOCK_INJECTS
#define MOCK_INJECTS 1
#endif

#define INSTANCES 64
#define TEXT_SIZE 256
#define FAR_MS 1500

static const char *const behaviours[] = {
	"good",        "open-fails",     "open-nothing", "refuse",     "silent",
	"wait",        "hang",           "long-token",   "no-token",   "binary-token",
	"no-instance", "long-id",        "again-list",   "unknown",    "no-complete",
	"unread",      "foreign",        "bad-address",  "leak",       "short-fault",
	"problems",    "short-instance", "much-memory",  "again-late", "nothing",
	"empty-id",    "segv",           "abort",        "exit",       "garbage",
	"print",       "segv-open",      "many",         "alloc",      "again-for-ever",
	"segv-check",  "segv-status",    "segv-list",    "segv-close", "segv-destroy",
	"two-ids",     "other-id",       "hides",        "no-service", "signs",
	"dice",        "says",           "spent",        NULL,
};

static const struct hr_setting settings[] = {
	{
		.key = "behaviour",
		.type = HR_TYPE_ENUM,
		.default_value = "good",
		.choices = behaviours,
		.title = "Behaviour",
		.help = "What the provider does.",
	},
	{
		.key = "token",
		.type = HR_TYPE_SECRET,
		.flags = HR_SETTING_REQUIRED,
		.title = "Token",
		.help = "What the provider is opened with.",
		.alias = "api_token",
	},
	{
		.key = "steps",
		.type = HR_TYPE_INTEGER,
		.default_value = "0",
		.maximum = 1000000,
		.title = "Steps",
		.help = "How often a create asks to be called again.",
	},
	{
		.key = "delay",
		.type = HR_TYPE_INTEGER,
		.default_value = "0",
		.maximum = 3600000,
		.unit = "ms",
		.title = "Delay",
		.help = "How long each operation takes.",
	},
	{
		.key = "trace",
		.type = HR_TYPE_STRING,
		.title = "Trace",
		.help = "File to which a line is added for each open and close.",
	},
	{
		.key = "region",
		.type = HR_TYPE_STRING,
		.default_value = "north",
		.pattern = "[a-z]+",
		.title = "Region",
		.help = "Where the instances are.",
		.example = "south",
	},
};

struct instance {
	int is_used;
	char id[TEXT_SIZE];
	char server[64];
	struct hr_process process;
};

struct hr_account {
	pthread_mutex_t mutex;
	const struct hr_log_service *log;
	const struct hr_crypto_service *crypto;
	const struct hr_random_service *random;
	const struct hr_process_service *process;
	char account[64];
	char behaviour[32];
	char token[TEXT_SIZE];
	char trace[TEXT_SIZE];
	char region[32];
	char state_dir[TEXT_SIZE];
	int64_t steps, delay;
	int at_once, most_at_once;
	unsigned made;
	struct instance instances[INSTANCES];
};

static void copy(char *buf, size_t size, struct hr_span span)
{
	size_t n = span.len < size ? (size_t)span.len : size - 1;

	memset(buf, 0, size);
	if (n > 0)
		memcpy(buf, span.ptr, n);
}

static struct hr_span span_of(const char *text)
{
	struct hr_span span = {text, strlen(text)};

	return span;
}

static int is(const struct hr_account *a, const char *behaviour)
{
	return strcmp(a->behaviour, behaviour) == 0;
}

static int32_t fail(const struct hr_call *call, int32_t class, const char *message,
		    const char *setting)
{
	struct hr_fault fault = {.size = sizeof(fault)};

	fault.message = span_of(message);
	fault.setting = span_of(setting);
	fault.provider_code = span_of("E42");
	fault.request_id = span_of("req-7");
	fault.http_status = 503;
	fault.retry_after_ms = 1500;
	call->fail(call, &fault);
	return class;
}

static void trace(const struct hr_account *a, const char *what)
{
	char line[2 * TEXT_SIZE], path[2 * TEXT_SIZE + 1];
	int fd;

	if (a->trace[0] == '\0')
		return;
	snprintf(path, sizeof(path), "%s/%s", a->state_dir, a->trace);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	snprintf(line, sizeof(line), "%s %s\n", what, a->region);
	if (fd >= 0) {
		if (write(fd, line, strlen(line)) < 0)
			abort();
		close(fd);
	}
}

static void sleep_ms(int64_t ms)
{
	const struct timespec time = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&time, NULL);
}

static char *volatile nowhere; /* what a compiler cannot see through */

/* Ends the process in the operation of which the behaviour tells: "segv-list". */
static void crash_in(const struct hr_account *a, const char *operation)
{
	if (strncmp(a->behaviour, "segv-", 5) == 0 && strcmp(a->behaviour + 5, operation) == 0)
		*nowhere = 1;
}

/* Counts who is inside, and takes the time that the settings ask for. Gives HR_OK, or
 * HR_CANCELLED once the host wants that; "hang" hears nothing for `delay` while it creates. */
static int32_t enter(struct hr_account *a, const struct hr_call *call, int is_create)
{
	int32_t rc = HR_OK;

	pthread_mutex_lock(&a->mutex);
	if (++a->at_once > a->most_at_once)
		a->most_at_once = a->at_once;
	pthread_mutex_unlock(&a->mutex);
	if (is(a, "says"))
		a->log->write(call, HR_LOG_INFO, span_of("at work"));
	if (is(a, "wait")) {
		while (!call->cancelled(call))
			sleep_ms(2);
		rc = fail(call, HR_CANCELLED, "told to end", "");
	} else if (a->delay > 0 && (is_create || !is(a, "hang"))) {
		sleep_ms(a->delay);
	}
	return rc;
}

static int32_t leave(struct hr_account *a, int32_t rc)
{
	pthread_mutex_lock(&a->mutex);
	a->at_once--;
	pthread_mutex_unlock(&a->mutex);
	return rc;
}

static void take_value(struct hr_account *a, const struct hr_value *v)
{
	const struct {
		const char *key;
		char *buf;
		size_t size;
	} texts[] = {
		{"behaviour", a->behaviour, sizeof(a->behaviour)},
		{"token", a->token, sizeof(a->token)},
		{"trace", a->trace, sizeof(a->trace)},
		{"region", a->region, sizeof(a->region)},
	};
	char key[64];

	copy(key, sizeof(key), v->key);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(key, texts[i].key) == 0)
			copy(texts[i].buf, texts[i].size, v->text);
	if (strcmp(key, "steps") == 0)
		a->steps = v->integer;
	if (strcmp(key, "delay") == 0)
		a->delay = v->integer;
}

static int32_t mock_open(const struct hr_host *host, const struct hr_call *call,
			 const struct hr_open *request, struct hr_account **ret_account)
{
	struct hr_account *a = calloc(1, sizeof(*a));
	char path[2 * TEXT_SIZE];

	if (!a)
		return fail(call, HR_INTERNAL, "no memory", "");
	pthread_mutex_init(&a->mutex, NULL);
	a->log = host->service(host, HR_LOG_SERVICE);
	a->crypto = host->service(host, HR_CRYPTO_SERVICE);
	a->random = host->service(host, HR_RANDOM_SERVICE);
	a->process = host->service(host, HR_PROCESS_SERVICE);
	copy(a->account, sizeof(a->account), request->account);
	copy(a->state_dir, sizeof(a->state_dir), request->state_dir);
	for (uint32_t i = 0; i < request->n_values; i++)
		take_value(a, (const void *)((const char *)request->values +
					     i * request->value_stride));
	if (strcmp(a->region, "far") == 0) /* it takes time to get there */
		sleep_ms(FAR_MS);
	crash_in(a, "open");
	if (is(a, "no-service")) /* what asks for a service that there is not gets none */
		a->log = host->service(host, "acme/9");
	if (is(a, "open-fails") || is(a, "open-nothing") || strcmp(a->token, "wrong") == 0) {
		int32_t rc = is(a, "open-nothing")
				     ? HR_OK
				     : fail(call, HR_AUTH, "the token is refused", "token");

		free(a);
		return rc;
	}
	if (a->state_dir[0] != '\0') {
		snprintf(path, sizeof(path), "%s/opened", a->state_dir);
		close(open(path, O_WRONLY | O_CREAT, 0600));
	}
	trace(a, "open");
	*ret_account = a;
	return HR_OK;
}

static void mock_close(struct hr_account *a)
{
	trace(a, "close");
	crash_in(a, "close");
	pthread_mutex_destroy(&a->mutex);
	free(a);
}

static int32_t mock_check(struct hr_account *a, const struct hr_call *call,
			  const struct hr_check_sink *sink)
{
	struct hr_fault fault = {.size = sizeof(fault)};
	char text[64];
	int32_t rc = enter(a, call, 0);

	crash_in(a, "check");
	pthread_mutex_lock(&a->mutex);
	snprintf(text, sizeof(text), "most calls at once: %d", a->most_at_once);
	pthread_mutex_unlock(&a->mutex);
	fault.message = span_of(text);
	fault.setting = span_of("region");
	sink->problem(sink, HR_INVALID, &fault);
	fault.message = span_of("token refused");
	fault.setting = span_of("token");
	if (is(a, "problems"))
		sink->problem(sink, HR_AUTH, &fault);
	return leave(a, rc);
}

static struct instance *find(struct hr_account *a, struct hr_span server)
{
	for (size_t i = 0; i < INSTANCES; i++)
		if (a->instances[i].is_used && strlen(a->instances[i].server) == server.len &&
		    memcmp(a->instances[i].server, server.ptr, server.len) == 0)
			return &a->instances[i];
	return NULL;
}

static int32_t start_process(struct hr_account *a, const struct hr_call *call, struct instance *i)
{
	const struct hr_span argv[] = {HR_SPAN_OF("/bin/sleep"), HR_SPAN_OF("1000")};
	const struct hr_process_start start = {
		.size = sizeof(start),
		.n_argv = 2,
		.argv = argv,
		.directory = span_of(a->state_dir),
	};

	return a->process->start(call, &start, &i->process);
}

/* The instance of a server, made where there is none yet. */
static struct instance *make(struct hr_account *a, const struct hr_step *step)
{
	struct instance *i = find(a, step->server_id);

	for (size_t at = 0; !i && at < INSTANCES; at++)
		if (!a->instances[at].is_used)
			i = &a->instances[at];
	if (i && !i->is_used) {
		i->is_used = 1;
		copy(i->server, sizeof(i->server), step->server_id);
		snprintf(i->id, sizeof(i->id), "i-%u", ++a->made);
	}
	return i;
}

/* Ways to end the process, or the channel. Not to be tried inline. */
static void destroy_process(const struct hr_account *a)
{
	static const char garbage[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

	if (is(a, "segv"))
		*nowhere = 1;
	if (is(a, "abort"))
		abort();
	if (is(a, "exit"))
		_exit(0);
	while (is(a, "alloc"))
		memset(malloc(1u << 20), 1, 1u << 20); /* ends at the limit, by the signal */
	if (is(a, "garbage") && write(3, garbage, sizeof(garbage)) > 0)
		pause();
	if (is(a, "print"))
		printf("a module prints this\n");
	fflush(stdout);
}

/* What is not a good create. 0: nothing of the kind. */
static int32_t misbehave(struct hr_account *a, const struct hr_call *call)
{
	static const char token[HR_RESUME_TOKEN_MAX + 1] = "x";
	struct hr_span span = {token, sizeof(token)};
	struct hr_fault fault = {.size = 4};
	char text[2 * TEXT_SIZE];

	if (is(a, "refuse"))
		return fail(call, HR_CAPACITY, "no room in north", "region");
	if (is(a, "silent"))
		return HR_QUOTA;
	if (is(a, "unknown"))
		return 77;
	if (is(a, "leak")) {
		snprintf(text, sizeof(text), "cannot log in with %s", a->token);
		a->log->write(call, HR_LOG_WARNING, span_of(text));
		return fail(call, HR_AUTH, text, "token");
	}
	if (is(a, "short-fault")) {
		call->fail(call, &fault);
		return HR_QUOTA;
	}
	if (is(a, "again-late"))
		return HR_AGAIN;
	if (is(a, "much-memory"))
		return call->alloc(call, 1u << 30) ? HR_OK
						   : fail(call, HR_INTERNAL, "no memory", "");
	if (is(a, "spent")) {
		call->alloc(call, 1u << 30);
		call->instance(call, span_of("i-half"));
		return HR_OK;
	}
	if (is(a, "binary-token"))
		span.len = 3;
	if (is(a, "binary-token") || is(a, "long-token")) {
		call->again(call, span, 10, -1, span_of(""));
		return HR_AGAIN;
	}
	if (is(a, "again-for-ever")) {
		call->again(call, span_of("1"), 10, 50, span_of("still booting"));
		return HR_AGAIN;
	}
	return 0;
}

static int32_t create(struct hr_account *a, const struct hr_call *call, const struct hr_step *step)
{
	char token[64], id[2 * TEXT_SIZE];
	struct instance *i;
	int32_t rc = misbehave(a, call);
	long at;

	if (rc != 0)
		return rc;
	if (is(a, "signs"))
		return mock_sign(a->crypto, call, step, span_of(a->token));
	if (is(a, "dice"))
		return mock_throw_dice(a->random, call);
	i = make(a, step);
	if (!i)
		return fail(call, HR_QUOTA, "64 instances are all there is", "");
	memset(id, 'x', sizeof(id));
	if (is(a, "long-id"))
		call->instance(call, (struct hr_span){id, sizeof(id)});
	else if (is(a, "empty-id"))
		call->instance(call, span_of(""));
	else if (is(a, "other-id") && step->resume_token.len > 0)
		call->instance(call, span_of("i-other"));
	else if (!is(a, "no-instance"))
		call->instance(call, span_of(i->id));
	if (is(a, "two-ids"))
		call->instance(call, span_of("i-second"));
	if (is(a, "no-service"))
		a->log->write(call, HR_LOG_INFO, span_of("created"));
	copy(token, sizeof(token), step->resume_token);
	at = strtol(token, NULL, 10);
	if (at < a->steps) {
		snprintf(token, sizeof(token), "%ld", at + 1);
		if (!is(a, "no-token"))
			call->again(call, span_of(token), 10, (int32_t)(at * 10),
				    span_of("booting"));
		return HR_AGAIN;
	}
	return a->process && i->process.pid == 0 ? start_process(a, call, i) : HR_OK;
}

static int32_t mock_create(struct hr_account *a, const struct hr_call *call,
			   const struct hr_step *step)
{
	int32_t rc = HR_OK;

	if (is(a, "hang")) { /* known by then */
		pthread_mutex_lock(&a->mutex);
		call->instance(call, span_of(make(a, step)->id));
		pthread_mutex_unlock(&a->mutex);
	}
	rc = enter(a, call, 1);
	pthread_mutex_lock(&a->mutex);
	if (rc == HR_OK)
		rc = create(a, call, step);
	destroy_process(a);
	pthread_mutex_unlock(&a->mutex);
	return leave(a, rc);
}

static void report(struct hr_account *a, const struct instance *i,
		   const struct hr_instance_sink *sink)
{
	struct hr_instance out = {.size = sizeof(out)};

	if (is(a, "short-instance"))
		out.size = 8;
	out.state = HR_STATE_RUNNING;
	out.instance_id = span_of(i->id);
	out.server_id = span_of(is(a, "foreign") ? "somebody's" : i->server);
	out.address = span_of(is(a, "bad-address") ? "10.0.0.1; rm -rf /" : "10.0.0.1");
	out.status_text = span_of("up");
	out.connection_port = 2222;
	out.created_ms = 1000;
	sink->instance(sink, &out);
}

static int32_t mock_status(struct hr_account *a, const struct hr_call *call,
			   const struct hr_status *request, const struct hr_instance_sink *sink)
{
	int32_t rc = enter(a, call, 0);

	crash_in(a, "status");
	pthread_mutex_lock(&a->mutex);
	for (uint32_t n = 0; rc == HR_OK && !is(a, "nothing") && n < request->n_instances; n++)
		for (size_t i = 0; i < INSTANCES; i++) {
			char id[TEXT_SIZE];

			copy(id, sizeof(id), request->instance_ids[n]);
			if (a->instances[i].is_used && strcmp(a->instances[i].id, id) == 0)
				report(a, &a->instances[i], sink);
		}
	pthread_mutex_unlock(&a->mutex);
	return leave(a, rc);
}

static int32_t mock_list(struct hr_account *a, const struct hr_call *call,
			 const struct hr_list *request, const struct hr_instance_sink *sink)
{
	int32_t rc = enter(a, call, 0);

	(void)request;
	crash_in(a, "list");
	pthread_mutex_lock(&a->mutex);
	for (size_t i = 0; rc == HR_OK && !is(a, "hides") && i < INSTANCES; i++)
		if (a->instances[i].is_used)
			report(a, &a->instances[i], sink);
	pthread_mutex_unlock(&a->mutex);
	for (int i = 0; is(a, "many") && i < 5000; i++) {
		struct instance one = {.server = "44444444-4444-4444-8444-444444444444"};

		snprintf(one.id, sizeof(one.id), "i-%d", i);
		report(a, &one, sink);
	}
	if (is(a, "unread"))
		sink->unread(sink, span_of("node-3"), span_of("it does not answer"));
	if (!is(a, "no-complete"))
		sink->complete(sink);
	if (is(a, "again-list"))
		rc = HR_AGAIN;
	return leave(a, rc);
}

static int32_t mock_destroy(struct hr_account *a, const struct hr_call *call,
			    const struct hr_step *step)
{
	int32_t rc = enter(a, call, 0);
	struct instance *i;

	crash_in(a, "destroy");
	pthread_mutex_lock(&a->mutex);
	i = find(a, step->server_id);
	if (rc == HR_OK && i && i->process.pid != 0) {
		rc = a->process->signal(call, &i->process, 9);
		if (rc == HR_NOT_FOUND)
			rc = HR_OK;
	}
	if (rc == HR_OK && i)
		memset(i, 0, sizeof(*i));
	pthread_mutex_unlock(&a->mutex);
	return leave(a, rc);
}

/* A script runs for one further call, and fails if it is "false". */
static int32_t mock_inject(struct hr_account *a, const struct hr_call *call,
			   const struct hr_step *step)
{
	int32_t rc = enter(a, call, 0);
	const struct instance *i;
	char script[TEXT_SIZE], id[TEXT_SIZE];

	copy(script, sizeof(script), step->script);
	copy(id, sizeof(id), step->instance_id);
	pthread_mutex_lock(&a->mutex);
	i = find(a, step->server_id);
	if (rc == HR_OK && (!i || strcmp(i->id, id) != 0)) {
		rc = fail(call, HR_NOT_FOUND, "there is no such instance", "");
	} else if (rc == HR_OK && step->resume_token.len == 0) {
		call->again(call, span_of("running"), 10, 50, span_of("the script runs"));
		rc = HR_AGAIN;
	} else if (rc == HR_OK && strcmp(script, "false") == 0) {
		rc = fail(call, HR_INVALID, "the script ended with status 1: no output", "");
	}
	pthread_mutex_unlock(&a->mutex);
	return leave(a, rc);
}

HR_EXPORT const struct hr_provider HR_PROVIDER_SYMBOL = {
	HR_PROVIDER_HEADER,
	.thread_model = MOCK_THREADS,
	.id = MOCK_ID,
	.title = "Mock",
	.version = "1.0",
	.vendor = "Acme",
	.url = "https://acme.example",
	.licence = "Apache-2.0",
	.capabilities = HR_CAP_CREATES_ONCE,
	.max_concurrency = 4,
	.profile = MOCK_PROFILE,
	.settings = settings,
	.n_settings = sizeof(settings) / sizeof(settings[0]),
	.settings_stride = sizeof(settings[0]),
	.linux_scripts = HR_SCRIPT_AT_CREATE,
	.script_max = 16384,
	.rate_per_minute = 1200,
	.rate_burst = 40,
	.open = mock_open,
	.close = mock_close,
	.check = mock_check,
	.create = mock_create,
	.status = mock_status,
	.list = mock_list,
	.destroy = mock_destroy,
	.inject = MOCK_INJECTS ? mock_inject : NULL,
};
