/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of the call that runs out; see checks.h. What a module allocates by itself is not touched. */
#include <stdio.h>

#include "base/text.h"
#include "conformance/checks.h"
#include "conformance/life.h"
#include "conformance/tap.h"

#define ALLOCS_MAX 300u

/* One call whose k-th alloc fails. Whether there were so many; else what is wrong in ret_why. */
static bool call_fails(struct subject *subject, enum dispatch_kind kind, struct server *server,
		       unsigned k, char ret_why[256])
{
	struct dispatch_answer *answer;
	bool reached;

	subject->fails_at = k;
	answer = life_call(subject, kind, server);
	subject->fails_at = 0;
	reached = subject->n_allocs >= k;
	if (reached && answer && answer->result < HR_AUTH)
		text_format(ret_why, 256, "at alloc %u it answers ok", k);
	dispatch_answer_free(answer);
	return reached;
}

/* The step is done after all, and one instance is there, or none. */
static void settle(struct subject *subject, enum dispatch_kind kind, struct server *server,
		   unsigned k, char ret_why[256])
{
	char why[256];

	if (kind == DISPATCH_CREATE && !life_finish(subject, kind, server, why))
		text_format(ret_why, 256, "after alloc %u create does not end: %.150s", k, why);
	if (kind == DISPATCH_CREATE && life_count(subject, server, 1) != 1)
		text_format(ret_why, 256, "after alloc %u the list has not one instance", k);
	if (!life_finish(subject, DISPATCH_DESTROY, server, why))
		text_format(ret_why, 256, "after alloc %u destroy does not end: %.150s", k, why);
	if (life_count(subject, server, 0) != 0)
		text_format(ret_why, 256, "after alloc %u an instance is left", k);
}

static void try_operation(struct subject *subject, enum dispatch_kind kind)
{
	char why[256] = "", trouble[256];
	bool reached = true;
	unsigned k = 0;

	while (reached && why[0] == '\0' && k < ALLOCS_MAX) {
		struct server server;

		life_server(&server);
		if (kind != DISPATCH_CHECK && kind != DISPATCH_CREATE &&
		    !life_finish(subject, DISPATCH_CREATE, &server, trouble))
			text_format(why, sizeof(why), "no server to try it with: %.150s", trouble);
		reached = call_fails(subject, kind, &server, ++k, why);
		if (kind != DISPATCH_CHECK)
			settle(subject, kind, &server, k, why);
		life_forget(&server);
	}
	if (k <= 1 && why[0] == '\0') {
		tap_skip("it asks for no memory", "%s: memory runs out", dispatch_kind_name(kind));
		return;
	}
	if (!tap_ok(why[0] == '\0', "%s: memory runs out at each place", dispatch_kind_name(kind)))
		tap_note("%s", why);
}

static void try_all(void *context)
{
	static const enum dispatch_kind kinds[] = {DISPATCH_CHECK, DISPATCH_CREATE, DISPATCH_STATUS,
						   DISPATCH_LIST, DISPATCH_DESTROY};
	struct subject subject;
	struct hr_error err = {0};

	if (subject_open(context, &subject, &err) != 0 || subject_account(&subject, &err) != HR_OK)
		tap_ok(false, "an account opens: %s", err.message);
	else
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			try_operation(&subject, kinds[i]);
	subject_close(&subject);
}

void check_memory(const struct subject_options *options)
{
	struct subject_options own = *options;

	tap_in_child(try_all, &own, "without memory the module does not end its process");
}
