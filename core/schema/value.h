/* SPDX-License-Identifier: Apache-2.0 */
/* One value against its row. Only for this floor: others use schema.h. Messages give the reason
 * alone ("expected an integer, ..."); err->field and err->example are set; whoever knows where the
 * value stood puts that before it. */
#ifndef HR_SCHEMA_VALUE_H
#define HR_SCHEMA_VALUE_H

#include "schema/schema.h"

/* Takes a value as JSON has it, gives the typed one (a new reference). */
int value_from_json(const struct hr_setting *row, const json_t *input, unsigned flags,
		    json_t **ret_value, struct hr_error *err);

/* Whether a typed value is within the row's limits, pattern and choices. */
int value_check(const struct hr_setting *row, const json_t *value, struct hr_error *err);

#define VALUE_CHOICES_SIZE 256

/* "plain, tls", cut where it is too long. Gives buf. */
const char *value_choices(const struct hr_setting *row, char buf[VALUE_CHOICES_SIZE]);

/* HR_INVALID with the reason, followed by the choices or a good value where the row has any; gives
 * -1. */
int value_refuse(const struct hr_setting *row, struct hr_error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define VALUE_SHOWN_SIZE 80

/* A value as messages show it, cut: 'the text "abc"', '42', 'a list'. A secret's content never
 * shows. Gives buf. */
const char *value_shown(const struct hr_setting *row, const json_t *value,
			char buf[VALUE_SHOWN_SIZE]);

/* Whether a value equals the text of "key=value" in shown_when. */
bool value_equals_text(const json_t *value, const char *text);

#endif
