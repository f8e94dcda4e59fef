/* SPDX-License-Identifier: Apache-2.0 */
/* Documents out of JSON text, for the tests of this floor. Single quotes stand for double ones. */
#ifndef HR_TESTS_MODEL_BODY_H
#define HR_TESTS_MODEL_BODY_H

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "model/document.h"

#include "../base/suite.h"

static inline json_t *body_json(const char *text)
{
	char quoted[4096];
	struct hr_error err;
	json_t *json = NULL;

	ck_assert(text_copy(quoted, sizeof(quoted), text));
	for (char *p = quoted; *p; p++)
		if (*p == '\'')
			*p = '"';
	ck_assert_msg(json_parse(quoted, strlen(quoted), "test", &json, &err) == 0, "%s: %s",
		      quoted, err.message);
	return json;
}

/* A stored document of that text, normalised; its body is the caller's. */
static inline struct document body_document(enum document_kind kind, const char *text)
{
	CLEANUP_JSON json_t *input = body_json(text);
	struct document document = {.kind = kind, .revision = 7};
	struct hr_error err;

	ck_assert_msg(document_normalize(kind, input, 0, &document.body, &err) == 0, "%s",
		      err.message);
	text_copy(document.id, sizeof(document.id), "0195a3b2-1c4d-4e5f-8a6b-7c8d9e0f1a2b");
	text_copy(document.name, sizeof(document.name), json_string_or(document.body, "name", ""));
	return document;
}

static inline void body_refused(enum document_kind kind, const char *text, const char *field,
				const char *message)
{
	CLEANUP_JSON json_t *input = body_json(text);
	json_t *body = NULL;
	struct hr_error err;

	ck_assert_int_eq(document_normalize(kind, input, 0, &body, &err), -1);
	ck_assert_str_eq(err.message, message);
	ck_assert_str_eq(err.field, field);
	ck_assert_int_eq(err.class, HR_INVALID);
	ck_assert_ptr_null(body);
}

#endif
