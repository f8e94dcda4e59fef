/* SPDX-License-Identifier: Apache-2.0 */
/* The only file of this floor that knows the module host: it loads modules into this process and
 * has their operations run by the workers of core/provider/jobs.c. */
#include "provider/inline.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "host/run.h"
#include "provider/account_folder.h"
#include "provider/inline_backend.h"
#include "provider/jobs.h"

#define WORKERS 16
#define WORKERS_MAX 256

/* A module in use; stays until the dispatcher ends. */
struct used_module {
	struct used_module *next;
	struct module *module;
};

struct inline_dispatcher {
	struct dispatcher dispatcher; /* first */
	struct jobs *jobs;
	struct registry *registry;
	char *installation;
	char *state_dir;
	struct account_folders folders;
	struct http_service *http;
	struct secret_rules secrets;
	unsigned workers;
	pthread_mutex_t mutex; /* over modules */
	struct used_module *modules;
};

/* A lane's seat. */
struct inline_account {
	struct account *account;
	struct inline_backend backend;
};

static struct inline_dispatcher *of_dispatcher(struct dispatcher *dispatcher)
{
	return (struct inline_dispatcher *)dispatcher;
}

/* ---- Modules ------------------------------------------------------------------------------- */

/* Loaded once. Under the mutex. */
static int use_module(struct inline_dispatcher *d, const struct registry_module *known,
		      const struct module **ret_module, struct hr_error *err)
{
	unsigned flags = known->profile == HR_PROFILE_LOCAL ? LOADER_MAY_BE_LOCAL : 0;
	struct used_module *used;

	for (used = d->modules; used; used = used->next)
		if (strcmp(used->module->path, known->path) == 0) {
			*ret_module = used->module;
			return 0;
		}
	used = calloc(1, sizeof(*used));
	if (!used)
		return error_no_memory(err, "loading a module");
	if (loader_open(known->path, flags, &used->module, err) != 0) {
		free(used);
		return -1;
	}
	used->next = d->modules;
	d->modules = used;
	*ret_module = used->module;
	return 0;
}

static int find_module(struct inline_dispatcher *d, const char *id,
		       const struct module **ret_module, struct hr_error *err)
{
	const struct registry_module *known;
	int rc;

	if (registry_find(d->registry, id ? id : "", &known, err) != 0)
		return -1;
	pthread_mutex_lock(&d->mutex);
	rc = use_module(d, known, ret_module, err);
	pthread_mutex_unlock(&d->mutex);
	return rc;
}

/* ---- Jobs ---------------------------------------------------------------------------------- */

/* How many calls at once an account is worth: never all workers for one, unless it says so. */
static unsigned seat_limit(const struct inline_dispatcher *d, const struct hr_provider *p)
{
	unsigned limit = p->max_concurrency;

	if (p->thread_model < HR_THREADS_PARALLEL)
		return 1;
	if (limit == 0)
		limit = d->workers / 2;
	if (limit > d->workers)
		limit = d->workers;
	return limit > 0 ? limit : 1;
}

static int new_account(struct inline_dispatcher *d, const struct dispatch_request *request,
		       struct inline_account *ret, struct hr_error *err)
{
	struct account_services_options services = {
		.id = request->account,
		.http = d->http,
		.secrets = d->secrets,
	};
	const struct module *module = NULL;
	char *folder = NULL;
	int rc;

	if (find_module(d, request->provider, &module, err) != 0 ||
	    registry_find(d->registry, request->provider, &services.module, err) != 0 ||
	    inline_backend_open(&ret->backend, &services, request->settings, err) != 0)
		return -1;
	if (module->provider.profile == HR_PROFILE_LOCAL &&
	    account_folder_make(&d->folders, request->account, &folder, err) != 0)
		return -1;
	rc = account_new(
		&(struct account_options){
			.module = module,
			.id = request->account,
			.installation = d->installation,
			.state_dir = folder,
			.backend = &ret->backend.functions,
		},
		ret->backend.services.settings, &ret->account, err);
	free(folder);
	return rc;
}

static void account_free(struct inline_account *account)
{
	if (!account)
		return;
	account_close(account->account);
	inline_backend_close(&account->backend);
	free(account);
}

