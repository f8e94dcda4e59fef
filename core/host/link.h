/* SPDX-License-Identifier: Apache-2.0 */
/* The host's end of the channel: messages to the daemon from any thread, and questions that wait for
 * their answer. When the daemon is gone nothing is answered any more. */
#ifndef HR_HOST_LINK_H
#define HR_HOST_LINK_H

#include <pthread.h>

#include "host/backend.h"
#include "provider/wire.h"

struct link {
	int fd;
	struct frame_reader reader; /* one thread at a time: whoever reads */
	pthread_mutex_t writing;
	pthread_mutex_t asking; /* over questions */
	struct link_question *questions;
	uint64_t last_id;
	bool is_lost;
};

/* fd blocks; borrowed. */
void link_init(struct link *link, int fd);

/* The next message of the daemon's. Blocks. One thread at a time; the value is the caller's. 0, or
 * -1: the daemon is gone. */
int link_receive(struct link *link, enum wire_kind *ret_kind, uint64_t *ret_id, void **ret_value);

/* Any thread. 0, or -1: the message cannot be written. */
int link_send(struct link *link, enum wire_kind kind, uint64_t id, const void *value,
	      struct hr_error *err);

/* Sends a question and waits for its answer, which link_answer brings; the caller frees *ret_answer
 * with wire_free. Any thread but the one that reads. */
int link_ask(struct link *link, enum wire_kind kind, const void *value, void **ret_answer,
	     struct hr_error *err);

/* From whoever reads: an answer came. Takes the value. */
void link_answer(struct link *link, enum wire_kind kind, uint64_t id, void *value);

/* From whoever reads: the daemon is gone. No question is answered any more. */
void link_lose(struct link *link);

/* Has the daemon do what a backend does; context is the link. */
extern const struct host_backend link_backend_functions;

#endif
