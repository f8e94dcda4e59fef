/* SPDX-License-Identifier: Apache-2.0 */
/* A request that the caller waits for. */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "http/account.h"
#include "http/http.h"

#define LOOK_MS 20 /* between two questions whether the caller has been cancelled */

struct wait {
	pthread_mutex_t mutex;
	pthread_cond_t condition;
	struct http_answer *answer;
};

static void take(void *context, struct http_answer *answer)
{
	struct wait *wait = context;

	pthread_mutex_lock(&wait->mutex);
	wait->answer = answer;
	pthread_cond_signal(&wait->condition);
	pthread_mutex_unlock(&wait->mutex);
}

static void sleep_until_answer(struct wait *wait)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	pthread_cond_clockwait(&wait->condition, &wait->mutex, CLOCK_MONOTONIC, &until);
}

static struct http_answer *await(struct wait *wait, struct http_service *service, uint64_t ticket,
				 int (*is_cancelled)(void *context), void *context)
{
	struct http_answer *answer;
	bool cancelled = false;

	pthread_mutex_lock(&wait->mutex);
	while (!wait->answer) {
		sleep_until_answer(wait);
		if (wait->answer || cancelled || !is_cancelled)
			continue;
		pthread_mutex_unlock(&wait->mutex);
		cancelled = is_cancelled(context) != 0;
		if (cancelled)
			http_cancel(service, ticket);
		pthread_mutex_lock(&wait->mutex);
	}
	answer = wait->answer;
	pthread_mutex_unlock(&wait->mutex);
	return answer;
}

int http_perform(struct http_account *account, const struct http_request *request,
		 int (*is_cancelled)(void *context), void *context, struct http_answer **ret_answer)
{
	struct wait wait = {.mutex = PTHREAD_MUTEX_INITIALIZER,
			    .condition = PTHREAD_COND_INITIALIZER};
	struct http_answer *refusal = calloc(1, sizeof(*refusal));
	uint64_t ticket = 0;

	if (!refusal)
		return -1;
	if (http_submit(account, request, take, &wait, &ticket, &refusal->error) != 0) {
		refusal->result = refusal->error.class;
		*ret_answer = refusal;
	} else {
		http_answer_free(refusal);
		*ret_answer = await(&wait, account->service, ticket, is_cancelled, context);
	}
	pthread_cond_destroy(&wait.condition);
	pthread_mutex_destroy(&wait.mutex);
	return 0;
}
