/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that travel with frames: each stays with its own, and one that is lost ends the channel,
 * since no later one could be told from it. What frames are otherwise: process_channel_test.c. */
#include "provider/frame.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "base/text.h"

static int ends[2];
static struct frame_reader reader;
static struct frame_writer writer;

static void setup(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	memset(&reader, 0, sizeof(reader));
	memset(&writer, 0, sizeof(writer));
	reader.takes_descriptors = true;
}

static void teardown(void)
{
	int fd;

	while ((fd = frame_reader_descriptor(&reader)) >= 0)
		close(fd);
	frame_reader_clear(&reader);
	frame_writer_clear(&writer);
	close(ends[0]);
	close(ends[1]);
}

/* With the reading end of a pipe that holds that byte; "": without a descriptor. */
static void send_frame(const char *head, const char *byte)
{
	char text[64];
	struct frame frame = {.head = text};
	int fds[2];

	text_copy(text, sizeof(text), head);
	frame.head_len = strlen(text);
	if (byte[0] != '\0') {
		ck_assert_int_eq(pipe(fds), 0);
		ck_assert_int_eq(write(fds[1], byte, 1), 1);
		frame.has_descriptor = true;
		frame.descriptor = fds[0];
	}
	ck_assert_int_eq(frame_writer_send(&writer, ends[0], &frame), 0);
	if (byte[0] != '\0') {
		close(fds[0]);
		close(fds[1]);
	}
}

/* The next frame's head is that. */
static void expect_frame(const char *head)
{
	struct hr_error error;
	struct frame frame;
	int rc;

	while ((rc = frame_reader_next(&reader, &frame, &error)) == 0)
		ck_assert_int_ne(frame_reader_fill(&reader, ends[1]), FRAME_READ_END);
	ck_assert_int_eq(rc, 1);
	ck_assert_str_eq(frame.head, head);
	frame_clear(&frame);
}

static void expect_descriptor(char byte)
{
	int fd = frame_reader_descriptor(&reader);
	char got;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(read(fd, &got, 1), 1);
	ck_assert_int_eq(got, byte);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	close(fd);
}

START_TEST(each_with_its_own)
{
	send_frame("plain", "");
	send_frame("first", "1");
	send_frame("second", "2");
	send_frame("plain again", "");
	send_frame("third", "3");
	expect_frame("plain");
	expect_frame("first");
	expect_descriptor('1');
	expect_frame("second");
	expect_descriptor('2');
	expect_frame("plain again");
	expect_frame("third");
	expect_descriptor('3');
	ck_assert_int_eq(frame_reader_descriptor(&reader), -1);
}
END_TEST

START_TEST(not_wanted)
{
	reader.takes_descriptors = false;
	send_frame("first", "1");
	expect_frame("first");
	ck_assert_int_eq(frame_reader_descriptor(&reader), -1);
}
END_TEST

/* Too many to be kept, and no room for one in the process. */
START_TEST(a_lost_one_is_the_end)
{
	const struct rlimit few = {12, 12};
	int rc = FRAME_READ_MORE, i;

	for (i = 0; i < 20; i++)
		send_frame("frame", "x");
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (i = 0; i < 20 && rc != FRAME_READ_END; i++)
		rc = frame_reader_fill(&reader, ends[1]);
	ck_assert_int_eq(rc, FRAME_READ_END);
	ck_assert_int_lt(i, 20);
}
END_TEST

START_TEST(never_behind_what_waits)
{
	struct frame frame = {.head_len = FRAME_HEAD_MAX};
	int fds[2];

	ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	frame.head = calloc(1, FRAME_HEAD_MAX);
	ck_assert_ptr_nonnull(frame.head);
	ck_assert_int_eq(frame_writer_send(&writer, ends[0], &frame), 0);
	ck_assert(frame_writer_waits(&writer));
	ck_assert_int_eq(pipe(fds), 0);
	frame.has_descriptor = true;
	frame.descriptor = fds[0];
	ck_assert_int_eq(frame_writer_send(&writer, ends[0], &frame), -1);
	/* What waits is not lost by that. */
	ck_assert_int_eq(writer.failure, FRAME_FINE);
	close(fds[0]);
	close(fds[1]);
	free(frame.head);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("frame");
	TCase *tcase = tcase_create("descriptors");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, each_with_its_own);
	tcase_add_test(tcase, not_wanted);
	tcase_add_test(tcase, a_lost_one_is_the_end);
	tcase_add_test(tcase, never_behind_what_waits);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
