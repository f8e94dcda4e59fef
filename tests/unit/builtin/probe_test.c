/* SPDX-License-Identifier: Apache-2.0 */
/* Whole conversations over socket pairs: what is said first, answers in pieces, silence, an early end,
 * floods, cancellation. */
#include "builtin/probe.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#include "base/clock.h"
#include "builtin/probe_words.h"
#include "model/server.h"

static int server;
static struct dispatch_probe probe;
static struct call call;
static struct hr_error error;
static const struct call_subject nobody;

static void begin(enum connection_type type, int64_t timeout_ms)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	server = fds[0];
	probe = (struct dispatch_probe){.protocol = (int32_t)type, .descriptor = fds[1]};
	ck_assert_int_eq(call_init(&call, &nobody, clock_now().mono_ms + timeout_ms, &error), 0);
}

static void end(void)
{
	if (server >= 0)
		close(server);
	close(probe.descriptor);
	call_clear(&call);
}

/* The class that comes out, with its details in error. */
static int32_t run(void)
{
	return call_result(&call, probe_run(&call, &probe), &error);
}

static void say(const void *bytes, size_t len)
{
	ck_assert_int_eq(write(server, bytes, len), (ssize_t)len);
}

static void *in_pieces(void *arg)
{
	const char *text = arg;

	for (; *text; text++) {
		if (write(server, text, 1) != 1)
			break;
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	return NULL;
}

START_TEST(answer_in_pieces)
{
	char words[] = "hello\r\nSSH-2.0-Slow_1.0\r\n";
	pthread_t thread;

	begin(CONNECTION_SSH, 20000);
	ck_assert_int_eq(pthread_create(&thread, NULL, in_pieces, words), 0);
	ck_assert_int_eq(run(), HR_OK);
	ck_assert_str_eq(call.text, "SSH-2.0-Slow_1.0");
	pthread_join(thread, NULL);
	end();
}
END_TEST

START_TEST(rdp_is_asked)
{
	static const unsigned char confirm[] = {3, 0, 0, 11, 6, 0xd0, 0, 0, 0, 0, 0};
	unsigned char asked[64];

	begin(CONNECTION_RDP, 20000);
	say(confirm, sizeof(confirm));
	ck_assert_int_eq(run(), HR_OK);
	ck_assert_str_eq(call.text, "an RDP server");
	ck_assert_int_eq(read(server, asked, sizeof(asked)), sizeof(probe_rdp_hello));
	ck_assert_mem_eq(asked, probe_rdp_hello, sizeof(probe_rdp_hello));
	end();
}
END_TEST

START_TEST(each_word_at_the_wrong_door)
{
	static const enum connection_type types[] = {CONNECTION_KASMVNC, CONNECTION_RDP,
						     CONNECTION_VNC, CONNECTION_SSH};
	static const char *const words[] = {"\x16\x03\x03", "\x03\x00\x00\x0b", "RFB 003.008\n",
					    "SSH-2.0-OpenSSH_9.2p1\r\n"};

	for (int door = 0; door < 4; door++)
		for (int word = 2; word < 4; word++) {
			if (door == word)
				continue;
			begin(types[door], 20000);
			say(words[word], strlen(words[word]));
			shutdown(server, SHUT_WR);
			ck_assert_int_eq(run(), HR_NOT_FOUND);
			ck_assert_msg(strstr(error.message, word == 2 ? "RFB 003" : "SSH-2.0") !=
					      NULL,
				      "%s", error.message);
			end();
		}
}
END_TEST

START_TEST(silence)
{
	int64_t from = clock_now().mono_ms;

	begin(CONNECTION_SSH, 500);
	ck_assert_int_eq(run(), HR_NOT_FOUND);
	ck_assert_str_eq(error.message, "it accepts connections, but says nothing of SSH");
	ck_assert_int_lt(clock_now().mono_ms - from, 5000);
	end();
}
END_TEST

START_TEST(closed_at_once)
{
	begin(CONNECTION_VNC, 20000);
	close(server);
	server = -1;
	ck_assert_int_eq(run(), HR_NOT_FOUND);
	ck_assert_str_eq(error.message, "it closes the connection without a word of VNC (RFB)");
	end();
	begin(CONNECTION_RDP, 20000);
	close(server);
	server = -1;
	ck_assert_int_eq(run(), HR_NOT_FOUND);
	ck_assert_str_eq(error.message, "the connection was closed at once");
	end();
}
END_TEST

START_TEST(said_why_and_closed)
{
	begin(CONNECTION_SSH, 20000);
	say("Exceeded MaxStartups\r\n", 22);
	shutdown(server, SHUT_WR);
	ck_assert_int_eq(run(), HR_NOT_FOUND);
	ck_assert_str_eq(error.message, "it answers \"Exceeded MaxStartups\" and closes");
	end();
}
END_TEST

static void *flood(void *arg)
{
	char lines[1000];

	(void)arg;
	memset(lines, '\n', sizeof(lines));
	while (send(server, lines, sizeof(lines), MSG_NOSIGNAL) > 0)
		;
	return NULL;
}

START_TEST(a_flood_ends)
{
	pthread_t thread;

	begin(CONNECTION_SSH, 20000);
	ck_assert_int_eq(pthread_create(&thread, NULL, flood, NULL), 0);
	ck_assert_int_eq(run(), HR_NOT_FOUND);
	shutdown(probe.descriptor, SHUT_RDWR);
	pthread_join(thread, NULL);
	end();
}
END_TEST

static void *cancel_soon(void *arg)
{
	(void)arg;
	nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
	call_cancel(&call);
	return NULL;
}

START_TEST(cancelled)
{
	int64_t from = clock_now().mono_ms;
	pthread_t thread;

	begin(CONNECTION_KASMVNC, 60000);
	ck_assert_int_eq(pthread_create(&thread, NULL, cancel_soon, NULL), 0);
	ck_assert_int_eq(run(), HR_CANCELLED);
	ck_assert_int_lt(clock_now().mono_ms - from, 20000);
	pthread_join(thread, NULL);
	end();
}
END_TEST

START_TEST(what_cannot_be_asked)
{
	begin(CONNECTION_SSH, 20000);
	probe.protocol = 77;
	ck_assert_int_eq(run(), HR_UNSUPPORTED);
	end();
	begin(CONNECTION_SSH, 20000);
	close(probe.descriptor);
	probe.descriptor = -1;
	ck_assert_int_eq(run(), HR_INTERNAL);
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("probe");
	TCase *tcase = tcase_create("probe");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase, answer_in_pieces);
	tcase_add_test(tcase, rdp_is_asked);
	tcase_add_test(tcase, each_word_at_the_wrong_door);
	tcase_add_test(tcase, silence);
	tcase_add_test(tcase, closed_at_once);
	tcase_add_test(tcase, said_why_and_closed);
	tcase_add_test(tcase, a_flood_ends);
	tcase_add_test(tcase, cancelled);
	tcase_add_test(tcase, what_cannot_be_asked);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
