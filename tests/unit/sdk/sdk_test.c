/* SPDX-License-Identifier: Apache-2.0 */
/* The SDK without JSON: text and forms, settings into a struct, errors, steps, states, pages. */
#include "sdk_host.h"

#include <string.h>

START_TEST(text)
{
	sdk_host_begin();
	ck_assert_str_eq(hr_text(&sdk_call, "%s-%d", "a", 7), "a-7");
	ck_assert_str_eq(hr_url_part(&sdk_call, hr_span_of("aZ09-._~")), "aZ09-._~");
	ck_assert_str_eq(hr_url_part(&sdk_call, hr_span_of("a b/c?\xc3\xa4&%")),
			 "a%20b%2Fc%3F%C3%A4%26%25");
	ck_assert_str_eq(hr_url_part(&sdk_call, (struct hr_span){"\0x", 2}), "%00x");
	ck_assert_str_eq(hr_url_part(&sdk_call, (struct hr_span){0}), "");
	ck_assert(hr_span_is(hr_span_of("abc"), "abc"));
	ck_assert(!hr_span_is(hr_span_of("abc"), "ab"));
	ck_assert(hr_span_is(hr_span_of(NULL), ""));
	sdk_host.allocs_left = 0;
	ck_assert_str_eq(hr_text(&sdk_call, "%s", "a"), "");
	ck_assert(sdk_host.spent);
	sdk_host_end();
}
END_TEST

START_TEST(forms)
{
	struct hr_form form = {.call = &sdk_call};
	char key[32], all[4096] = "";

	sdk_host_begin();
	ck_assert_str_eq(hr_form_text(&form), "");
	ck_assert_str_eq(hr_form_url(&form, "/a"), "/a");
	for (int i = 0; i < 100; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		hr_form_add(&form, key, hr_span_of("a&b"));
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s=a%%26b",
			 i > 0 ? "&" : "", key);
	}
	ck_assert_str_eq(hr_form_text(&form), all);
	form = (struct hr_form){.call = &sdk_call};
	hr_form_add(&form, "a=", (struct hr_span){0});
	ck_assert_str_eq(hr_form_url(&form, "/x"), "/x?a%3D=");
	sdk_host.allocs_left = 0;
	hr_form_add(&form, "much", hr_span_of("more than there was room for"));
	ck_assert(sdk_host.spent);
	ck_assert_str_eq(hr_form_text(&form), "a%3D=");
	sdk_host_end();
}
END_TEST

struct settings {
	int first;
	const char *text, *unset, *json, *installation, *account, *folder;
	int64_t number, size;
	struct hr_texts list, map, empty;
};

static const struct hr_field fields[] = {
	HR_FIELD(struct settings, text, HR_TYPE_STRING),
	HR_FIELD(struct settings, unset, HR_TYPE_TEXT),
	{HR_OPEN_INSTALLATION, HR_TYPE_STRING, offsetof(struct settings, installation)},
	{HR_OPEN_ACCOUNT, HR_TYPE_STRING, offsetof(struct settings, account)},
	{HR_OPEN_STATE_DIR, HR_TYPE_STRING, offsetof(struct settings, folder)},
	HR_FIELD(struct settings, json, HR_TYPE_JSON),
	HR_FIELD(struct settings, number, HR_TYPE_INTEGER),
	{"disk_size", HR_TYPE_BYTES, offsetof(struct settings, size)},
	HR_FIELD(struct settings, list, HR_TYPE_LIST),
	HR_FIELD(struct settings, map, HR_TYPE_MAP),
	HR_FIELD(struct settings, empty, HR_TYPE_LIST),
};
#define N(array) (sizeof(array) / sizeof((array)[0]))

static const struct hr_span three[] = {HR_SPAN_OF("one"), {0}, HR_SPAN_OF("three")};
static const struct hr_span pairs[] = {HR_SPAN_OF("a"), HR_SPAN_OF("1")};

/* A host of a later minor: its rows are longer. */
struct long_value {
	struct hr_value value;
	char later[24];
};

static struct hr_open request_of(const struct long_value *values, uint32_t n)
{
	return (struct hr_open){
		.size = sizeof(struct hr_open),
		.n_values = n,
		.value_stride = sizeof(*values),
		.values = &values->value,
		.installation = HR_SPAN_OF("inst"),
		.account = HR_SPAN_OF("acc"),
	};
}

