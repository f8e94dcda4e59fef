/* SPDX-License-Identifier: Apache-2.0 */
/* Short ways to plan a model pool and to look at what was decided. */
#ifndef TEST_PLAN_PLAN_CHECK_H
#define TEST_PLAN_PLAN_CHECK_H

#include <check.h>
#include <string.h>

#include "pool_model.h"

static inline struct plan must_plan(struct model *model)
{
	struct plan_snapshot snapshot = model_snapshot(model);
	struct plan made;
	struct hr_error err;

	ck_assert_int_eq(plan(&snapshot, &made, &err), 0);
	return made;
}

static inline int count_of(const struct plan *made, enum plan_action action)
{
	int n = 0;

	for (size_t i = 0; i < made->n_decisions; i++)
		n += made->decisions[i].action == action;
	return n;
}

/* The nth (from 0) decision of this kind. */
static inline const struct plan_decision *decision_of(const struct plan *made,
						      enum plan_action action, int nth)
{
	for (size_t i = 0; i < made->n_decisions; i++)
		if (made->decisions[i].action == action && nth-- == 0)
			return &made->decisions[i];
	ck_abort_msg("there is no such decision");
	return NULL;
}

static inline int count_creates(const struct plan *made, size_t config)
{
	int n = 0;

	for (size_t i = 0; i < made->n_decisions; i++)
		n += made->decisions[i].action == PLAN_CREATE &&
		     made->decisions[i].config == config;
	return n;
}

static inline void assert_says(const struct plan_decision *decision, const char *part)
{
	ck_assert_msg(strstr(decision->reason, part) != NULL, "\"%s\" does not say \"%s\"",
		      decision->reason, part);
}

/* Plans, asserts what it decides, and carries it out. Numbers of seats, creates, cancels, removes. */
static inline void assert_step(struct model *model, int seats, int creates, int cancels,
			       int removes)
{
	struct plan made = must_plan(model);

	ck_assert_int_eq(count_of(&made, PLAN_SEAT), seats);
	ck_assert_int_eq(count_of(&made, PLAN_CREATE), creates);
	ck_assert_int_eq(count_of(&made, PLAN_CANCEL), cancels);
	ck_assert_int_eq(count_of(&made, PLAN_REMOVE), removes);
	model_apply(model, &made, -1);
	plan_clear(&made);
}

#endif
