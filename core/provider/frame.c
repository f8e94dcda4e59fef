/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing of frames. Buffers are wiped as they are used up: settings and scripts, with
 * secrets, go through them. */
#include "provider/frame.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <openssl/crypto.h>

#define READ_AT_ONCE 65536
#define ROOM_KEPT (1u << 20) /* of an empty buffer */

/* What every frame begins with; both ends are on one machine. */
struct lengths {
	uint32_t head;
	uint32_t body;
};

void frame_clear(struct frame *frame)
{
	OPENSSL_clear_free(frame->head, frame->head_len);
	OPENSSL_clear_free(frame->body, frame->body_len);
	memset(frame, 0, sizeof(*frame));
}

/* A larger buffer with the same bytes from `from` on; the old one is wiped. */
static int buffer_grow(char **buffer, size_t *room, size_t from, size_t used, size_t wanted)
{
	char *more = malloc(wanted);

	if (!more)
		return -1;
	if (used > from)
		memcpy(more, *buffer + from, used - from);
	OPENSSL_clear_free(*buffer, *room);
	*buffer = more;
	*room = wanted;
	return 0;
}

/* ---- Reading ------------------------------------------------------------------------------- */

/* How many bytes the frame that begins in the buffer still needs; at least 1. */
static size_t reader_missing(const struct frame_reader *reader)
{
	size_t have = reader->used - reader->taken, need = sizeof(struct lengths);
	struct lengths lengths;

	if (have >= sizeof(lengths)) {
		memcpy(&lengths, reader->buffer + reader->taken, sizeof(lengths));
		if (lengths.head <= FRAME_HEAD_MAX && lengths.body <= FRAME_BODY_MAX)
			need += (size_t)lengths.head + lengths.body;
	}
	return need > have ? need - have : 1;
}

/* Makes room for the rest of the frame. */
static int reader_prepare(struct frame_reader *reader)
{
	size_t have = reader->used - reader->taken, missing = reader_missing(reader);

	if (missing < READ_AT_ONCE / 4)
		missing = READ_AT_ONCE / 4;
	if (reader->room - reader->used >= missing)
		return 0;
	if (reader->room >= have + missing) {
		memmove(reader->buffer, reader->buffer + reader->taken, have);
		OPENSSL_cleanse(reader->buffer + have, reader->used - have);
	} else if (buffer_grow(&reader->buffer, &reader->room, reader->taken, reader->used,
			       have + missing) != 0) {
		return -1;
	}
	reader->taken = 0;
	reader->used = have;
	return 0;
}

/* -1: one is lost, and with it which frame which of the others belongs to. */
static int take_descriptor(struct frame_reader *reader, struct msghdr *message)
{
	const struct cmsghdr *head = CMSG_FIRSTHDR(message);
	int fd;

	if (message->msg_flags & MSG_CTRUNC)
		return -1;
	if (!head)
		return 0;
	if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS ||
	    head->cmsg_len != CMSG_LEN(sizeof(fd)))
		return -1;
	memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	if (reader->n_descriptors == FRAME_DESCRIPTORS_MAX) {
		close(fd);
		return -1;
	}
	reader->descriptors[reader->n_descriptors++] = fd;
	return 0;
}

int frame_reader_descriptor(struct frame_reader *reader)
{
	int fd = reader->descriptors[0];

	if (reader->n_descriptors == 0)
		return -1;
	reader->n_descriptors--;
	memmove(reader->descriptors, reader->descriptors + 1,
		reader->n_descriptors * sizeof(reader->descriptors[0]));
	return fd;
}

/* The kernel ends a read after the bytes that a descriptor came with, so their order is the frames'. */
static ssize_t read_with_descriptors(struct frame_reader *reader, int fd, void *to, size_t size)
{
	union {
		struct cmsghdr aligned;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec part = {to, size};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control.room,
				 .msg_controllen = sizeof(control.room)};
	ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);

	if (n > 0 && take_descriptor(reader, &message) != 0) {
		errno = EBADMSG; /* the end, as far as this reader is concerned */
		return -1;
	}
	return n;
}

