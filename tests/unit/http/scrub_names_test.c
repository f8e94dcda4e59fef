/* SPDX-License-Identifier: Apache-2.0 */
/* Values under names that tell of a secret are masked, and nothing else; in a time that grows with the text's
 * length only. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <check.h>

#include "http/scrub.h"

#define TEN "abcdefghij"
#define LONG TEN TEN TEN TEN TEN TEN TEN TEN
#define FLOOD_LEN ((size_t)16 << 20)
#define MEASURABLE_S 0.005 /* of the processor */

static const struct {
	const char *text, *masked;
} masks[] = {
	/* JSON */
	{"{\"access_token\": \"abcd\", \"id\": \"i-1\"}",
	 "{\"access_token\": \"***\", \"id\": \"i-1\"}"},
	{"{\"password\"\n:\t\"a\\\"bcd\"}", "{\"password\"\n:\t\"***\"}"},
	{"{\"UserData\":\"IyEvYmluL3No\"}", "{\"UserData\":\"***\"}"},
	{"{\"secret\":\"\"}", "{\"secret\":\"\"}"},
	{"{\"secret\":\"a\"}", "{\"secret\":\"*\"}"},
	{"{\"password\":{\"user\":{\"password\":\"abcd\"}}}",
	 "{\"password\":{\"user\":{\"password\":\"***\"}}}"},
	{"{\"token\":\"cut off", "{\"token\":\"***"},
	{"{\"token\":12, \"name\":\"token\"}", "{\"token\":12, \"name\":\"token\"}"},
	/* Forms and queries */
	{"grant_type=x&client_secret=abcd&scope=y", "grant_type=x&client_secret=***&scope=y"},
	{"password=abcd", "password=***"},
	{"http://h/p?a=1&X-Amz-Signature=abcd&b=2", "http://h/p?a=1&X-Amz-Signature=***&b=2"},
	{"http://h/p?sig=abcd#f", "http://h/p?sig=***#f"},
	{"http://h/p?design=abcd&sigma=1", "http://h/p?design=abcd&sigma=1"},
	{"token", "token"},
	{"token=", "token="},
	/* XML */
	{"<s:Password Type=\"x\">abcd</s:Password><a>b</a>",
	 "<s:Password Type=\"x\">***</s:Password><a>b</a>"},
	{"<password/>abcd", "<password/>abcd"},
	{"<password>abcd", "<password>***"},
	{"<password", "<password"},
	/* JSON Web Tokens */
	{"curl 'http://h/s?x=eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2ln' -d 1",
	 "curl 'http://h/s?x=***' -d 1"},
	{"keyJa.b.c eyJa.b eyJ", "keyJa.b.c eyJa.b eyJ"},
	/* Of any length */
	{"{\"" LONG "_token\":\"abcd\"}", "{\"" LONG "_token\":\"***\"}"},
	{"a=1&" LONG "_token=abcd&b=2", "a=1&" LONG "_token=***&b=2"},
	{"<" LONG "_token>abcd<", "<" LONG "_token>***<"},
	/* One within the other */
	{"{\"a\":\"<token\",\"password\":\"abcd\",\"b\":\">efgh\"}",
	 "{\"a\":\"<token\",\"password\":\"***\",\"b\":\">***"},
	{"<token x=\"\" password=ab>cd>efgh</token>", "<token x=\"\" password=***</token>"},
	{"<token \"password\":\"ab>cd\"efgh</token>", "<token \"password\":\"******</token>"},
	{"<token <secret>abcd</secret>", "<token <secret>***</secret>"},
	{"<token/><secret>abcd</secret>", "<token/><secret>***</secret>"},
	{"{\"eyJa.b.c_token\":\"abcd\"}", "{\"***\":\"***\"}"},
	{"x-eyJa.b.c_token=abcd", "x-***=***"},
	{"{\"password\":\"a_token\":\"b\"}", "{\"password\":\"***\":\"b\"}"},
	{"-eyJ-eyJ eyJ-eyJa.b.c", "-eyJ-eyJ ***"},
	{"eyJa.eyJb.c.d", "***.d"},
	{"eyJa eyJa.eyJb eyJa.b.c", "eyJa eyJa.eyJb ***"},
	{"", ""},
};

/* What a hostile or broken peer may send: a head, a piece again and again, and a secret at the end, in the text
 * of which each piece could begin something that ends nowhere or far away. */
static const struct {
	const char *head, *piece, *tail;
} floods[] = {
	{"", "-eyJ", " token=abcd"},       {"", "eyJ.", " token=abcd"},
	{"", "-eyJ.-eyJ ", " token=abcd"}, {"", "<token", " token=abcd"},
	{"", "<token", "/> token=abcd"},   {"", "<token", ">abcd"},
	{"", "<token>", "abcd"},           {"", "\"password\":\"", "abcd"},
	{"", "\"password\" ", ":\"abcd"},  {"\"token\"", " ", ":\"abcd"},
	{"\"", "ap", "_token\":\"abcd"},   {"", "\"abc", "\"token\":\"abcd"},
	{"", " abc=", "1 token=abcd"},     {"", "<a:", "<token>abcd"},
	{"", "token=", " token=abcd"},
};

START_TEST(masked)
{
	size_t len = strlen(masks[_i].text), out;
	/* Its own memory, exactly so long: a sanitizer sees what goes beyond. */
	char *text = malloc(len ? len : 1);

	ck_assert_ptr_nonnull(text);
	memcpy(text, masks[_i].text, len);
	out = scrub_names(text, len);
	ck_assert_msg(out == strlen(masks[_i].masked) && memcmp(text, masks[_i].masked, out) == 0,
		      "\"%s\" becomes \"%.*s\"", masks[_i].text, (int)out, text);
	free(text);
}
END_TEST

/* The processor's time of this process. */
static double seconds_used(void)
{
	struct timespec t;

	ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Scrubs a flood of so many bytes, whose secret at the end must be masked; gives the time used. */
static double scrub_flood(int i, size_t len)
{
	size_t head = strlen(floods[i].head), piece = strlen(floods[i].piece);
	size_t tail = strlen(floods[i].tail), at = head, out;
	char *text = malloc(len + tail);
	double started;

	ck_assert_ptr_nonnull(text);
	memcpy(text, floods[i].head, head);
	for (; at + piece <= len; at += piece)
		memcpy(text + at, floods[i].piece, piece);
	memcpy(text + at, floods[i].tail, tail);
	started = seconds_used();
	out = scrub_names(text, at + tail);
	started = seconds_used() - started;
	ck_assert_msg(!memmem(text, out, "abcd", 4), "\"%s\": not masked", floods[i].piece);
	ck_assert_msg(memmem(text, out, "***", 3), "\"%s\": no mask", floods[i].piece);
	free(text);
	return started;
}

/* Eight times as much takes about eight times as long, not sixty-four times. */
START_TEST(flooded)
{
	double little = scrub_flood(_i, FLOOD_LEN / 8), much = scrub_flood(_i, FLOOD_LEN);

	if (little < MEASURABLE_S)
		little = MEASURABLE_S;
	ck_assert_msg(much < 24 * little, "\"%s\": %.3f s for an eighth, %.3f s for all",
		      floods[_i].piece, little, much);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scrub_names");
	TCase *tcase = tcase_create("scrub_names");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, masked, 0, (int)(sizeof(masks) / sizeof(masks[0])));
	tcase_add_loop_test(tcase, flooded, 0, (int)(sizeof(floods) / sizeof(floods[0])));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
