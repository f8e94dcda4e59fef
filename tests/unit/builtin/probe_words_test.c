/* SPDX-License-Identifier: Apache-2.0 */
/* The first words of servers, whole, in pieces and wrong. Bytes of real servers stand beside where
 * they are from. */
#include "builtin/probe_words.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

typedef enum probe_verdict (*judge_fn)(const unsigned char *data, size_t len,
				       char ret_text[PROBE_TEXT_SIZE]);

static char text[PROBE_TEXT_SIZE];

/* The bytes lie at the end of their block, so that a byte read beyond them is seen by a sanitizer. */
static enum probe_verdict judge(judge_fn fn, const void *bytes, size_t len)
{
	unsigned char *copy = malloc(len ? len : 1);
	enum probe_verdict verdict;

	ck_assert_ptr_nonnull(copy);
	if (len > 0)
		memcpy(copy, bytes, len);
	memset(text, '#', sizeof(text));
	verdict = fn(copy, len, text);
	ck_assert(verdict == PROBE_MORE || memchr(text, '\0', sizeof(text)) != NULL);
	free(copy);
	return verdict;
}

/* Right as a whole and with more behind it, and not decided on any shorter beginning. */
static void expect_speaks(judge_fn fn, const void *bytes, size_t len, const char *said)
{
	char longer[600];

	for (size_t n = 0; n < len; n++)
		ck_assert_msg(judge(fn, bytes, n) == PROBE_MORE, "decided at byte %zu", n);
	ck_assert_int_eq(judge(fn, bytes, len), PROBE_SPEAKS);
	ck_assert_str_eq(text, said);
	memcpy(longer, bytes, len);
	memset(longer + len, 0xee, 40);
	ck_assert_int_eq(judge(fn, longer, len + 40), PROBE_SPEAKS);
}

static void expect_wrong(judge_fn fn, const void *bytes, size_t len, const char *said)
{
	ck_assert_int_eq(judge(fn, bytes, len), PROBE_WRONG);
	ck_assert_str_eq(text, said);
}

#define LITERAL(s) (s), sizeof(s) - 1

START_TEST(ssh_right)
{
	/* OpenSSH 9.2 on Debian 12; RFC 4253's example of compatibility; libssh. */
	expect_speaks(probe_ssh, LITERAL("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"),
		      "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3");
	expect_speaks(probe_ssh, LITERAL("SSH-1.99-Cisco-1.25\n"), "SSH-1.99-Cisco-1.25");
	expect_speaks(probe_ssh,
		      LITERAL("Welcome\r\nto SSH-2.0-this\r\n\r\nSSH-2.0-libssh_0.10.6\r\n"),
		      "SSH-2.0-libssh_0.10.6");
}
END_TEST

START_TEST(ssh_wrong)
{
	char many[4000];

	expect_wrong(probe_ssh, LITERAL("SSH-1.5-old\r\n"), "it answers \"SSH-1.5-old\"");
	expect_wrong(probe_ssh, LITERAL("SSH-2.0-\r\n"), "it answers \"SSH-2.0-\"");
	expect_wrong(probe_ssh, LITERAL("SSH-1.99-\n"), "it answers \"SSH-1.99-\"");
	expect_wrong(probe_ssh, LITERAL("SSH-2.0-a\0b\r\n"), "it answers \"SSH-2.0-a?b\"");
	/* A line without an end, and lines without one. */
	memset(many, 'x', sizeof(many));
	ck_assert_int_eq(judge(probe_ssh, many, 255), PROBE_MORE);
	ck_assert_int_eq(judge(probe_ssh, many, 256), PROBE_WRONG);
	memcpy(many, LITERAL("SSH-2.0-"));
	ck_assert_int_eq(judge(probe_ssh, many, 256), PROBE_WRONG);
	memset(many, '\n', sizeof(many));
	ck_assert_int_eq(judge(probe_ssh, many, sizeof(many)), PROBE_WRONG);
	/* Others are not SSH until they have said more than anybody may. */
	ck_assert_int_eq(judge(probe_ssh, LITERAL("HTTP/1.1 400 Bad Request\r\n\r\n")), PROBE_MORE);
	ck_assert_int_eq(judge(probe_ssh, LITERAL("Exceeded MaxStartups\r\n")), PROBE_MORE);
	ck_assert_int_eq(judge(probe_ssh, LITERAL("xSSH-2.0-OpenSSH\r\n")), PROBE_MORE);
}
END_TEST

