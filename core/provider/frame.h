/* SPDX-License-Identifier: Apache-2.0 */
/* Frames on the channel between the daemon and a host process: two lengths, a head of text, a raw body.
 * Both ends of the channel use this file. Not here: what heads say (core/provider/wire.h). */
#ifndef HR_PROVIDER_FRAME_H
#define HR_PROVIDER_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define FRAME_HEAD_MAX (1u << 20)
#define FRAME_BODY_MAX (17u << 20) /* an HTTP body of 16 MiB fits */

/* Whoever has one owns both parts, which are malloc'ed (NULL when empty). */
struct frame {
	char *head;
	size_t head_len;
	char *body;
	size_t body_len;
	/* Sent with it where has_descriptor; borrowed. Those that come are the reader's. */
	bool has_descriptor;
	int descriptor;
};

/* Wipes (there may be secrets in it) and frees the parts. */
void frame_clear(struct frame *frame);

/* ---- Reading ---- */

#define FRAME_DESCRIPTORS_MAX 64 /* that came and were not taken; one more is the channel's end */

/* Zeroed at first. One thread at a time. */
struct frame_reader {
	char *buffer;
	size_t room, used, taken;
	bool takes_descriptors; /* set by whoever wants them: else they are closed unseen */
	int descriptors[FRAME_DESCRIPTORS_MAX]; /* in the order of their frames */
	unsigned n_descriptors;
};

enum frame_read { FRAME_READ_MORE, FRAME_READ_LAST, FRAME_READ_NOTHING, FRAME_READ_END };

/* One read of what is there (blocks where the descriptor does). LAST: something, and there was no more
 * than that. NOTHING: there is none now. END: the
 * other side has closed, or the descriptor failed. -1: no memory. */
int frame_reader_fill(struct frame_reader *reader, int fd);

/* The next whole frame that was read: 1 and *ret_frame, 0: not yet, -1: it is no frame (a length
 * above the limits) or there is no memory. */
int frame_reader_next(struct frame_reader *reader, struct frame *ret_frame, struct hr_error *err);

/* The descriptor that came first and was not taken yet, the caller's from now on; -1: none. To be
 * called for each frame that brings one, in their order. */
int frame_reader_descriptor(struct frame_reader *reader);

/* Not the descriptors. */
void frame_reader_clear(struct frame_reader *reader);

/* ---- Writing ---- */

#define FRAME_WAITING_MAX (64u << 20)

enum frame_failure { FRAME_FINE, FRAME_TOO_MUCH_WAITS, FRAME_NO_MEMORY };

/* What a descriptor did not take yet. Zeroed at first. One thread at a time. */
struct frame_writer {
	char *buffer;
	size_t room, used, sent;
	enum frame_failure failure; /* a frame was lost: nothing is sent any more */
};

/* Sends the frame, or as much of it as the descriptor takes now, and keeps the rest. 0; -1: the
 * other side is gone, or the writer has failed: more than FRAME_WAITING_MAX bytes would wait, or
 * there is no memory for what is to wait. One with a descriptor is sent at once, its rest perhaps later,
 * or not at all: -1 where something waits already, too. */
int frame_writer_send(struct frame_writer *writer, int fd, const struct frame *frame);

/* Sends of the rest what is taken now. 0 or -1 likewise. */
int frame_writer_flush(struct frame_writer *writer, int fd);

static inline bool frame_writer_waits(const struct frame_writer *writer)
{
	return writer->sent < writer->used;
}

void frame_writer_clear(struct frame_writer *writer);

/* The whole frame to a descriptor that blocks. 0, or -1: the other side is gone. */
int frame_write(int fd, const struct frame *frame);

#endif
