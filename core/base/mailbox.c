/* SPDX-License-Identifier: Apache-2.0 */
/* The queue from many threads to one: a list under a mutex held for a few instructions. */
#include "base/mailbox.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct mailbox {
	pthread_mutex_t mutex;
	struct mail *oldest;
	struct mail *newest;
	void (*wake)(void *context);
	void *context;
};

struct mailbox *mailbox_new(void (*wake)(void *context), void *context)
{
	struct mailbox *box = calloc(1, sizeof(*box));

	if (!box)
		return NULL;
	if (pthread_mutex_init(&box->mutex, NULL) != 0) {
		free(box);
		return NULL;
	}
	box->wake = wake;
	box->context = context;
	return box;
}

void mailbox_free(struct mailbox *box)
{
	if (!box)
		return;
	pthread_mutex_destroy(&box->mutex);
	free(box);
}

void mailbox_push(struct mailbox *box, struct mail *mail)
{
	bool was_empty;

	mail->next = NULL;
	pthread_mutex_lock(&box->mutex);
	was_empty = box->oldest == NULL;
	if (was_empty)
		box->oldest = mail;
	else
		box->newest->next = mail;
	box->newest = mail;
	/* Woken under the mutex: once the mail can be taken, its taker may end the box. */
	if (was_empty && box->wake)
		box->wake(box->context);
	pthread_mutex_unlock(&box->mutex);
}

struct mail *mailbox_take(struct mailbox *box)
{
	struct mail *mail;

	pthread_mutex_lock(&box->mutex);
	mail = box->oldest;
	if (mail) {
		box->oldest = mail->next;
		if (!box->oldest)
			box->newest = NULL;
		mail->next = NULL;
	}
	pthread_mutex_unlock(&box->mutex);
	return mail;
}