START_TEST(rfb)
{
	expect_speaks(probe_rfb, LITERAL("RFB 003.008\n"), "RFB 003.008"); /* TigerVNC */
	expect_speaks(probe_rfb, LITERAL("RFB 003.889\n"), "RFB 003.889"); /* Apple's */
	expect_wrong(probe_rfb, LITERAL("RFB 3.8\n"), "it answers \"RFB 3.8\"");
	expect_wrong(probe_rfb, LITERAL("RFB 003.008\r"), "it answers \"RFB 003.008\"");
	expect_wrong(probe_rfb, LITERAL("RFB 00a.008\n"), "it answers \"RFB 00a.008\"");
	expect_wrong(probe_rfb, LITERAL("R\xff"), "it answers \"R?\"");
	expect_wrong(probe_rfb, LITERAL("SSH-2.0-OpenSSH_9.2p1\r\n"),
		     "it answers \"SSH-2.0-OpenSSH_9.2p1\"");
}
END_TEST

/* [MS-RDPBCGR] 4.1.2, with both forms of the answer; xrdp without one. */
static const unsigned char confirm_tls[] = {3, 0,    0, 19, 14, 0xd0, 0, 0, 0x12, 0x34,
					    0, 0x02, 0, 8,  0,  1,    0, 0, 0};
static const unsigned char confirm_refused[] = {3, 0,    0, 19, 14, 0xd0, 0, 0, 0x12, 0x34,
						0, 0x03, 0, 8,  0,  5,    0, 0, 0};
static const unsigned char confirm_plain[] = {3, 0, 0, 11, 6, 0xd0, 0, 0, 0x12, 0x34, 0};

START_TEST(rdp_right)
{
	expect_speaks(probe_rdp, confirm_tls, sizeof(confirm_tls), "an RDP server");
	expect_speaks(probe_rdp, confirm_refused, sizeof(confirm_refused), "an RDP server");
	expect_speaks(probe_rdp, confirm_plain, sizeof(confirm_plain), "an RDP server");
}
END_TEST

START_TEST(rdp_wrong)
{
	/* Which byte is what it may not be. */
	static const struct {
		size_t at;
		unsigned char value;
	} wrong[] = {{0, 2},    {1, 1},  {2, 1},  {3, 18}, {3, 200}, {4, 6}, {5, 0xe0},
		     {5, 0x80}, {10, 2}, {11, 1}, {11, 9}, {13, 7},  {14, 1}};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		unsigned char bytes[sizeof(confirm_tls)];

		memcpy(bytes, confirm_tls, sizeof(bytes));
		bytes[wrong[i].at] = wrong[i].value;
		ck_assert_msg(judge(probe_rdp, bytes, sizeof(bytes)) == PROBE_WRONG,
			      "byte %zu may be %u", wrong[i].at, wrong[i].value);
	}
	/* An echo of what we said; TLS; SSH. */
	ck_assert_int_eq(judge(probe_rdp, probe_rdp_hello, sizeof(probe_rdp_hello)), PROBE_WRONG);
	ck_assert_int_eq(judge(probe_rdp, LITERAL("\x16\x03\x03")), PROBE_WRONG);
	expect_wrong(probe_rdp, LITERAL("SSH-2.0-x\r\n"), "it answers \"SSH-2.0-x\"");
}
END_TEST

/* Seeded noise is never taken for a server, nor does it break anything. */
START_TEST(noise)
{
	static const judge_fn all[] = {probe_ssh, probe_rfb, probe_rdp};
	uint64_t state = 88172645463325252u;
	unsigned char bytes[300];

	for (int round = 0; round < 20000; round++) {
		size_t len = (size_t)(state % sizeof(bytes));

		for (size_t i = 0; i < len; i++) {
			state ^= state << 13;
			state ^= state >> 7;
			state ^= state << 17;
			bytes[i] = (unsigned char)(state >> 24);
		}
		for (size_t i = 0; i < 3; i++)
			ck_assert_int_ne(judge(all[i], bytes, len), PROBE_SPEAKS);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("probe_words");
	TCase *tcase = tcase_create("words");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, ssh_right);
	tcase_add_test(tcase, ssh_wrong);
	tcase_add_test(tcase, rfb);
	tcase_add_test(tcase, rdp_right);
	tcase_add_test(tcase, rdp_wrong);
	tcase_add_test(tcase, noise);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
