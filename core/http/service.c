/* SPDX-License-Identifier: Apache-2.0 */
/* The service's thread, which drives one libcurl multi handle, and how others hand it requests. */
#include "http/service.h"

#include <stdlib.h>
#include <string.h>

#define POLL_MS 1000
#define HOST_CONNECTIONS_MAX 32L /* of an account to one host; more requests wait */

/* ---- The thread ----------------------------------------------------------------------------- */

/* An exchange that is to be started or cancelled; NULL: none. */
static struct exchange *next_to_do(struct http_service *service, bool *ret_start)
{
	struct exchange *e;

	pthread_mutex_lock(&service->mutex);
	for (e = service->exchanges; e; e = e->next)
		if (e->is_new || e->is_cancelled || service->stopping)
			break;
	if (e) {
		*ret_start = e->is_new && !e->is_cancelled && !service->stopping;
		e->is_new = false;
	}
	pthread_mutex_unlock(&service->mutex);
	return e;
}

static void do_wishes(struct http_service *service)
{
	struct exchange *e;
	bool start = false;

	while ((e = next_to_do(service, &start)) != NULL) {
		if (start)
			exchange_start(e);
		else
			exchange_cancel(e);
	}
}

static void do_transfers(struct http_service *service)
{
	CURLMsg *message;
	int left;

	curl_multi_perform(service->multi, &left);
	while ((message = curl_multi_info_read(service->multi, &left)) != NULL) {
		CURLcode code = message->data.result;
		struct exchange *e = NULL;

		if (message->msg == CURLMSG_DONE &&
		    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&e) ==
			    CURLE_OK &&
		    e)
			exchange_hop_done(e, code);
	}
}

/* true: there is nothing left to do, ever. */
static bool free_buried(struct http_service *service)
{
	struct http_account *account;
	bool is_over;

	pthread_mutex_lock(&service->mutex);
	account = service->buried;
	service->buried = NULL;
	is_over = service->stopping && !service->exchanges;
	service->ended = is_over;
	pthread_mutex_unlock(&service->mutex);
	while (account) {
		struct http_account *next = account->next;

		account_destroy(account);
		service_release(service);
		account = next;
	}
	return is_over;
}

static void *run(void *context)
{
	struct http_service *service = context;

	for (;;) {
		do_wishes(service);
		do_transfers(service);
		if (free_buried(service))
			return NULL;
		curl_multi_poll(service->multi, NULL, 0, POLL_MS, NULL);
	}
}

/* ---- Life ----------------------------------------------------------------------------------- */

static int copy_dirs(struct http_service *service, const struct http_service_options *options)
{
	if (options->record_dir && !(service->record_dir = strdup(options->record_dir)))
		return -1;
	if (options->replay_dir && !(service->replay_dir = strdup(options->replay_dir)))
		return -1;
	return 0;
}

static void destroy(struct http_service *service)
{
	if (service->multi)
		curl_multi_cleanup(service->multi);
	for (size_t i = 0; i < service->n_cassettes; i++)
		cassette_free(service->cassettes[i]);
	free(service->cassettes);
	free(service->record_dir);
	free(service->replay_dir);
	metrics_clear(&service->metrics);
	pthread_mutex_destroy(&service->mutex);
	free(service);
}

int http_service_new(const struct http_service_options *options, struct http_service **ret_service,
		     struct hr_error *err)
{
	struct http_service *service;

	if (options->record_dir && options->replay_dir)
		return error_set(err, HR_INVALID,
				 "exchanges are either recorded or replayed, not both");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return error_set(err, HR_INTERNAL, "cannot start libcurl");
	service = calloc(1, sizeof(*service));
	if (!service)
		return error_no_memory(err, "starting the HTTP service");
	atomic_init(&service->references, 1);
	if (pthread_mutex_init(&service->mutex, NULL) != 0 ||
	    metrics_init(&service->metrics, err) != 0) {
		free(service);
		return error_no_memory(err, "starting the HTTP service");
	}
	service->record_ids = options->record_ids;
	service->multi = curl_multi_init();
	if (!service->multi || copy_dirs(service, options) != 0 ||
	    curl_multi_setopt(service->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
			      HOST_CONNECTIONS_MAX) != CURLM_OK) {
		destroy(service);
		return error_no_memory(err, "starting the HTTP service");
	}
	if (pthread_create(&service->thread, NULL, run, service) != 0) {
		destroy(service);
		return error_set(err, HR_INTERNAL, "cannot start the thread of the HTTP service");
	}
	*ret_service = service;
	return 0;
}

