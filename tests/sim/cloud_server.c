/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: a request is served at once, and its answer goes out when it is due, as the cloud
 * wants it: in order, not at all, or as nonsense. */
#include "cloud_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <microhttpd.h>

#include "base/clock.h"
#include "base/text.h"
#include "cloud_requests.h"

#define CONNECTIONS 4000
#define HANG_MS (600 * MS_PER_S)

struct exchange {
	struct exchange *next; /* of those that wait */
	struct MHD_Connection *connection;
	struct cloud_request request;
	struct cloud_response response;
	char *body;
	int64_t due_mono_ms;
	bool served;
	bool cut;
};

struct cloud_server {
	struct cloud_shared *shared;
	struct MHD_Daemon *daemon;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct exchange *waiting; /* the first due first */
	bool stopping;
};

/* ---- Answers that are due later ---- */

static void *wait_thread(void *arg)
{
	struct cloud_server *server = arg;

	pthread_mutex_lock(&server->mutex);
	while (!server->stopping || server->waiting) {
		struct exchange *first = server->waiting;
		int64_t due_ms = first ? first->due_mono_ms : clock_now().mono_ms + HANG_MS;
		struct timespec until = {.tv_sec = due_ms / MS_PER_S,
					 .tv_nsec = due_ms % MS_PER_S * 1000000};

		if (!server->stopping && (!first || clock_now().mono_ms < due_ms)) {
			pthread_cond_timedwait(&server->changed, &server->mutex, &until);
			continue;
		}
		first->cut |= server->stopping;
		server->waiting = first->next;
		MHD_resume_connection(first->connection);
	}
	pthread_mutex_unlock(&server->mutex);
	return NULL;
}

static void wait_for_due(struct cloud_server *server, struct exchange *exchange, int64_t after_ms)
{
	struct exchange **at = &server->waiting;

	exchange->due_mono_ms = clock_now().mono_ms + after_ms;
	MHD_suspend_connection(exchange->connection);
	pthread_mutex_lock(&server->mutex);
	while (*at && (*at)->due_mono_ms <= exchange->due_mono_ms)
		at = &(*at)->next;
	exchange->next = *at;
	*at = exchange;
	pthread_cond_signal(&server->changed);
	pthread_mutex_unlock(&server->mutex);
}

/* ---- One request ---- */

static enum MHD_Result take_query(void *context, enum MHD_ValueKind kind, const char *name,
				  const char *value)
{
	struct cloud_request *request = context;

	(void)kind;
	if (request->n_query < CLOUD_QUERY_MAX) {
		request->query[request->n_query].name = name;
		request->query[request->n_query].value = value ? value : "";
	}
	request->n_query++;
	return MHD_YES;
}

static bool take_body(struct exchange *exchange, const char *data, size_t len)
{
	size_t have = exchange->request.body_len;
	char *grown;

	exchange->request.body_len += len;
	if (exchange->request.body_len > CLOUD_BODY_MAX)
		return true;
	grown = realloc(exchange->body, have + len);
	if (!grown)
		return false;
	memcpy(grown + have, data, len);
	exchange->body = grown;
	return true;
}

static enum MHD_Result send_response(struct exchange *exchange)
{
	/* What a proxy in front of a broken server may give. */
	static const char nonsense[] = "{\"machines\": [{\"id\": \"m-0";
	struct cloud_response *from = &exchange->response;
	bool garbage = from->delivery == CLOUD_GARBAGE;
	const char *body = garbage ? nonsense : from->body;
	struct MHD_Response *response;
	enum MHD_Result result;
	char seconds[24];

