/* SPDX-License-Identifier: Apache-2.0 */
/* Gathers what a module reports of instances and problems. Whatever in a list cannot be
 * understood makes the list incomplete, since absence from it then proves nothing. */
#include "host/gather.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "provider/answer_check.h"

#define INSTANCE_SIZE_MINOR_0 sizeof(struct hr_instance)

static struct gather *of_sink(const struct hr_instance_sink *sink)
{
	return (struct gather *)((uintptr_t)sink - offsetof(struct gather, instances));
}

static struct gather *of_check(const struct hr_check_sink *sink)
{
	return (struct gather *)((uintptr_t)sink - offsetof(struct gather, problems_sink));
}

void gather_unread(struct gather *gather, const char *part, const char *why)
{
	size_t used = strlen(gather->unread);

	gather->is_partial = true;
	text_format(gather->unread + used, sizeof(gather->unread) - used, "%s%s%s%s",
		    used > 0 ? "; " : "", part, part[0] != '\0' ? ": " : "", why);
}

/* Copies an instance as reported; false: nothing to keep. */
static bool copy_instance(struct gather *g, const struct hr_instance *from,
			  struct dispatch_instance *to)
{
	struct hr_instance in = {0};

	memset(to, 0, sizeof(*to));
	if (from->size < INSTANCE_SIZE_MINOR_0) {
		call_defect(g->call, "an instance has a size of %u bytes, at least %zu are wanted",
			    from->size, INSTANCE_SIZE_MINOR_0);
		return false;
	}
	memcpy(&in, from, sizeof(in));
	if (in.instance_id.len == 0)
		call_defect(g->call, "an instance is reported without its id");
	if (!call_name(g->call, "an instance id", in.instance_id, to->instance_id,
		       sizeof(to->instance_id)) ||
	    !call_name(g->call, "an address", in.address, to->address, sizeof(to->address)))
		return false;
	if (!answer_is_address(to->address)) {
		call_defect(g->call, "an address holds other characters than letters, digits and "
				     ".:-_%%");
		return false;
	}
	call_text(g->call, in.server_id, to->server_id, sizeof(to->server_id));
	/* The mark is what the provider keeps, and anybody there may have changed it. */
	if (g->request->kind == DISPATCH_STATUS && !id_valid(to->server_id))
		to->server_id[0] = '\0';
	call_text(g->call, in.config_id, to->config_id, sizeof(to->config_id));
	call_text(g->call, in.status_text, to->status_text, sizeof(to->status_text));
	to->state = in.state <= HR_STATE_ERROR ? in.state : HR_STATE_UNKNOWN;
	to->connection_port = in.connection_port <= 65535 ? in.connection_port : 0;
	to->created_ms = in.created_ms > 0 ? in.created_ms : 0;
	return true;
}

static struct dispatch_instance *append(struct gather *g)
{
	struct dispatch_instance *more;
	size_t room;

	if (g->n == g->room) {
		room = g->room > 0 ? 2 * g->room : 16;
		more = reallocarray(g->list, room, sizeof(*more));
		if (!more) {
			g->no_memory = true;
			return NULL;
		}
		g->list = more;
		g->room = room;
	}
	return &g->list[g->n++];
}

static bool was_asked_for(const struct gather *g, const char *id)
{
	for (size_t i = 0; i < g->request->n_instance_ids; i++)
		if (strcmp(g->request->instance_ids[i], id) == 0)
			return true;
	return false;
}

static bool is_gathered(const struct gather *g, const char *id)
{
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->list[i].instance_id, id) == 0)
			return true;
	return false;
}

/* Whether it is to be kept; says in a list why it is not. Under the call's mutex. */
static bool wanted(struct gather *g, const struct dispatch_instance *instance)
{
	if (g->request->kind == DISPATCH_STATUS)
		return was_asked_for(g, instance->instance_id) &&
		       !is_gathered(g, instance->instance_id);
	if (g->n >= GATHER_INSTANCES_MAX) {
		if (!g->is_partial)
			gather_unread(g, "", "there are more instances than can be listed");
		return false;
	}
	if (!id_valid(instance->server_id)) {
		gather_unread(g, instance->instance_id, "its server mark is no server's id");
		return false;
	}
	return true;
}

