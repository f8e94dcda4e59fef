/* SPDX-License-Identifier: Apache-2.0 */
/* The module that is looked at; see subject.h. */
#include "conformance/subject.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/text.h"
#include "host/run.h"
#include "provider/account_folder.h"

#define ACCOUNT "conformance"
#define INSTALLATION "conformance"
#define STATE_FOLDER "/tmp/headroom-conformance.XXXXXX"
#define UID_FIRST 61184 /* as the daemon's default: [security] host_uids */
#define UID_LAST 61439

static int count_http(void *context, const struct call *call, const struct hr_http_request *request,
		      struct hr_http_response *ret_response, struct hr_error *err)
{
	struct subject *subject = context;

	subject->n_requests++;
	return fault_http(&subject->point, call, request, ret_response, err);
}

static int give_secret(void *context, const struct call *call, const char *key, char **ret_value,
		       struct hr_error *err)
{
	struct subject *subject = context;

	return subject->backend.functions.secret(subject->backend.functions.context, call, key,
						 ret_value, err);
}

/* Whatever is kept or shown of what the module said. */
static void watch(struct subject *subject, const char *operation, const char *where,
		  const char *text)
{
	char masked[4096];

	if (!text || subject->leak[0] != '\0')
		return;
	mask_text(subject->mask, text, strlen(text), masked, sizeof(masked));
	/* Texts for people come masked already. */
	if (strstr(masked, "***"))
		text_format(subject->leak, sizeof(subject->leak), "%s of %s holds a secret: %.100s",
			    where, operation, masked);
}

static void watch_answer(struct subject *subject, const struct dispatch_answer *answer)
{
	const char *operation = dispatch_kind_name(answer->kind);

	if (answer->result >= HR_AUTH) {
		watch(subject, operation, "an error", answer->error.message);
		watch(subject, operation, "a provider's code", answer->error.provider_code);
	}
	watch(subject, operation, "a resume token", answer->resume_token);
	watch(subject, operation, "the text for who waits", answer->text);
	watch(subject, operation, "an instance's id", answer->instance_id);
	watch(subject, operation, "a part that was not read", answer->unread);
	for (size_t i = 0; i < answer->n_instances; i++)
		watch(subject, operation, "a status", answer->instances[i].status_text);
	for (size_t i = 0; i < answer->n_problems; i++)
		watch(subject, operation, "a problem", answer->problems[i].error.message);
}

static void watch_log(void *context, const struct call *call, int32_t level, const char *text)
{
	(void)call, (void)level;
	watch(context, "any operation", "a log line", text);
}

/* The host's alloc, that counts and can fail; of the call that this thread makes. */
static _Thread_local struct subject *counts_for;
static _Thread_local void *(*host_alloc)(const struct hr_call *abi, uint64_t bytes);

static void *counted_alloc(const struct hr_call *abi, uint64_t bytes)
{
	bool fails = ++counts_for->n_allocs == counts_for->fails_at;

	return host_alloc(abi, fails ? UINT64_MAX : bytes);
}

/* The folder is looked at as the daemon would: with the checks of its path. */
static int find_module(struct subject *subject, struct hr_error *err)
{
	const char *file = subject->options->file, *slash = strrchr(file, '/');
	char *folder = slash ? strndup(file, (size_t)(slash - file)) : NULL;
	char id[64];
	struct registry_options options = {.local_modules =
						   subject->options->may_be_local ? id : "",
					   .host_program = subject->options->host_program,
					   .no_manifests = true};
	int rc;

	if (!folder)
		return error_no_memory(err, "looking for the module");
	text_format(id, sizeof(id), "%.*s", (int)strcspn(slash + 1, "."), slash + 1);
	options.path = folder;
	rc = registry_open(&options, &subject->registry, err);
	for (size_t i = 0; rc == 0 && i < registry_count(subject->registry); i++)
		if (strcmp(registry_at(subject->registry, i)->path, file) == 0)
			subject->described = registry_at(subject->registry, i);
	free(folder);
	if (rc == 0 && !subject->described)
		return error_set(err, HR_INVALID, "%s: there is no such module file", file);
	if (rc == 0 && !subject->described->usable)
		return error_set(err, HR_INVALID, "%s", subject->described->reason);
	return rc;
}

/* A module of profile local keeps its servers in a folder of the account's. */
static int make_state_dir(struct subject *subject, struct hr_error *err)
{
	if (subject->described->profile != HR_PROFILE_LOCAL)
		return 0;
	text_copy(subject->state_dir, sizeof(subject->state_dir), STATE_FOLDER);
	/* As root the servers' user has to get through it. */
	if (mkdtemp(subject->state_dir) && chmod(subject->state_dir, 0711) == 0)
		return 0;
	subject->state_dir[0] = '\0';
	return error_set(err, HR_INTERNAL, "no folder can be made below /tmp");
}