	if (!body || exchange->cut || from->delivery == CLOUD_UNANSWERED ||
	    from->delivery == CLOUD_HANGS)
		return MHD_NO;
	response = MHD_create_response_from_buffer(strlen(body), (void *)(uintptr_t)body,
						   MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	text_format(seconds, sizeof(seconds), "%lld",
		    (long long)((from->retry_after_ms + MS_PER_S - 1) / MS_PER_S));
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
	MHD_add_response_header(response, "X-Request-Id", from->request_id);
	if (from->retry_after_ms > 0)
		MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
	result = MHD_queue_response(exchange->connection,
				    garbage ? MHD_HTTP_OK : (unsigned)from->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result serve(struct cloud_server *server, struct exchange *exchange)
{
	struct cloud_request *request = &exchange->request;
	struct cloud_response *response = &exchange->response;

	request->body = exchange->body;
	request->authorization = MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND,
							     MHD_HTTP_HEADER_AUTHORIZATION);
	request->content_type = MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND,
							    MHD_HTTP_HEADER_CONTENT_TYPE);
	MHD_get_connection_values(exchange->connection, MHD_GET_ARGUMENT_KIND, take_query, request);
	pthread_mutex_lock(&server->shared->mutex);
	cloud_request_serve(server->shared->cloud, clock_now().wall_ms, request, response);
	pthread_mutex_unlock(&server->shared->mutex);
	exchange->served = true;
	if (response->delivery == CLOUD_HANGS)
		wait_for_due(server, exchange, HANG_MS);
	else if (response->latency_ms > 0)
		wait_for_due(server, exchange, response->latency_ms);
	else
		return send_response(exchange);
	return MHD_YES;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *data_size, void **request_context)
{
	struct exchange *exchange = *request_context;

	(void)version;
	if (!exchange) {
		exchange = calloc(1, sizeof(*exchange));
		if (!exchange)
			return MHD_NO;
		exchange->connection = connection;
		exchange->request.path = url;
		exchange->request.method = method;
		*request_context = exchange;
		return MHD_YES;
	}
	if (*data_size > 0) {
		bool taken = take_body(exchange, data, *data_size);

		*data_size = 0;
		return taken ? MHD_YES : MHD_NO;
	}
	return exchange->served ? send_response(exchange) : serve(context, exchange);
}

static void completed(void *context, struct MHD_Connection *connection, void **request_context,
		      enum MHD_RequestTerminationCode why)
{
	struct exchange *exchange = *request_context;

	(void)context;
	(void)connection;
	(void)why;
	if (!exchange)
		return;
	free(exchange->response.body);
	free(exchange->body);
	free(exchange);
	*request_context = NULL;
}

/* ---- Start and stop ---- */

static int parse_listen(const char *text, struct sockaddr_in *ret, struct hr_error *err)
{
	const char *colon = strchr(text, ':');
	int64_t port = 0;
	char host[32];

	*ret = (struct sockaddr_in){.sin_family = AF_INET};
	if (!text_format(host, sizeof(host), "%.*s",
			 colon ? (int)(colon - text) : (int)strlen(text), text) ||
	    inet_pton(AF_INET, host, &ret->sin_addr) != 1 ||
	    (colon && text_to_int64(colon + 1, 0, 65535, &port) != 0))
		return error_set(err, HR_INVALID, "\"%s\" is not ADDRESS or ADDRESS:PORT", text);
	if (ntohl(ret->sin_addr.s_addr) >> 24 != 127)
		return error_set(err, HR_INVALID,
				 "%s is no address of this machine alone; take one of 127.0.0.0/8",
				 host);
	ret->sin_port = htons((uint16_t)port);
	return 0;
}

int cloud_server_start(struct cloud_shared *shared, const char *listen,
		       struct cloud_server **ret_server, char ret_url[64], struct hr_error *err)
{
	struct cloud_server *server;
	const union MHD_DaemonInfo *info;
	pthread_condattr_t monotonic;
	struct sockaddr_in address;
	char host[INET_ADDRSTRLEN];

	if (parse_listen(listen, &address, err) != 0)
		return -1;
	server = calloc(1, sizeof(*server));
	if (!server)
		return error_no_memory(err, "starting the server");
	server->shared = shared;
	pthread_mutex_init(&server->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&server->changed, &monotonic);
	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0, NULL,
		NULL, handle, server, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_CONNECTION_LIMIT,
		CONNECTIONS, MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_END);
	if (!server->daemon || pthread_create(&server->thread, NULL, wait_thread, server) != 0) {
		if (server->daemon)
			MHD_stop_daemon(server->daemon);
		free(server);
		return error_set(err, HR_INTERNAL, "cannot listen on %s", listen);
	}
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
	inet_ntop(AF_INET, &address.sin_addr, host, sizeof(host));
	text_format(ret_url, 64, "http://%s:%u", host, info ? info->port : 0);
	*ret_server = server;
	return 0;
}

void cloud_server_stop(struct cloud_server *server)
{
	MHD_socket fd = MHD_quiesce_daemon(server->daemon);

	pthread_mutex_lock(&server->mutex);
	server->stopping = true;
	pthread_cond_signal(&server->changed);
	pthread_mutex_unlock(&server->mutex);
	pthread_join(server->thread, NULL);
	MHD_stop_daemon(server->daemon);
	if (fd != MHD_INVALID_SOCKET)
		close(fd);
	free(server);
}
