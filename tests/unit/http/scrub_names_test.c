/* SPDX-License-Identifier: Apache-2.0 */
/* Values under names that tell of a secret are masked, and nothing else. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "http/scrub.h"

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
	{"", ""},
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

int main(void)
{
	Suite *suite = suite_create("scrub_names");
	TCase *tcase = tcase_create("scrub_names");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, masked, 0, (int)(sizeof(masks) / sizeof(masks[0])));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
