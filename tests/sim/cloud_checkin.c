/* SPDX-License-Identifier: Apache-2.0 */
/* The machines' startup scripts: one thread calls for all of them, each visit when it is due. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/text.h"
#include "cloud_server.h"

#define AT_ONCE 64
#define LOOK_EVERY_MS 50
#define PATIENCE_MS 15000L

struct knock {
	struct cloud_visit visit;
	CURL *easy; /* NULL: free */
	char body[128];
};

struct cloud_checkin {
	struct cloud_shared *shared;
	pthread_t thread;
	CURLM *multi;
	struct curl_slist *headers;
	atomic_bool stopping;
	struct knock knocks[AT_ONCE];
	size_t n;
};

static size_t ignore(char *data, size_t size, size_t n, void *context)
{
	(void)data;
	(void)context;
	return size * n;
}

static void begin(struct cloud_checkin *checkin, const struct cloud_visit *visit)
{
	struct knock *knock = checkin->knocks;

	while (knock->easy)
		knock++;
	knock->visit = *visit;
	knock->easy = curl_easy_init();
	if (!knock->easy)
		return;
	text_format(knock->body, sizeof(knock->body),
		    "{\"status\":\"%s\",\"status_message\":\"%s\",\"status_progress\":\"100\"}",
		    visit->status, strcmp(visit->status, "running") == 0 ? "ready" : "no disk");
	curl_easy_setopt(knock->easy, CURLOPT_URL, knock->visit.url);
	curl_easy_setopt(knock->easy, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(knock->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(knock->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(knock->easy, CURLOPT_HTTPHEADER, checkin->headers);
	curl_easy_setopt(knock->easy, CURLOPT_POSTFIELDS, knock->body);
	curl_easy_setopt(knock->easy, CURLOPT_TIMEOUT_MS, PATIENCE_MS);
	curl_easy_setopt(knock->easy, CURLOPT_WRITEFUNCTION, ignore);
	curl_easy_setopt(knock->easy, CURLOPT_PRIVATE, knock);
	curl_multi_add_handle(checkin->multi, knock->easy);
	checkin->n++;
}

static void finish(struct cloud_checkin *checkin, struct knock *knock, bool answered)
{
	struct hr_error err;
	long status = 0;

	if (answered)
		curl_easy_getinfo(knock->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_multi_remove_handle(checkin->multi, knock->easy);
	curl_easy_cleanup(knock->easy);
	knock->easy = NULL;
	checkin->n--;
	pthread_mutex_lock(&checkin->shared->mutex);
	/* Where the books fail, the visit is repeated once its time as a taken one is over. */
	cloud_visit_done(checkin->shared->cloud, knock->visit.row, (int)status, clock_now().wall_ms,
			 &err);
	pthread_mutex_unlock(&checkin->shared->mutex);
}

static void take(struct cloud_checkin *checkin)
{
	struct cloud_visit visits[8];
	size_t n = AT_ONCE - checkin->n < 8 ? AT_ONCE - checkin->n : 8;
	struct hr_error err;

	pthread_mutex_lock(&checkin->shared->mutex);
	cloud_visits_take(checkin->shared->cloud, clock_now().wall_ms, visits, n, &n, &err);
	pthread_mutex_unlock(&checkin->shared->mutex);
	for (size_t i = 0; i < n; i++)
		begin(checkin, &visits[i]);
}

static void *checkin_thread(void *arg)
{
	struct cloud_checkin *checkin = arg;
	int64_t looked_ms = 0;

	while (!atomic_load(&checkin->stopping)) {
		int running, left;
		CURLMsg *message;

		if (clock_now().mono_ms - looked_ms >= LOOK_EVERY_MS) {
			looked_ms = clock_now().mono_ms;
			take(checkin);
		}
		curl_multi_perform(checkin->multi, &running);
		while ((message = curl_multi_info_read(checkin->multi, &left))) {
			struct knock *knock = NULL;

			curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &knock);
			finish(checkin, knock, message->data.result == CURLE_OK);
		}
		curl_multi_poll(checkin->multi, NULL, 0, LOOK_EVERY_MS, NULL);
	}
	return NULL;
}

int cloud_checkin_start(struct cloud_shared *shared, struct cloud_checkin **ret,
			struct hr_error *err)
{
	struct cloud_checkin *checkin = calloc(1, sizeof(*checkin));

	if (!checkin)
		return error_no_memory(err, "starting the guests");
	checkin->shared = shared;
	checkin->multi = curl_multi_init();
	checkin->headers = curl_slist_append(NULL, "Content-Type: application/json");
	if (!checkin->multi || !checkin->headers ||
	    pthread_create(&checkin->thread, NULL, checkin_thread, checkin) != 0) {
		curl_multi_cleanup(checkin->multi);
		curl_slist_free_all(checkin->headers);
		free(checkin);
		return error_set(err, HR_INTERNAL, "the guests' thread did not start");
	}
	*ret = checkin;
	return 0;
}

void cloud_checkin_stop(struct cloud_checkin *checkin)
{
	atomic_store(&checkin->stopping, true);
	curl_multi_wakeup(checkin->multi);
	pthread_join(checkin->thread, NULL);
	for (size_t i = 0; i < AT_ONCE; i++)
		if (checkin->knocks[i].easy)
			finish(checkin, &checkin->knocks[i], false);
	curl_multi_cleanup(checkin->multi);
	curl_slist_free_all(checkin->headers);
	free(checkin);
}