static void sink_instance(const struct hr_instance_sink *sink, const struct hr_instance *instance)
{
	struct gather *g = of_sink(sink);
	struct dispatch_instance copy, *slot;

	if (!copy_instance(g, instance, &copy))
		return;
	pthread_mutex_lock(&g->call->mutex);
	if (wanted(g, &copy)) {
		slot = append(g);
		if (slot)
			*slot = copy;
	}
	pthread_mutex_unlock(&g->call->mutex);
}

static void sink_unread(const struct hr_instance_sink *sink, struct hr_span part,
			struct hr_span why)
{
	struct gather *g = of_sink(sink);
	char part_text[128], why_text[256];

	call_text(g->call, part, part_text, sizeof(part_text));
	call_text(g->call, why, why_text, sizeof(why_text));
	pthread_mutex_lock(&g->call->mutex);
	gather_unread(g, part_text, why_text);
	pthread_mutex_unlock(&g->call->mutex);
}

static void sink_complete(const struct hr_instance_sink *sink)
{
	struct gather *g = of_sink(sink);

	pthread_mutex_lock(&g->call->mutex);
	g->complete = true;
	pthread_mutex_unlock(&g->call->mutex);
}

static void sink_problem(const struct hr_check_sink *sink, int32_t result_class,
			 const struct hr_fault *fault)
{
	struct gather *g = of_check(sink);
	int32_t class =
		result_class >= HR_AUTH && result_class <= HR_INTERNAL ? result_class : HR_INTERNAL;
	struct dispatch_problem *more;
	struct hr_error error;

	if (!call_fault(g->call, class, fault, &error))
		return;
	pthread_mutex_lock(&g->call->mutex);
	if (g->n_problems < GATHER_PROBLEMS_MAX) {
		more = reallocarray(g->problems, g->n_problems + 1, sizeof(*more));
		if (more) {
			g->problems = more;
			g->problems[g->n_problems++].error = error;
		} else {
			g->no_memory = true;
		}
	}
	pthread_mutex_unlock(&g->call->mutex);
}

void gather_init(struct gather *gather, struct call *call, const struct dispatch_request *request)
{
	memset(gather, 0, sizeof(*gather));
	gather->instances.size = sizeof(gather->instances);
	gather->instances.instance = sink_instance;
	gather->instances.unread = sink_unread;
	gather->instances.complete = sink_complete;
	gather->problems_sink.size = sizeof(gather->problems_sink);
	gather->problems_sink.problem = sink_problem;
	gather->call = call;
	gather->request = request;
}

void gather_fill_missing(struct gather *gather)
{
	struct dispatch_instance *slot;

	for (size_t i = 0; i < gather->request->n_instance_ids; i++) {
		const char *id = gather->request->instance_ids[i];

		if (is_gathered(gather, id))
			continue;
		slot = append(gather);
		if (!slot)
			return;
		memset(slot, 0, sizeof(*slot));
		slot->state = HR_STATE_UNKNOWN;
		text_copy(slot->instance_id, sizeof(slot->instance_id), id);
		text_copy(slot->status_text, sizeof(slot->status_text),
			  "the module says nothing about it");
	}
}

void gather_take(struct gather *gather, struct dispatch_answer *ret)
{
	ret->instances = gather->list;
	ret->n_instances = gather->n;
	ret->problems = gather->problems;
	ret->n_problems = gather->n_problems;
	ret->complete = gather->complete && !gather->is_partial;
	memcpy(ret->unread, gather->unread, sizeof(ret->unread));
	gather->list = NULL;
	gather->problems = NULL;
}

void gather_clear(struct gather *gather)
{
	free(gather->list);
	free(gather->problems);
}