int subject_open(const struct subject_options *options, struct subject *ret, struct hr_error *err)
{
	memset(ret, 0, sizeof(*ret));
	ret->options = options;
	if (find_module(ret, err) != 0 || make_state_dir(ret, err) != 0 ||
	    mask_new(&ret->described->schema, options->settings, &ret->mask, err) != 0 ||
	    http_service_new(&options->http, &ret->http, err) != 0)
		return -1;
	return loader_open(options->file, options->may_be_local ? LOADER_MAY_BE_LOCAL : 0,
			   &ret->module, err);
}

static void account_end(struct subject *subject)
{
	if (!subject->account)
		return;
	account_close(subject->account);
	inline_backend_close(&subject->backend);
	subject->account = NULL;
}

static int remove_one(const char *path, const struct stat *st, int what, struct FTW *where)
{
	(void)st, (void)what, (void)where;
	return remove(path);
}

void subject_close(struct subject *subject)
{
	account_end(subject);
	http_service_free(subject->http);
	if (subject->module)
		loader_close(subject->module);
	if (subject->registry)
		registry_close(subject->registry);
	mask_free(subject->mask);
	if (subject->state_dir[0] != '\0')
		nftw(subject->state_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int32_t account_begin(struct subject *subject, struct hr_error *err)
{
	const struct dispatch_request request = {.kind = DISPATCH_OPEN};
	struct call_subject about = run_subject(subject->account, &request);
	struct call call;
	int32_t result;

	if (call_init(&call, &about, clock_now().mono_ms + 10000, err) != 0)
		return err->class;
	result = account_open(subject->account, &call, err);
	call_clear(&call);
	return result;
}

int32_t subject_account(struct subject *subject, struct hr_error *err)
{
	const struct account_services_options services = {
		.module = subject->described, .id = ACCOUNT, .http = subject->http};
	const struct account_folders folders = {
		.state_dir = subject->state_dir, .uid_first = UID_FIRST, .uid_last = UID_LAST};
	char *folder = NULL;
	int32_t result;

	account_end(subject);
	subject->n_requests = 0;
	if (subject->state_dir[0] != '\0' &&
	    account_folder_make(&folders, ACCOUNT, &folder, err) != 0)
		return err->class;
	if (inline_backend_open(&subject->backend, &services, subject->options->settings, err) !=
	    0) {
		free(folder);
		inline_backend_close(&subject->backend);
		return err->class;
	}
	subject->point.inner = &subject->backend.functions;
	subject->hooked = (struct host_backend){
		.context = subject, .http = count_http, .secret = give_secret, .log = watch_log};
	if (account_new(
		    &(struct account_options){
			    .module = subject->module,
			    .id = ACCOUNT,
			    .installation = INSTALLATION,
			    .state_dir = folder,
			    .backend = &subject->hooked,
		    },
		    subject->backend.services.settings, &subject->account, err) != 0) {
		free(folder);
		inline_backend_close(&subject->backend);
		return err->class;
	}
	free(folder);
	result = account_begin(subject, err);
	if (result != HR_OK)
		account_end(subject);
	return result;
}

void subject_fault(struct subject *subject, const struct fault *fault, unsigned at)
{
	subject->point.fault = fault;
	subject->point.at = at;
	subject->point.seen = 0;
	subject->point.struck = false;
	subject->point.unfit = NULL;
	subject->point.cancelled_ms = 0;
}

static struct dispatch_answer *ask_here(struct subject *subject,
					const struct dispatch_request *request)
{
	struct dispatch_answer *answer = dispatch_answer_new(request);
	struct call_subject about = run_subject(subject->account, request);
	int64_t begun_ms = clock_now().mono_ms;
	struct hr_error err = {0};
	struct call call;

	subject->n_requests = subject->n_allocs = 0;
	if (!answer || call_init(&call, &about, begun_ms + request->timeout_ms, &err) != 0) {
		fprintf(stderr, "headroom-conformance: out of memory\n");
		dispatch_answer_free(answer);
		return NULL;
	}
	counts_for = subject;
	host_alloc = call.abi.alloc;
	call.abi.alloc = counted_alloc;
	run_request(subject->account, request, &call, answer);
	watch_answer(subject, answer);
	if (subject->point.cancelled_ms != 0)
		begun_ms = subject->point.cancelled_ms;
	subject->took_ms = clock_now().mono_ms - begun_ms;
	call_clear(&call);
	return answer;
}

struct dispatch_answer *subject_ask(struct subject *subject, const struct dispatch_request *request)
{
	return subject->by ? subject->by(subject->by_context, request) : ask_here(subject, request);
}