static ssize_t reader_read(struct frame_reader *reader, int fd)
{
	char *to = reader->buffer + reader->used;
	size_t size = reader->room - reader->used;

	return reader->takes_descriptors ? read_with_descriptors(reader, fd, to, size)
					 : read(fd, to, size);
}

int frame_reader_fill(struct frame_reader *reader, int fd)
{
	ssize_t n;

	if (reader_prepare(reader) != 0)
		return -1;
	do
		n = reader_read(reader, fd);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return FRAME_READ_NOTHING;
	if (n <= 0)
		return FRAME_READ_END;
	reader->used += (size_t)n;
	return reader->used < reader->room ? FRAME_READ_LAST : FRAME_READ_MORE;
}

static int copy_part(const char *from, size_t len, char **ret)
{
	*ret = NULL;
	if (len == 0)
		return 0;
	*ret = malloc(len + 1);
	if (!*ret)
		return -1;
	memcpy(*ret, from, len);
	(*ret)[len] = '\0';
	return 0;
}

int frame_reader_next(struct frame_reader *reader, struct frame *ret_frame, struct hr_error *err)
{
	size_t have = reader->used - reader->taken;
	struct lengths lengths;
	char *at;

	memset(ret_frame, 0, sizeof(*ret_frame));
	if (have < sizeof(lengths))
		return 0;
	at = reader->buffer + reader->taken;
	memcpy(&lengths, at, sizeof(lengths));
	if (lengths.head == 0 || lengths.head > FRAME_HEAD_MAX || lengths.body > FRAME_BODY_MAX)
		return error_set(
			err, HR_INTERNAL,
			"a frame says that it has %u + %u bytes; 1 to %u + %u are possible",
			lengths.head, lengths.body, FRAME_HEAD_MAX, FRAME_BODY_MAX);
	if (have < sizeof(lengths) + lengths.head + lengths.body)
		return 0;
	at += sizeof(lengths);
	ret_frame->head_len = lengths.head;
	ret_frame->body_len = lengths.body;
	if (copy_part(at, lengths.head, &ret_frame->head) != 0 ||
	    copy_part(at + lengths.head, lengths.body, &ret_frame->body) != 0) {
		frame_clear(ret_frame);
		return error_no_memory(err, "reading a frame");
	}
	OPENSSL_cleanse(at, lengths.head + lengths.body);
	reader->taken += sizeof(lengths) + lengths.head + lengths.body;
	if (reader->taken == reader->used && reader->room > ROOM_KEPT)
		frame_reader_clear(reader);
	else if (reader->taken == reader->used)
		reader->taken = reader->used = 0;
	return 1;
}

void frame_reader_clear(struct frame_reader *reader)
{
	OPENSSL_clear_free(reader->buffer, reader->room);
	reader->buffer = NULL;
	reader->room = reader->used = reader->taken = 0;
}

/* ---- Writing ------------------------------------------------------------------------------- */

/* Sends as much as is taken now; gives the number of bytes, -1: the other side is gone. */
static ssize_t send_some(int fd, struct iovec *parts, size_t n_parts)
{
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = n_parts};
	ssize_t n;

	do
		n = sendmsg(fd, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	return n;
}

static void parts_of(const struct frame *frame, struct lengths *lengths, struct iovec parts[3])
{
	lengths->head = (uint32_t)frame->head_len;
	lengths->body = (uint32_t)frame->body_len;
	parts[0] = (struct iovec){lengths, sizeof(*lengths)};
	parts[1] = (struct iovec){frame->head, frame->head_len};
	parts[2] = (struct iovec){frame->body, frame->body_len};
}

static int writer_fail(struct frame_writer *writer, enum frame_failure failure)
{
	frame_writer_clear(writer);
	writer->failure = failure;
	return -1;
}

