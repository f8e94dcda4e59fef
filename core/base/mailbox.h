/* SPDX-License-Identifier: Apache-2.0 */
/* A queue from many threads to one: how the store's answers, the dispatcher's answers and the
 * API's wishes reach the engine. The only shared mutable state beside the store. */
#ifndef HR_BASE_MAILBOX_H
#define HR_BASE_MAILBOX_H

/* First member of whatever is sent. Owned by the sender until pushed, then by the mailbox, then by
 * whoever takes it. */
struct mail {
	struct mail *next;
};

struct mailbox;

/* wake(context) is called, on the pushing thread, when the box was empty; it must not block
 * (the daemon writes to an eventfd) nor touch the box, which is locked then. NULL wake: nobody is woken
 * (simulation). NULL: no memory. */
struct mailbox *mailbox_new(void (*wake)(void *context), void *context);

/* Mails still inside are not freed: take them first. */
void mailbox_free(struct mailbox *box);

/* Never fails, never blocks for long. Any thread. */
void mailbox_push(struct mailbox *box, struct mail *mail);

/* The oldest mail, or NULL. One thread only. */
struct mail *mailbox_take(struct mailbox *box);

#endif
