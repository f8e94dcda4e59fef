/* SPDX-License-Identifier: Apache-2.0 */
/* The frames, to the letter. */
#include "api/sse.h"

#include <string.h>

#include "../base/suite.h"

START_TEST(an_event)
{
	json_t *json = json_pack("{ss}", "message", "two\nlines \xc3\xa4");
	char buf[SSE_FRAME_MAX];
	struct hr_error err = {0};
	size_t len = 0;

	ck_assert_int_eq(sse_event(42, "server.gone", json, buf, &len, &err), 0);
	ck_assert_str_eq(buf, "id: 42\nevent: server.gone\n"
			      "data: {\"message\":\"two\\nlines \xc3\xa4\"}\n\n");
	ck_assert_uint_eq(len, strlen(buf));
	json_decref(json);
}
END_TEST

START_TEST(the_longest_fits_and_a_longer_one_is_refused)
{
	char message[SSE_FRAME_MAX + 1], buf[SSE_FRAME_MAX];
	struct hr_error err = {0};
	size_t len = 0;
	json_t *json;

	memset(message, 1, sizeof(message));
	message[767] = '\0'; /* each is six in JSON */
	json = json_pack("{ss}", "message", message);
	ck_assert_int_eq(sse_event(1, "a", json, buf, &len, &err), 0);
	json_decref(json);
	memset(message, 'x', sizeof(message));
	for (size_t n = SSE_FRAME_MAX - 60; n < sizeof(message); n++) {
		message[n] = '\0';
		json = json_pack("{ss}", "message", message);
		if (sse_event(1, "a", json, buf, &len, &err) == 0)
			ck_assert_uint_eq(len, strlen(buf));
		else
			ck_assert_str_eq(err.message, "event 1 cannot be written: it is too long");
		json_decref(json);
		message[n] = 'x';
	}
	ck_assert_str_ne(err.message, "");
}
END_TEST

START_TEST(notices)
{
	char buf[SSE_NOTICE_MAX];

	ck_assert_uint_eq(sse_begin(7, buf), strlen(buf));
	ck_assert_str_eq(buf, "retry: 1000\nid: 7\n\n");
	sse_keep_alive(8, buf);
	ck_assert_str_eq(buf, ": keep-alive\nid: 8\n\n");
	sse_comment("why", buf);
	ck_assert_str_eq(buf, ": why\n\n");
	for (int why = 0; why <= SSE_LOSS_AHEAD; why++) {
		static const char data[] = "id: 9\nevent: lost\ndata: ";
		char *end;
		json_t *json;

		ck_assert_uint_eq(sse_lost(9, (enum sse_loss)why, buf), strlen(buf));
		ck_assert_int_eq(strncmp(buf, data, strlen(data)), 0);
		end = buf + strlen(buf) - 2;
		ck_assert_str_eq(end, "\n\n");
		*end = '\0';
		json = json_loads(buf + strlen(data), 0, NULL);
		ck_assert_int_eq(json_integer_value(json_object_get(json, "after")), 9);
		ck_assert_str_eq(json_string_value(json_object_get(json, "reason")),
				 sse_loss_name((enum sse_loss)why));
		json_decref(json);
	}
}
END_TEST

SUITE_MAIN("sse", an_event, the_longest_fits_and_a_longer_one_is_refused, notices)
