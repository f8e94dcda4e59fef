/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that runs out while pools are planned: growing, seating, shrinking. */
#include "failing.h"

#include <stdlib.h>

#include "../unit/plan/pool_model.h"
#include "base/clock.h"
#include "base/text.h"

static struct model model;
static struct plan_snapshot snapshot;

static struct plan_config *open_model(void)
{
	size_t account;

	model_open(&model, 60);
	account = model_add_account(&model, "cloud", 50);
	return model_add_config(&model, "a", "here", account);
}

static void close_model(void)
{
	model_close(&model);
}

static void growing(void)
{
	open_model()->minimum_available = 3;
	for (int i = 0; i < 5; i++)
		model_add_server(&model, 0, i < 3 ? SERVER_RUNNING : SERVER_BOOTING);
	for (int i = 0; i < 20; i++)
		model_add_waiting(&model, "ana", SESSION_DESKTOP, "");
	snapshot = model_snapshot(&model);
}

static void shrinking(void)
{
	open_model();
	for (int i = 0; i < 20; i++)
		model_add_server(&model, 0, i < 16 ? SERVER_RUNNING : SERVER_PLANNED);
	snapshot = model_snapshot(&model);
	snapshot.now_ms += 24 * 3600 * MS_PER_S;
}

static int make_plan(struct hr_error *err)
{
	struct plan made = {0};
	char text[64];

	if (plan(&snapshot, &made, err) != 0)
		return -1;
	for (size_t i = 0; i < made.n_decisions; i++) {
		text_format(text, sizeof(text), "%d ", (int)made.decisions[i].action);
		memory_note(text);
		memory_note(made.decisions[i].reason);
	}
	plan_clear(&made);
	return 0;
}

int main(void)
{
	static const struct memory_job jobs[] = {
		{"plan: a pool that grows", make_plan, growing, close_model, NULL},
		{"plan: a pool that shrinks", make_plan, shrinking, close_model, NULL},
	};

	return memory_run(jobs, sizeof(jobs) / sizeof(jobs[0]));
}
