/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts, steps and answers for the tests of the module local; see fixture.h. */
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fixture.h"
#include "open_values.h"
#include "traces.h"

const struct hr_provider *module;
struct hr_account *account;
char base[512], state[640], id[64], key_path[600], public_key[512], script[65536];
const char *isolation;
const char *const modes[2] = {"namespaces", "supervisor"};
struct account_settings with;

struct hr_span span(const char *text)
{
	return (struct hr_span){text, text ? strlen(text) : 0};
}

void pause_ms(int64_t ms)
{
	struct timespec time = {ms / 1000, (ms % 1000) * 1000000};

	nanosleep(&time, NULL);
}

int run(const char *format, ...)
{
	char command[8192];
	va_list list;
	int status;
	pid_t pid;

	va_start(list, format);
	vsnprintf(command, sizeof(command), format, list);
	va_end(list);
	pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void module_open(void)
{
	char path[1024];
	void *handle;

	snprintf(path, sizeof(path), "%s/plugins/local/.libs/local.so",
		 getenv("HEADROOM_BUILDDIR"));
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	ck_assert_msg(handle, "%s", dlerror());
	module = dlsym(handle, "headroom_provider_v0");
	ck_assert_ptr_nonnull(module);
}

int32_t account_try(struct fake_call *call)
{
	struct open_values values = open_values_of(module);
	struct hr_open request = {.size = sizeof(request),
				  .value_stride = sizeof(values.list[0]),
				  .values = values.list,
				  .installation = span(INSTALLATION),
				  .account = span("config-1"),
				  .state_dir = span(state)};

	open_values_set(&values, module, "isolation", isolation);
	open_values_set(&values, module, "address", with.address);
	open_values_set(&values, module, "sshd", with.sshd);
	open_values_set(&values, module, "bwrap", with.bwrap);
	open_values_set(&values, module, "helper", with.helper);
	request.n_values = values.n;
	account = NULL;
	return module->open(&fake_host, &call->call, &request, &account);
}

void account_open(void)
{
	struct fake_call call;

	fake_call_init(&call);
	ck_assert_msg(account_try(&call) == HR_OK, "%s", call.message);
}

static void leave_nothing(void);

void begin(bool closed)
{
	static unsigned n;

	atexit(leave_nothing);

	memset(&with, 0, sizeof(with));
	fake_crash = CRASH_NOT;
	fake_folder_make(base, sizeof(base), state, sizeof(state), closed);
	snprintf(id, sizeof(id), "srv%d-%u-%lld", (int)getpid(), n++, (long long)time(NULL));
	snprintf(script, sizeof(script), "#!/bin/sh\necho hello from the script\n");
	module_open();
	account_open();
}

void finish(void)
{
	module->close(account);
	fake_folder_remove(base);
	base[0] = '\0';
}

/* One call of create or destroy. */
int32_t step_once(bool create, const char *server, unsigned attempt, struct fake_call *call)
{
	struct hr_mark marks[] = {
		{span(HR_MARK_INSTALLATION), span(INSTALLATION)},
		{span(HR_MARK_CONFIG), span("config-1")},
		{span(HR_MARK_SERVER), span(server)},
	};
	char token[4097];
	struct hr_step step = {
		.size = sizeof(step),
		.attempt = attempt,
		.server_id = span(server),
		.server_name = span("demo-1"),
		.instance_id = span(call->instance),
		.marks = marks,
		.n_marks = 3,
		.guest_os = HR_GUEST_LINUX,
		.host_name = span("demo-1"),
		.script = span(script),
	};

	snprintf(token, sizeof(token), "%s", call->token);
	step.resume_token = span(token);
	call->token[0] = '\0';
	return create ? module->create(account, &call->call, &step)
		      : module->destroy(account, &call->call, &step);
}

int32_t step_run(bool create, unsigned attempt, struct fake_call *call)
{
	int32_t result;

	fake_call_init(call);
	for (int i = 0; i < 2000; i++) {
		result = step_once(create, id, attempt, call);
		fake_call_free(call);
		if (result != HR_AGAIN)
			return result;
		pause_ms(call->delay_ms);
	}
	ck_abort_msg("%s does not end: %s", create ? "create" : "destroy", call->text);
}

/* A test that failed ends its server too. */
static void leave_nothing(void)
{
	struct fake_call call;

	if (!base[0])
		return;
	fake_call_init(&call);
	for (int i = 0; account && i < 400 && step_once(false, id, 1, &call) == HR_AGAIN; i++) {
		fake_call_free(&call);
		pause_ms(call.delay_ms);
	}
	fake_folder_remove(base);
}

void create_ok(unsigned attempt)
{
	struct fake_call call;
	int32_t result = step_run(true, attempt, &call);

	ck_assert_msg(result == HR_OK, "create: %d %s", result, call.message);
	ck_assert_str_eq(call.instance, id);
}

void destroy_ok(void)
{
	struct fake_call call;
	int32_t result = step_run(false, 1, &call);

	ck_assert_msg(result == HR_OK, "destroy: %d %s", result, call.message);
}

static struct answers *answers_of(const struct hr_instance_sink *sink)
{
	union {
		const struct hr_instance_sink *in;
		struct answers *out;
	} cast = {sink};

	return cast.out;
}

static void on_instance(const struct hr_instance_sink *sink, const struct hr_instance *instance)
{
	struct answers *answers = answers_of(sink);

	answers->n++;
	answers->state = instance->state;
	answers->port = instance->connection_port;
	answers->created_ms = instance->created_ms;
#define COPY(field, from)                                                                 \
	snprintf(answers->field, sizeof(answers->field), "%.*s", (int)instance->from.len, \
		 instance->from.ptr ? instance->from.ptr : "")
	COPY(address, address);
	COPY(text, status_text);
	COPY(instance, instance_id);
	COPY(server, server_id);
	COPY(config, config_id);
}

static void on_unread(const struct hr_instance_sink *sink, struct hr_span part, struct hr_span why)
{
	ck_assert_uint_gt(part.len, 0);
	ck_assert_uint_gt(why.len, 0);
	answers_of(sink)->n_unread++;
}

static void on_complete(const struct hr_instance_sink *sink)
{
	answers_of(sink)->n_complete++;
}

static struct answers answers_new(void)
{
	return (struct answers){.sink = {.size = sizeof(struct hr_instance_sink),
					 .instance = on_instance,
					 .unread = on_unread,
					 .complete = on_complete}};
}

struct answers status_of(const char *instance)
{
	struct answers answers = answers_new();
	struct hr_span ids = span(instance);
	struct hr_status request = {
		.size = sizeof(request), .n_instances = 1, .instance_ids = &ids};
	struct fake_call call;

	fake_call_init(&call);
	ck_assert_int_eq(module->status(account, &call.call, &request, &answers.sink), HR_OK);
	ck_assert_uint_eq(answers.n, 1);
	return answers;
}

struct answers list_of(const char *installation)
{
	struct answers answers = answers_new();
	struct hr_list request = {.size = sizeof(request), .installation = span(installation)};
	struct fake_call call;

	fake_call_init(&call);
	ck_assert_int_eq(module->list(account, &call.call, &request, &answers.sink), HR_OK);
	return answers;
}

/* Everything that a server leaves, its end asked of the module or not. */
void assert_no_trace(unsigned port)
{
	/* The program that has swept says so before it has ended itself. */
	for (int i = 0; i < 50 && traces_processes(id) > 0; i++)
		pause_ms(20);
	ck_assert_uint_eq(traces_processes(id), 0);
	ck_assert_uint_eq(traces_files(base, id), 0);
	if (port)
		ck_assert(!traces_port(port));
}

void assert_one_tree(void)
{
	ck_assert_uint_eq(traces_inits(id), 1);
	ck_assert_uint_eq(status_of(id).state, HR_STATE_RUNNING);
}