START_TEST(settings_filled)
{
	const struct long_value values[] = {
		{.value = {HR_SPAN_OF("list"), HR_TYPE_LIST, 3, 0, {0}, three}},
		{.value = {HR_SPAN_OF("disk_size"), HR_TYPE_BYTES, 0, 5, {0}, NULL}},
		{.value = {HR_SPAN_OF("number"), HR_TYPE_INTEGER, 0, -3, {0}, NULL}},
		{.value = {HR_SPAN_OF("text"), HR_TYPE_STRING, 0, 0, HR_SPAN_OF("words"), NULL}},
		{.value = {HR_SPAN_OF("json"), HR_TYPE_JSON, 0, 0, HR_SPAN_OF("{}"), NULL}},
		{.value = {HR_SPAN_OF("map"), HR_TYPE_MAP, 2, 0, {0}, pairs}},
		{.value = {HR_SPAN_OF("empty"), HR_TYPE_LIST, 0, 0, {0}, NULL}},
		{.value = {HR_SPAN_OF("other"), HR_TYPE_SECRET, 0, 0, HR_SPAN_OF("s"), NULL}},
	};
	struct hr_open request = request_of(values, N(values));
	struct settings *s;

	sdk_host_begin();
	s = hr_settings_new(&sdk_call, &request, sizeof(*s), fields, N(fields));
	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(s->first, 0);
	ck_assert_str_eq(s->text, "words");
	ck_assert_ptr_null(s->unset);
	ck_assert_str_eq(s->installation, "inst");
	ck_assert_str_eq(s->account, "acc");
	ck_assert_str_eq(s->folder, ""); /* none, for a module without the profile */
	ck_assert_str_eq(s->json, "{}");
	ck_assert_int_eq(s->number, -3);
	ck_assert_int_eq(s->size, 5);
	ck_assert_uint_eq(s->list.n, 3);
	ck_assert_str_eq(s->list.items[0], "one");
	ck_assert_str_eq(s->list.items[1], "");
	ck_assert_str_eq(s->list.items[2], "three");
	ck_assert_uint_eq(s->map.n, 2);
	ck_assert_str_eq(s->map.items[1], "1");
	ck_assert_uint_eq(s->empty.n, 0);
	hr_settings_free((struct hr_account *)(void *)s);
	sdk_host_end();
}
END_TEST

START_TEST(settings_at_odds)
{
	const struct long_value values[] = {
		{.value = {HR_SPAN_OF("number"), HR_TYPE_STRING, 0, 0, HR_SPAN_OF("7"), NULL}},
	};
	static const struct hr_field secret[] = {{"number", HR_TYPE_SECRET, 0}};
	struct long_value of_secret = values[0];
	struct hr_open request = request_of(values, 1);

	sdk_host_begin();
	ck_assert_ptr_null(
		hr_settings_new(&sdk_call, &request, sizeof(struct settings), fields, N(fields)));
	ck_assert_str_eq(sdk_host.message, "The module's table of fields has another type for "
					   "number than its settings.");
	ck_assert_str_eq(sdk_host.setting, "number");
	/* A secret is not to be kept. */
	of_secret.value.type = HR_TYPE_SECRET;
	request = request_of(&of_secret, 1);
	sdk_host.n_faults = 0;
	ck_assert_ptr_null(
		hr_settings_new(&sdk_call, &request, sizeof(struct settings), secret, N(secret)));
	ck_assert_int_eq(sdk_host.n_faults, 1);
	sdk_host_end();
}
END_TEST

static int n_problems;

static void take_problem(const struct hr_check_sink *sink, int32_t result_class,
			 const struct hr_fault *fault)
{
	(void)sink;
	ck_assert_int_eq(result_class, HR_QUOTA);
	ck_assert(hr_span_is(fault->message, "only 3 are left"));
	ck_assert(hr_span_is(fault->setting, ""));
	n_problems++;
}

START_TEST(faults)
{
	const struct hr_check_sink sink = {.size = sizeof(sink), .problem = take_problem};

	sdk_host_begin();
	ck_assert_int_eq(hr_fail(&sdk_call, HR_AUTH, "key", "%s is wrong", "it"), HR_AUTH);
	ck_assert_str_eq(sdk_host.message, "it is wrong");
	ck_assert_str_eq(sdk_host.setting, "key");
	hr_problem(&sink, HR_QUOTA, NULL, "only %d are left", 3);
	ck_assert_int_eq(n_problems, 1);
}
END_TEST