void http_service_free(struct http_service *service)
{
	if (!service)
		return;
	pthread_mutex_lock(&service->mutex);
	service->stopping = true;
	pthread_mutex_unlock(&service->mutex);
	curl_multi_wakeup(service->multi);
	pthread_join(service->thread, NULL);
	service_release(service);
}

struct http_service *service_hold(struct http_service *service)
{
	atomic_fetch_add(&service->references, 1);
	return service;
}

void service_release(struct http_service *service)
{
	if (atomic_fetch_sub(&service->references, 1) == 1)
		destroy(service);
}

void service_bury(struct http_service *service, struct http_account *account)
{
	bool ended;

	pthread_mutex_lock(&service->mutex);
	ended = service->ended;
	if (!ended) {
		account->next = service->buried;
		service->buried = account;
		curl_multi_wakeup(service->multi);
	}
	pthread_mutex_unlock(&service->mutex);
	if (ended) {
		account_destroy(account);
		service_release(service);
	}
}

static bool is_recorded(const struct http_service *service, const char *id)
{
	bool found = !service->record_ids;

	for (size_t i = 0; !found && service->record_ids[i]; i++)
		found = strcmp(service->record_ids[i], id) == 0;
	return found;
}

int service_find_cassette(struct http_service *service, const char *id,
			  struct cassette **ret_cassette, struct hr_error *err)
{
	const char *dir = service->replay_dir ? service->replay_dir : service->record_dir;
	struct cassette **grown;
	int rc = 0;

	*ret_cassette = NULL;
	if (!dir || (service->record_dir && !is_recorded(service, id)))
		return 0;
	pthread_mutex_lock(&service->mutex);
	for (size_t i = 0; i < service->n_cassettes; i++)
		if (strcmp(cassette_id(service->cassettes[i]), id) == 0)
			*ret_cassette = service->cassettes[i];
	if (*ret_cassette)
		goto out;
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
	grown = reallocarray(service->cassettes, service->n_cassettes + 1, sizeof(*grown));
	if (!grown) {
		rc = error_no_memory(err, "opening a cassette");
		goto out;
	}
	service->cassettes = grown;
	rc = cassette_open(dir, id, service->replay_dir != NULL, ret_cassette, err);
	if (rc == 0)
		grown[service->n_cassettes++] = *ret_cassette;
out:
	pthread_mutex_unlock(&service->mutex);
	return rc;
}

/* ---- Requests ------------------------------------------------------------------------------- */

int http_submit(struct http_account *account, const struct http_request *request,
		void (*done)(void *context, struct http_answer *answer), void *context,
		uint64_t *ret_ticket, struct hr_error *err)
{
	struct http_service *service = account->service;
	struct exchange *e, **end;
	bool stopping;

	if (exchange_new(account, request, &e, err) != 0)
		return -1;
	e->done = done;
	e->context = context;
	pthread_mutex_lock(&service->mutex);
	stopping = service->stopping;
	if (!stopping) {
		e->ticket = ++service->last_ticket;
		if (ret_ticket)
			*ret_ticket = e->ticket;
		for (end = &service->exchanges; *end; end = &(*end)->next)
			;
		*end = e;
		curl_multi_wakeup(service->multi);
	}
	pthread_mutex_unlock(&service->mutex);
	if (!stopping)
		return 0;
	exchange_free(e);
	return error_set(err, HR_CANCELLED, "the HTTP service is ending");
}

void http_cancel(struct http_service *service, uint64_t ticket)
{
	pthread_mutex_lock(&service->mutex);
	for (struct exchange *e = service->exchanges; e; e = e->next)
		if (e->ticket == ticket)
			e->is_cancelled = true;
	curl_multi_wakeup(service->multi);
	pthread_mutex_unlock(&service->mutex);
}

void service_forget(struct http_service *service, struct exchange *exchange)
{
	pthread_mutex_lock(&service->mutex);
	for (struct exchange **at = &service->exchanges; *at; at = &(*at)->next) {
		if (*at == exchange) {
			*at = exchange->next;
			break;
		}
	}
	pthread_mutex_unlock(&service->mutex);
}

int http_metrics(struct http_service *service, struct http_metrics *ret_metrics,
		 struct hr_error *err)
{
	return metrics_copy(&service->metrics, ret_metrics, err);
}
