/* SPDX-License-Identifier: Apache-2.0 */
/* Frames from bytes that come in pieces: the first byte says how large the pieces are and whether the
 * reader looks for descriptors, which there are none of. What is understood is what came, in its order. */
#include "provider/frame.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 60000 /* a socket takes as much at once */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void want(bool holds)
{
	if (!holds)
		abort();
}

/* The same frame, written, is the bytes that stand there. Gives how many they are. */
static size_t compare(const struct frame *frame, const uint8_t *at, size_t left)
{
	static uint8_t written[MOST + 1];
	int ends[2];
	ssize_t n;

	want(frame->head && frame->head_len > 0 && (frame->body_len == 0) == !frame->body);
	want(!frame->body || frame->body[frame->body_len] == '\0');
	want(frame->head[frame->head_len] == '\0' && frame->head_len + frame->body_len < left);
	want(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && frame_write(ends[0], frame) == 0);
	n = recv(ends[1], written, sizeof(written), 0);
	want(n > 0 && (size_t)n <= left && memcmp(written, at, (size_t)n) == 0);
	close(ends[0]);
	close(ends[1]);
	return (size_t)n;
}

/* Takes what is whole by now. false: there is no frame any more. */
static bool take_all(struct frame_reader *reader, const uint8_t **at, const uint8_t *end)
{
	struct hr_error error = {0};
	struct frame frame;
	int rc;

	while ((rc = frame_reader_next(reader, &frame, &error)) > 0) {
		*at += compare(&frame, *at, (size_t)(end - *at));
		frame_clear(&frame);
	}
	want(rc == 0 || error.message[0] != '\0');
	return rc == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *at = data + 1, *sent = data + 1, *end;
	struct frame_reader reader = {0};
	size_t piece;
	bool goes_on = true;
	int ends[2];

	if (size < 2)
		return 0;
	piece = (size_t)data[0] / 2 + 1;
	reader.takes_descriptors = data[0] % 2;
	end = data + (size < MOST ? size : MOST);
	want(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
	while (goes_on && sent < end) {
		size_t n = (size_t)(end - sent) < piece ? (size_t)(end - sent) : piece;

		want(write(ends[0], sent, n) == (ssize_t)n);
		sent += n;
		piece *= 2; /* else long ones would be looked at for long */
		while (frame_reader_fill(&reader, ends[1]) != FRAME_READ_NOTHING)
			;
		goes_on = take_all(&reader, &at, sent);
	}
	want(frame_reader_descriptor(&reader) == -1);
	close(ends[0]);
	if (goes_on)
		want(frame_reader_fill(&reader, ends[1]) == FRAME_READ_END);
	close(ends[1]);
	frame_reader_clear(&reader);
	return 0;
}
