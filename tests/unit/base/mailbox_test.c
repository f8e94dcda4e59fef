/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

#include "base/mailbox.h"
#include "suite.h"

#define SENDERS 4
#define PER_SENDER 20000

struct letter {
	struct mail mail;
	int sender;
	int number;
};

static struct letter letters[SENDERS][PER_SENDER];

struct sender {
	struct mailbox *box;
	int number;
};

static void count_wake(void *context)
{
	(*(int *)context)++;
}

START_TEST(keeps_the_order_and_wakes_when_it_was_empty)
{
	int woken = 0;
	struct mailbox *box = mailbox_new(count_wake, &woken);
	struct mail mails[3];

	ck_assert_ptr_null(mailbox_take(box));
	for (int i = 0; i < 3; i++)
		mailbox_push(box, &mails[i]);
	ck_assert_int_eq(woken, 1);
	for (int i = 0; i < 3; i++)
		ck_assert_ptr_eq(mailbox_take(box), &mails[i]);
	ck_assert_ptr_null(mailbox_take(box));
	mailbox_push(box, &mails[0]);
	ck_assert_int_eq(woken, 2);
	ck_assert_ptr_eq(mailbox_take(box), &mails[0]);
	mailbox_free(box);
}
END_TEST

START_TEST(wakes_nobody_without_a_function)
{
	struct mailbox *box = mailbox_new(NULL, NULL);
	struct mail mail;

	mailbox_push(box, &mail);
	ck_assert_ptr_eq(mailbox_take(box), &mail);
	mailbox_free(box);
	mailbox_free(NULL);
}
END_TEST

static void *send_all(void *context)
{
	struct sender *sender = context;

	for (int i = 0; i < PER_SENDER; i++) {
		struct letter *letter = &letters[sender->number][i];

		letter->sender = sender->number;
		letter->number = i;
		mailbox_push(sender->box, &letter->mail);
	}
	return NULL;
}

static void post(void *context)
{
	sem_post(context);
}

START_TEST(many_senders_lose_nothing)
{
	sem_t woken;
	struct mailbox *box;
	struct sender senders[SENDERS];
	pthread_t threads[SENDERS];
	int next[SENDERS] = {0}, taken = 0;

	ck_assert_int_eq(sem_init(&woken, 0, 0), 0);
	box = mailbox_new(post, &woken);
	for (int i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){box, i};
		ck_assert_int_eq(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
	}
	while (taken < SENDERS * PER_SENDER) {
		struct letter *letter;

		sem_wait(&woken);
		while ((letter = (struct letter *)mailbox_take(box))) {
			/* Each sender's own in order. */
			ck_assert_int_eq(letter->number, next[letter->sender]);
			next[letter->sender]++;
			taken++;
		}
	}
	for (int i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_ptr_null(mailbox_take(box));
	mailbox_free(box);
	sem_destroy(&woken);
}
END_TEST

SUITE_MAIN("mailbox", keeps_the_order_and_wakes_when_it_was_empty, wakes_nobody_without_a_function,
	   many_senders_lose_nothing)