static void run_open(struct inline_dispatcher *d, struct job *job, struct dispatch_answer *ret)
{
	struct inline_account *account = calloc(1, sizeof(*account));
	struct call_subject subject;
	struct call call;

	if (!account)
		error_no_memory(&ret->error, "opening an account");
	if (!account || new_account(d, job->request, account, &ret->error) != 0) {
		ret->result = ret->error.class;
		account_free(account);
		return;
	}
	subject = run_subject(account->account, job->request);
	if (call_init(&call, &subject, job->deadline_ms, &ret->error) != 0) {
		ret->result = ret->error.class;
		account_free(account);
		return;
	}
	jobs_call_begins(d->jobs, job, &call);
	ret->result = account_open(account->account, &call, &ret->error);
	jobs_call_ends(d->jobs, job);
	call_clear(&call);
	if (ret->result != HR_OK) {
		account_free(account);
		return;
	}
	ret->capabilities = account->account->module->provider.capabilities;
	job->opened = account;
	job->opened_limit = seat_limit(d, &account->account->module->provider);
}

static void run_close(struct inline_dispatcher *d, struct job *job)
{
	if (job->seat)
		account_free(job->seat->handle);
	account_folder_remove(&d->folders, job->request->account);
}

static void run_operation(struct inline_dispatcher *d, struct job *job, struct dispatch_answer *ret)
{
	struct account *account = ((struct inline_account *)job->seat->handle)->account;
	struct call_subject subject = run_subject(account, job->request);
	struct call call;

	if (call_init(&call, &subject, job->deadline_ms, &ret->error) != 0) {
		ret->result = ret->error.class;
		return;
	}
	jobs_call_begins(d->jobs, job, &call);
	run_request(account, job->request, &call, ret);
	jobs_call_ends(d->jobs, job);
	call_clear(&call);
}

static void run_job(void *context, struct job *job, struct dispatch_answer *ret)
{
	struct inline_dispatcher *d = context;

	switch (job->request->kind) {
	case DISPATCH_OPEN: run_open(d, job, ret); break;
	case DISPATCH_CLOSE: run_close(d, job); break;
	default: run_operation(d, job, ret); break;
	}
}

static void cancel_call(void *call)
{
	call_cancel(call);
}

static void report_call(void *call, struct dispatch_answer *ret)
{
	call_instance_id(call, ret->instance_id);
}

static void close_account(void *context, void *handle)
{
	(void)context;
	account_free(handle);
}

/* ---- The dispatcher ------------------------------------------------------------------------ */

static int inline_submit(struct dispatcher *dispatcher, const struct dispatch_request *request,
			 struct hr_error *err)
{
	return jobs_submit(of_dispatcher(dispatcher)->jobs, request, err);
}

static void inline_cancel_all(struct dispatcher *dispatcher)
{
	jobs_cancel_all(of_dispatcher(dispatcher)->jobs);
}

static void free_rest(struct inline_dispatcher *d)
{
	while (d->modules) {
		struct used_module *next = d->modules->next;

		loader_close(d->modules->module);
		free(d->modules);
		d->modules = next;
	}
	pthread_mutex_destroy(&d->mutex);
	free(d->installation);
	free(d->state_dir);
	free(d);
}

static void inline_free(struct dispatcher *dispatcher)
{
	struct inline_dispatcher *d = of_dispatcher(dispatcher);

	/* A call that still hangs may yet use all this. */
	if (jobs_free(d->jobs))
		free_rest(d);
}

static const struct dispatcher_operations inline_operations = {
	.submit = inline_submit,
	.cancel_all = inline_cancel_all,
	.free = inline_free,
};

static const struct job_operations inline_job_operations = {
	.run = run_job,
	.cancel = cancel_call,
	.report = report_call,
	.close = close_account,
};

int inline_dispatcher_new(const struct inline_options *options, struct dispatcher **ret_dispatcher,
			  struct hr_error *err)
{
	struct inline_dispatcher *d = calloc(1, sizeof(*d));

	if (!d)
		return error_no_memory(err, "preparing calls of modules");
	pthread_mutex_init(&d->mutex, NULL);
	d->dispatcher.operations = &inline_operations;
	d->registry = options->registry;
	d->http = options->http;
	d->secrets = options->secrets;
	d->installation = strdup(options->installation);
	d->state_dir = strdup(options->state_dir ? options->state_dir : "");
	d->workers = options->workers == 0 ? WORKERS : options->workers;
	if (d->workers > WORKERS_MAX)
		d->workers = WORKERS_MAX;
	if (!d->installation || !d->state_dir) {
		free_rest(d);
		return error_no_memory(err, "preparing calls of modules");
	}
	d->folders.state_dir = d->state_dir;
	d->folders.uid_first = options->host_uid_first;
	d->folders.uid_last = options->host_uid_last;
	if (jobs_new(&inline_job_operations, d, options->answers, d->workers, &d->jobs, err) != 0) {
		free_rest(d);
		return -1;
	}
	*ret_dispatcher = &d->dispatcher;
	return 0;
}

unsigned inline_dispatcher_stuck(struct dispatcher *dispatcher)
{
	return jobs_stuck(of_dispatcher(dispatcher)->jobs);
}