/* What of the parts comes after the first n bytes, behind what waits already. */
static int writer_keep(struct frame_writer *writer, const struct iovec *parts, size_t n)
{
	size_t total = parts[0].iov_len + parts[1].iov_len + parts[2].iov_len - n;
	size_t waiting = writer->used - writer->sent;

	if (waiting + total > FRAME_WAITING_MAX)
		return writer_fail(writer, FRAME_TOO_MUCH_WAITS);
	if (writer->room - writer->used < total) {
		size_t wanted = 2 * (waiting + total);

		if (wanted > FRAME_WAITING_MAX)
			wanted = FRAME_WAITING_MAX;
		if (buffer_grow(&writer->buffer, &writer->room, writer->sent, writer->used,
				wanted) != 0)
			return writer_fail(writer, FRAME_NO_MEMORY);
		writer->used = waiting;
		writer->sent = 0;
	}
	for (int i = 0; i < 3; i++) {
		size_t skip = n < parts[i].iov_len ? n : parts[i].iov_len;

		if (parts[i].iov_len > skip)
			memcpy(writer->buffer + writer->used,
			       (const char *)parts[i].iov_base + skip, parts[i].iov_len - skip);
		writer->used += parts[i].iov_len - skip;
		n -= skip;
	}
	return 0;
}

/* As send_some; the descriptor goes with the first byte, so that nothing sent is an error. */
static ssize_t send_descriptor(int fd, struct iovec *parts, size_t n_parts, int descriptor)
{
	union {
		struct cmsghdr aligned;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr message = {.msg_iov = parts,
				 .msg_iovlen = n_parts,
				 .msg_control = control.room,
				 .msg_controllen = sizeof(control.room)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	ssize_t n;

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(descriptor));
	memcpy(CMSG_DATA(head), &descriptor, sizeof(descriptor));
	do
		n = sendmsg(fd, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n > 0 ? n : -1;
}

int frame_writer_send(struct frame_writer *writer, int fd, const struct frame *frame)
{
	struct lengths lengths;
	struct iovec parts[3];
	ssize_t n = 0;

	if (writer->failure != FRAME_FINE || (frame->has_descriptor && frame_writer_waits(writer)))
		return -1;
	parts_of(frame, &lengths, parts);
	if (frame->has_descriptor)
		n = send_descriptor(fd, parts, 3, frame->descriptor);
	else if (!frame_writer_waits(writer))
		n = send_some(fd, parts, 3);
	if (n < 0)
		return -1;
	if ((size_t)n == sizeof(lengths) + frame->head_len + frame->body_len)
		return 0;
	return writer_keep(writer, parts, (size_t)n);
}

int frame_writer_flush(struct frame_writer *writer, int fd)
{
	while (frame_writer_waits(writer)) {
		struct iovec part = {writer->buffer + writer->sent, writer->used - writer->sent};
		ssize_t n = send_some(fd, &part, 1);

		if (n <= 0)
			return n < 0 ? -1 : 0;
		OPENSSL_cleanse(part.iov_base, (size_t)n);
		writer->sent += (size_t)n;
	}
	if (writer->room > ROOM_KEPT)
		frame_writer_clear(writer);
	writer->sent = writer->used = 0;
	return 0;
}

void frame_writer_clear(struct frame_writer *writer)
{
	OPENSSL_clear_free(writer->buffer, writer->room);
	memset(writer, 0, sizeof(*writer));
}

int frame_write(int fd, const struct frame *frame)
{
	struct lengths lengths;
	struct iovec parts[3], *first = parts;
	size_t left = sizeof(lengths) + frame->head_len + frame->body_len;

	parts_of(frame, &lengths, parts);
	while (left > 0) {
		ssize_t n = send_some(fd, first, (size_t)(parts + 3 - first));

		if (n < 0)
			return -1;
		left -= (size_t)n;
		while (n > 0 && first < parts + 3) {
			size_t part = (size_t)n < first->iov_len ? (size_t)n : first->iov_len;

			first->iov_base = (char *)first->iov_base + part;
			first->iov_len -= part;
			n -= (ssize_t)part;
			if (first->iov_len == 0)
				first++;
		}
	}
	return 0;
}
