/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as HTTP problems. */
#include "api/answer.h"

#include <string.h>

#include "../base/suite.h"
#include "base/json.h"
#include "base/text.h"

START_TEST(classes_have_their_status)
{
	static const struct {
		int32_t class;
		int status;
	} cases[] = {
		{HR_AUTH, 401},      {HR_INVALID, 422},   {HR_NOT_FOUND, 404},
		{HR_QUOTA, 409},     {HR_CAPACITY, 503},  {HR_THROTTLED, 429},
		{HR_CONFLICT, 409},  {HR_TRANSIENT, 503}, {HR_UNSUPPORTED, 422},
		{HR_CANCELLED, 503}, {HR_TIMEOUT, 504},   {HR_INTERNAL, 500},
		{99, 500},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct hr_error error = {.class = cases[i].class};

		ck_assert_int_eq(answer_status(&error), cases[i].status);
		/* One that a route chose goes before. */
		error.http_status = 400;
		ck_assert_int_eq(answer_status(&error), 400);
		/* But only where it is an error at all. */
		error.http_status = 200;
		ck_assert_int_eq(answer_status(&error), cases[i].status);
	}
}
END_TEST

START_TEST(problems_are_whole)
{
	struct hr_error error;
	json_t *problem;

	error_set_field(&error, HR_INVALID, "a.b", "good", "what is wrong");
	problem = answer_problem(&error, "req-1");
	ck_assert_str_eq(json_string_or(problem, "type", ""), "urn:headroom:problem:invalid");
	ck_assert_str_eq(json_string_or(problem, "title", ""), "Invalid request");
	ck_assert_int_eq(json_integer_or(problem, "status", 0), 422);
	ck_assert_str_eq(json_string_or(problem, "detail", ""), "what is wrong");
	ck_assert_str_eq(json_string_or(problem, "field", ""), "a.b");
	ck_assert_str_eq(json_string_or(problem, "example", ""), "good");
	ck_assert_str_eq(json_string_or(problem, "request_id", ""), "req-1");
	json_decref(problem);
	error_set(&error, HR_INTERNAL, "x");
	problem = answer_problem(&error, "req-2");
	ck_assert_ptr_null(json_object_get(problem, "field"));
	ck_assert_str_eq(json_string_or(problem, "title", ""), "Internal error");
	json_decref(problem);
}
END_TEST

/* Bytes from outside do not break the answer. */
START_TEST(messages_become_utf8)
{
	struct hr_error error = {.class = HR_TRANSIENT, .message = "caf\xe9 \xc3\xa9 \xff"};
	json_t *problem = answer_problem(&error, "r");

	ck_assert_str_eq(json_string_or(problem, "detail", ""), "caf? \xc3\xa9 ?");
	json_decref(problem);
	text_copy(error.message, sizeof(error.message),
		  "a\nb\x1b[2Jc\xc2\x9b"
		  "d");
	problem = answer_problem(&error, "r");
	ck_assert_str_eq(json_string_or(problem, "detail", ""), "a b?[2Jc??d");
	json_decref(problem);
}
END_TEST

SUITE_MAIN("answer", classes_have_their_status, problems_are_whole, messages_become_utf8)
