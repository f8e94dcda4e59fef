/* SPDX-License-Identifier: Apache-2.0 */
/* Starts and stops the HTTP servers: one for TCP, one for the unix socket, an epoll thread each. */
#include "api/server.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "api/auth.h"
#include "api/exchange.h"
#include "api/listen.h"
#include "api/providers.h"
#include "api/streams.h"
#include "base/clock.h"

#define CONNECTIONS 1000
#define PER_ADDRESS 64
#define STOP_S 1
#define TIMEOUT_MS (30 * MS_PER_S)
/* The library keeps a request's headers and its own buffers in this; what we ourselves allow for
 * headers is less and gets a readable answer. */
#define CONNECTION_MEMORY ((size_t)48 << 10)

bool api_wait_begin(struct api *api)
{
	bool may;

	pthread_mutex_lock(&api->mutex);
	may = !api->stopping;
	if (may)
		api->waiting++;
	pthread_mutex_unlock(&api->mutex);
	return may;
}

void api_wait_end(struct api *api)
{
	pthread_mutex_lock(&api->mutex);
	if (--api->waiting == 0)
		pthread_cond_broadcast(&api->fewer);
	pthread_mutex_unlock(&api->mutex);
}

void api_request_begin(struct api *api)
{
	pthread_mutex_lock(&api->mutex);
	api->under_way++;
	pthread_mutex_unlock(&api->mutex);
}

void api_request_end(struct api *api)
{
	pthread_mutex_lock(&api->mutex);
	if (--api->under_way == 0)
		pthread_cond_broadcast(&api->fewer);
	pthread_mutex_unlock(&api->mutex);
}

static enum MHD_Result admit(void *context, const struct sockaddr *address, socklen_t len)
{
	return peers_admit(context, address, len) ? MHD_YES : MHD_NO;
}

static void connection_changed(void *context, struct MHD_Connection *connection,
			       void **socket_context, enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *fd, *address;
	struct peers *peers = context;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*socket_context)
			peers_remove(peers, *socket_context);
		*socket_context = NULL;
		return;
	}
	fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	address = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	*socket_context =
		fd ? peers_add(peers, fd->connect_fd, address ? address->client_addr : NULL) : NULL;
}

/* A NUL in a path or a query would end the text early, and name something else than was asked for. It
 * is left in a form that is no UTF-8, which is refused. */
static size_t unescape(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	for (char *at = strstr(text, "%00"); at; at = strstr(at, "%00"))
		memcpy(at, "%ff", 3);
	return MHD_http_unescape(text);
}

/* Takes fd over. */
static int start_daemon(struct listener *listener, int fd, struct MHD_Daemon **ret,
			struct hr_error *err)
{
	struct peers *peers = listener->peers;

	*ret = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0, admit,
		peers, exchange_handle, listener, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, MHD_OPTION_CONNECTION_LIMIT,
		listener->api->options.max_connections, MHD_OPTION_NOTIFY_CONNECTION,
		connection_changed, peers, MHD_OPTION_NOTIFY_COMPLETED, exchange_completed, NULL,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL,
		MHD_OPTION_END);
	if (*ret)
		return 0;
	close(fd);
	return error_set(err, HR_INTERNAL,
			 "the HTTP server did not start (out of memory or threads)");
}

static int start_tcp(struct api *api, struct hr_error *err)
{
	int fd = api->options.listen_fd;

	if (fd <= 0 && !api->options.listen)
		return 0;
	if (fd > 0 ? listen_address(fd, api->address, err) != 0
		   : api_listen(api->options.listen, &fd, api->address, err) != 0) {
		if (fd > 0)
			close(fd);
		return -1;
	}
	return start_daemon(&api->on_tcp, fd, &api->tcp, err);
}

static int start_local(struct api *api, struct hr_error *err)
{
	const char *path = api->options.socket_path;
	int fd;

	if (!path)
		return 0;
	if (listen_local(path, &fd, err) != 0)
		return -1;
	api->socket_path = strdup(path);
	if (!api->socket_path) {
		close(fd);
		return error_no_memory(err, "starting the API");
	}
	return start_daemon(&api->on_local, fd, &api->local, err);
}

