/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that an honest host keeps by itself (core/host/call.c, core/host/gather.c). */
#include "provider/answer_check.h"

#include <ctype.h>
#include <string.h>

#define DELAY_MAX_MS (INT64_C(24) * 3600 * MS_PER_S)

bool answer_is_address(const char *text)
{
	for (; *text != '\0'; text++)
		if (!isalnum((unsigned char)*text) && !strchr(".:-_%", *text))
			return false;
	return true;
}

static bool is_step(enum dispatch_kind kind)
{
	return kind == DISPATCH_CREATE || kind == DISPATCH_DESTROY || kind == DISPATCH_INJECT;
}

static bool is_error(int32_t class)
{
	return class >= HR_AUTH && class <= HR_INTERNAL;
}

static bool error_is_good(const struct hr_error *error)
{
	const uint32_t known = HR_FAULT_OUTCOME_UNKNOWN | HR_FAULT_PROTECTED;

	return is_error(error->class) && error->message[0] != '\0' && !(error->flags & ~known) &&
	       error->retry_after_ms >= 0 && error->retry_after_ms <= DELAY_MAX_MS;
}

static int check_result(const struct dispatch_request *request,
			const struct dispatch_answer *answer, struct hr_error *err)
{
	bool steps = is_step(request->kind);

	if (answer->result == HR_AGAIN &&
	    (!steps || !answer->resume_token || answer->delay_ms < 0 ||
	     answer->delay_ms > DELAY_MAX_MS || answer->percent < -1 || answer->percent > 100))
		return error_set(err, HR_INTERNAL, "\"again\" with figures that it cannot have");
	if (answer->result != HR_OK && answer->result != HR_AGAIN &&
	    (answer->error.class != answer->result || !error_is_good(&answer->error)))
		return error_set(err, HR_INTERNAL, "the error %d without sound details",
				 answer->result);
	if (!steps && answer->instance_id[0] != '\0')
		return error_set(err, HR_INTERNAL, "an instance id, which only steps report");
	if (request->kind == DISPATCH_CREATE && answer->result == HR_OK &&
	    answer->instance_id[0] == '\0' && request->step.instance_id[0] == '\0')
		return error_set(err, HR_INTERNAL, "a created server without an instance id");
	return 0;
}

static bool was_asked_for(const struct dispatch_request *request, const char *id)
{
	for (size_t i = 0; i < request->n_instance_ids; i++)
		if (strcmp(request->instance_ids[i], id) == 0)
			return true;
	return false;
}

static int check_instances(const struct dispatch_request *request,
			   const struct dispatch_answer *answer, struct hr_error *err)
{
	bool lists = request->kind == DISPATCH_LIST, asks = request->kind == DISPATCH_STATUS;

	if (answer->n_instances > 0 && !lists && !asks)
		return error_set(err, HR_INTERNAL, "instances that nobody asked for");
	if (answer->complete && !lists)
		return error_set(err, HR_INTERNAL, "\"complete\", which only lists are");
	if (asks && answer->n_instances > request->n_instance_ids)
		return error_set(err, HR_INTERNAL, "more instances than were asked for");
	for (size_t i = 0; i < answer->n_instances; i++) {
		const struct dispatch_instance *one = &answer->instances[i];

		if (one->instance_id[0] == '\0' || one->state > HR_STATE_ERROR ||
		    one->connection_port > 65535 || !answer_is_address(one->address))
			return error_set(err, HR_INTERNAL, "an instance that cannot be one");
		if (lists && !id_valid(one->server_id))
			return error_set(err, HR_INTERNAL, "an instance of no server in a list");
		if (asks && !was_asked_for(request, one->instance_id))
			return error_set(err, HR_INTERNAL, "an instance that was not asked for");
	}
	return 0;
}

int answer_check(const struct dispatch_request *request, const struct dispatch_answer *answer,
		 struct hr_error *err)
{
	if (check_result(request, answer, err) != 0 || check_instances(request, answer, err) != 0)
		return -1;
	if (answer->n_problems > 0 && request->kind != DISPATCH_CHECK)
		return error_set(err, HR_INTERNAL, "problems, which only a check finds");
	for (size_t i = 0; i < answer->n_problems; i++)
		if (!is_error(answer->problems[i].error.class))
			return error_set(err, HR_INTERNAL, "a problem of no known class");
	return 0;
}
