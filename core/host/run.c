/* SPDX-License-Identifier: Apache-2.0 */
/* The operations of open accounts. What status and list report is gathered in
 * core/host/gather.c. */
#include "host/run.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/gather.h"
#include "host/owner.h"

#define MARKS 3

static struct hr_span span_of(const char *text)
{
	struct hr_span span = {text, text ? strlen(text) : 0};

	return span;
}

static bool is_step(enum dispatch_kind kind)
{
	return kind == DISPATCH_CREATE || kind == DISPATCH_DESTROY || kind == DISPATCH_INJECT;
}

struct call_subject run_subject(const struct account *account,
				const struct dispatch_request *request)
{
	bool step = is_step(request->kind);
	const struct call_subject subject = {
		.module = account->module,
		.account = account->id,
		.server = step ? request->step.server_id : NULL,
		.operation = dispatch_kind_name(request->kind),
		.operation_id = request->operation_id,
		.request_id = request->request_id,
		.ticket = request->ticket,
		.instance_id = step ? request->step.instance_id : NULL,
		.is_step = step,
		.mask = account->mask,
		.folder = &account->folder,
		.backend = account->backend,
	};

	return subject;
}

static void fill_step(const struct account *account, const struct dispatch_step *from,
		      struct hr_mark marks[MARKS], struct hr_step *ret)
{
	const struct hr_mark values[MARKS] = {
		{HR_SPAN_OF(HR_MARK_INSTALLATION), span_of(account->installation)},
		{HR_SPAN_OF(HR_MARK_CONFIG), span_of(from->config_id)},
		{HR_SPAN_OF(HR_MARK_SERVER), span_of(from->server_id)},
	};

	memcpy(marks, values, sizeof(values));
	memset(ret, 0, sizeof(*ret));
	ret->size = sizeof(*ret);
	ret->attempt = from->attempt;
	ret->server_id = span_of(from->server_id);
	ret->server_name = span_of(from->server_name);
	ret->idempotency_token = span_of(from->idempotency_token);
	ret->resume_token = span_of(from->resume_token);
	ret->instance_id = span_of(from->instance_id);
	ret->marks = marks;
	ret->n_marks = MARKS;
	ret->guest_os = from->guest_os;
	ret->host_name = span_of(from->host_name);
	ret->script = span_of(from->script);
	ret->overrides = span_of(from->overrides);
}

static int32_t run_step(struct account *account, const struct dispatch_request *request,
			struct call *call)
{
	const struct hr_provider *p = &account->module->provider;
	struct hr_mark marks[MARKS];
	struct hr_step step;
	int32_t rc;

	fill_step(account, &request->step, marks, &step);
	switch (request->kind) {
	case DISPATCH_CREATE:
		rc = p->create(account->handle, &call->abi, &step);
		if (rc == HR_OK && call->instance_id[0] == '\0' &&
		    request->step.instance_id[0] == '\0')
			call_defect(call, "it says that it has created a server and reports no "
					  "instance id");
		return rc;
	case DISPATCH_DESTROY: return p->destroy(account->handle, &call->abi, &step);
	default:
		if (!p->inject)
			return call_refuse(
				&call->abi, HR_UNSUPPORTED,
				"the module %s cannot run scripts in a server after boot",
				account->module->id);
		return p->inject(account->handle, &call->abi, &step);
	}
}

static int32_t run_list(struct account *account, struct call *call, struct gather *gather)
{
	const struct hr_list list = {
		.size = sizeof(list),
		.installation = span_of(account->installation),
	};
	int32_t rc = account->module->provider.list(account->handle, &call->abi, &list,
						    &gather->instances);

	if (rc == HR_OK && !gather->complete)
		gather_unread(gather, "", "the module does not say that the list is complete");
	return rc;
}

static int32_t run_status(struct account *account, const struct dispatch_request *request,
			  struct call *call, struct gather *gather)
{
	struct hr_span *ids = calloc(request->n_instance_ids + 1, sizeof(*ids));
	struct hr_status status = {
		.size = sizeof(status),
		.n_instances = (uint32_t)request->n_instance_ids,
		.instance_ids = ids,
	};
	int32_t rc;

	if (!ids)
		return call_refuse(&call->abi, HR_INTERNAL,
				   "out of memory while asking for status");
	for (size_t i = 0; i < request->n_instance_ids; i++)
		ids[i] = span_of(request->instance_ids[i]);
	rc = account->module->provider.status(account->handle, &call->abi, &status,
					      &gather->instances);
	free(ids);
	if (rc == HR_OK)
		gather_fill_missing(gather);
	return rc;
}

static int32_t run_probe(const struct account *account, const struct dispatch_request *request,
			 struct call *call)
{
	if (!account->module->probe)
		return call_refuse(&call->abi, HR_UNSUPPORTED, "the module %s asks no servers",
				   account->module->id);
	return account->module->probe(call, &request->probe);
}

/* What counts whatever the result is, and what counts only without an error. */
static void take_over(struct call *call, struct gather *gather, struct dispatch_answer *ret)
{
	memcpy(ret->instance_id, call->instance_id, sizeof(ret->instance_id));
	if (ret->result == HR_AGAIN) {
		ret->resume_token = call->resume_token;
		call->resume_token = NULL;
		ret->delay_ms = call->delay_ms;
		ret->percent = call->percent;
		memcpy(ret->text, call->text, sizeof(ret->text));
	}
	if (ret->result == HR_OK && call->subject.module->probe)
		memcpy(ret->text, call->text, sizeof(ret->text));
	if (ret->result == HR_OK)
		gather_take(gather, ret);
	gather_clear(gather);
}

void run_request(struct account *account, const struct dispatch_request *request, struct call *call,
		 struct dispatch_answer *ret)
{
	struct gather gather;
	bool entered;
	int32_t rc;

	ret->percent = -1;
	gather_init(&gather, call, request);
	entered = owner_enter(&account->folder);
	switch (request->kind) {
	case DISPATCH_CHECK:
		rc = account->module->provider.check(account->handle, &call->abi,
						     &gather.problems_sink);
		break;
	case DISPATCH_STATUS: rc = run_status(account, request, call, &gather); break;
	case DISPATCH_LIST: rc = run_list(account, call, &gather); break;
	case DISPATCH_PROBE: rc = run_probe(account, request, call); break;
	default: rc = run_step(account, request, call); break;
	}
	owner_leave(entered);
	if (gather.no_memory && rc == HR_OK)
		rc = call_refuse(&call->abi, HR_INTERNAL, "out of memory while reading an answer");
	ret->result = call_result(call, rc, &ret->error);
	take_over(call, &gather, ret);
}