static int make_prefix(struct api *api, struct hr_error *err)
{
	struct id_source ids;

	if (id_source_init(&ids, random_system, NULL) != 0)
		return error_set(err, HR_INTERNAL, "the system gives no random numbers");
	id_secret_text(&ids, api->request_prefix, sizeof(api->request_prefix) - 1);
	return 0;
}

static void take_options(struct api *api, const struct api_options *options)
{
	api->options = *options;
	if (api->options.request_timeout_ms <= 0)
		api->options.request_timeout_ms = TIMEOUT_MS;
	if (api->options.max_connections == 0)
		api->options.max_connections = CONNECTIONS;
	if (api->options.max_per_address == 0)
		api->options.max_per_address = PER_ADDRESS;
}

int api_start(const struct api_options *options, struct api **ret_api, struct hr_error *err)
{
	struct api *api = calloc(1, sizeof(*api));
	pthread_condattr_t monotonic;

	if (!api)
		return error_no_memory(err, "starting the API");
	api->on_tcp.api = api->on_local.api = api;
	take_options(api, options);
	pthread_mutex_init(&api->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&api->fewer, &monotonic);
	pthread_condattr_destroy(&monotonic);
	api->started_ms = clock_now().wall_ms;
	api->started_mono_ms = clock_now().mono_ms;
	if (make_prefix(api, err) == 0 &&
	    peers_new(api->options.request_timeout_ms, api->options.max_per_address,
		      &api->on_tcp.peers, err) == 0 &&
	    peers_new(api->options.request_timeout_ms, api->options.max_per_address,
		      &api->on_local.peers, err) == 0 &&
	    streams_new(api->options.store, api->options.streams, &api->streams, err) == 0 &&
	    start_tcp(api, err) == 0 && start_local(api, err) == 0) {
		/* The texts were borrowed for the start only. */
		api->options.listen = NULL;
		api->options.socket_path = NULL;
		api->options.streams = NULL;
		*ret_api = api;
		return 0;
	}
	api_stop(api);
	return -1;
}

/* No new connections. Gives the listening socket, -1 if there is none: the daemon's thread may still be
 * about to take it from its poll, so that it may be closed only when that thread has ended. */
static int quiesce(struct MHD_Daemon *daemon)
{
	MHD_socket fd = daemon ? MHD_quiesce_daemon(daemon) : MHD_INVALID_SOCKET;

	if (fd != MHD_INVALID_SOCKET)
		shutdown(fd, SHUT_RDWR);
	return fd;
}

static void end_daemon(struct MHD_Daemon *daemon, int fd)
{
	if (daemon)
		MHD_stop_daemon(daemon);
	if (fd >= 0)
		close(fd);
}

/* A suspended connection must not meet the end of its daemon; the others get a moment, so that
 * answers arrive, but no more: whoever is slow is cut off. */
static void let_end(struct api *api)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += STOP_S;
	pthread_mutex_lock(&api->mutex);
	while (api->waiting > 0)
		pthread_cond_wait(&api->fewer, &api->mutex);
	while (api->under_way > 0 && rc == 0)
		rc = pthread_cond_timedwait(&api->fewer, &api->mutex, &until);
	pthread_mutex_unlock(&api->mutex);
}

void api_stop(struct api *api)
{
	int tcp, local;

	if (!api)
		return;
	if (api->socket_path)
		unlink(api->socket_path);
	tcp = quiesce(api->tcp);
	local = quiesce(api->local);
	pthread_mutex_lock(&api->mutex);
	api->stopping = true;
	pthread_mutex_unlock(&api->mutex);
	providers_drop_checks(api);
	if (api->streams)
		streams_stop(api->streams);
	let_end(api);
	end_daemon(api->tcp, tcp);
	end_daemon(api->local, local);
	streams_free(api->streams);
	peers_free(api->on_tcp.peers);
	peers_free(api->on_local.peers);
	pthread_cond_destroy(&api->fewer);
	pthread_mutex_destroy(&api->mutex);
	free(api->socket_path);
	free(api);
}

const char *api_address(const struct api *api)
{
	return api->address;
}