START_TEST(error_tables)
{
	static const struct hr_error_row rows[] = {
		{409, "Exists", HR_INVALID, 0, "name"},
		{0, "Full", HR_CAPACITY, HR_FAULT_PROTECTED, "zone"},
		{503, NULL, HR_CAPACITY, 0, NULL},
	};
	static const struct {
		int32_t status;
		const char *code;
		int32_t result_class;
		uint32_t flags;
	} wanted[] = {
		{409, "Exists", HR_INVALID, 0},
		{400, "Exists", HR_INVALID, 0},
		{409, "", HR_CONFLICT, 0},
		{423, "", HR_CONFLICT, 0},
		{418, "Full", HR_CAPACITY, HR_FAULT_PROTECTED},
		{503, "", HR_CAPACITY, 0},
		{401, "", HR_AUTH, 0},
		{403, "", HR_AUTH, 0},
		{404, "", HR_NOT_FOUND, 0},
		{410, "", HR_NOT_FOUND, 0},
		{408, "", HR_TIMEOUT, HR_FAULT_OUTCOME_UNKNOWN},
		{504, "", HR_TIMEOUT, HR_FAULT_OUTCOME_UNKNOWN},
		{429, "", HR_THROTTLED, 0},
		{422, "", HR_INVALID, 0},
		{500, "", HR_TRANSIENT, HR_FAULT_OUTCOME_UNKNOWN},
		{200, "", HR_TRANSIENT, HR_FAULT_OUTCOME_UNKNOWN},
		{302, "", HR_TRANSIENT, HR_FAULT_OUTCOME_UNKNOWN},
	};

	for (size_t i = 0; i < N(wanted); i++) {
		struct hr_error_row row =
			hr_error_find(rows, N(rows), wanted[i].status, wanted[i].code);

		ck_assert_msg(row.result_class == wanted[i].result_class &&
				      row.flags == wanted[i].flags,
			      "%d %s: class %d, flags %u", wanted[i].status, wanted[i].code,
			      row.result_class, row.flags);
	}
	ck_assert_str_eq(hr_error_find(rows, N(rows), 409, "Exists").setting, "name");
}
END_TEST

START_TEST(steps)
{
	static const struct hr_mark marks[] = {
		{HR_SPAN_OF(HR_MARK_CONFIG), HR_SPAN_OF("c-1")},
		{HR_SPAN_OF(HR_MARK_SERVER), HR_SPAN_OF("s-1")},
	};
	static const struct hr_state_row states[] = {{"up", HR_STATE_RUNNING}};
	const struct hr_step step = {.size = sizeof(step), .marks = marks, .n_marks = N(marks)};

	sdk_host_begin();
	ck_assert(hr_span_is(hr_mark(&step, HR_MARK_SERVER), "s-1"));
	ck_assert(hr_span_is(hr_mark(&step, HR_MARK_INSTALLATION), ""));
	ck_assert_int_eq(hr_again(&sdk_call, "task-1", 250, 40, "it is made"), HR_AGAIN);
	ck_assert_str_eq(sdk_host.token, "task-1");
	ck_assert_int_eq(sdk_host.delay_ms, 250);
	ck_assert_int_eq(sdk_host.percent, 40);
	ck_assert_str_eq(sdk_host.message, "it is made");
	ck_assert_str_eq(hr_id_join(&sdk_call, "17", "s-1"), "17/s-1");
	ck_assert(hr_span_is(hr_id_first(hr_span_of("17/s-1")), "17"));
	ck_assert(hr_span_is(hr_id_first(hr_span_of("17")), "17"));
	ck_assert(hr_span_is(hr_id_first((struct hr_span){0}), ""));
	ck_assert_uint_eq(hr_state_find(states, 1, hr_span_of("up")), HR_STATE_RUNNING);
	ck_assert_uint_eq(hr_state_find(states, 1, hr_span_of("upper")), HR_STATE_UNKNOWN);
	sdk_host_end();
}
END_TEST

START_TEST(page_by_page)
{
	struct hr_pages pages = {.call = &sdk_call};
	char token[16];
	int n = 0;

	sdk_host_begin();
	ck_assert_int_eq(hr_pages_next(&pages, ""), HR_OK);
	ck_assert_int_eq(hr_pages_next(&pages, "p2"), HR_AGAIN);
	ck_assert_str_eq(pages.token, "p2");
	ck_assert_int_eq(hr_pages_next(&pages, "p2"), HR_TRANSIENT);
	ck_assert_str_eq(sdk_host.message,
			 "The provider names the page just read as the next one.");
	sdk_host.cancelled = 1;
	ck_assert_int_eq(hr_pages_next(&pages, "p3"), HR_CANCELLED);
	ck_assert_int_eq(hr_pages_next(&pages, ""), HR_OK);
	sdk_host.cancelled = 0;
	pages = (struct hr_pages){.call = &sdk_call};
	do {
		snprintf(token, sizeof(token), "p%d", ++n % 2);
	} while (hr_pages_next(&pages, token) == HR_AGAIN);
	ck_assert_int_eq(n, HR_PAGES_MAX);
	ck_assert_str_eq(sdk_host.message, "The provider's list has more than 10000 pages.");
	sdk_host_end();
}
END_TEST

SUITE_MAIN("sdk", text, forms, settings_filled, settings_at_odds, faults, error_tables, steps,
	   page_by_page)
