/* SPDX-License-Identifier: Apache-2.0 */
/* headroomd: reads the configuration, builds the floors from the bottom up, drives the engine from
 * epoll, takes the floors down again. Nothing is decided here. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/crypto.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "daemon_governor.h"
#include "daemon_options.h"
#include "daemon_record.h"
#include "daemon_start.h"
#include "engine/engine.h"
#include "event_log.h"
#include "model/daemon_config.h"
#include "provider/process.h"
#include "provider/registry.h"
#include "removal.h"

#define REMOVE_LIMIT_MS (120 * MS_PER_S)
#define REMOVE_TELL_MS (10 * MS_PER_S)
/* Exit statuses; 2 is for wrong arguments. */
#define STATUS_FAILED 1
#define STATUS_NOT_ASKED 3

struct daemon {
	struct daemon_config config;
	char address[API_ADDRESS_SIZE];
	int listen_fd;
	int wake_fd;
	int signal_fd;
	int epoll_fd;
	struct store *store;
	struct registry *registry;
	struct http_service *http;
	struct module_metrics *metrics;
	struct mailbox *module_answers; /* to the governor */
	struct mailbox *answers;        /* to the engine */
	struct dispatcher *dispatcher;
	struct dispatcher *prober;
	struct engine *engine;
	struct api *api;
	struct event_log event_log;
	int status; /* to exit with after a failure */
};

/* Any thread: the engine has work. */
static void daemon_wake(void *context)
{
	const struct daemon *daemon = context;
	uint64_t one = 1;

	/* A full counter is as good as one more: it is read as "wake up". */
	if (write(daemon->wake_fd, &one, sizeof(one)) < 0)
		return;
}

static int watch(struct daemon *daemon, int fd, struct hr_error *err)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (fd < 0 || epoll_ctl(daemon->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
		return error_set_errno(err, errno, "cannot watch for events");
	return 0;
}

/* Signals come by descriptor, and are blocked before the first thread starts. */
static int daemon_open_events(struct daemon *daemon, struct hr_error *err)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	daemon->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	daemon->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	daemon->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (daemon->epoll_fd < 0)
		return error_set_errno(err, errno, "cannot watch for events");
	if (watch(daemon, daemon->wake_fd, err) != 0)
		return -1;
	return watch(daemon, daemon->signal_fd, err);
}

static int daemon_open_store(struct daemon *daemon, struct hr_error *err)
{
	const struct store_options options = {
		.directory = daemon->config.state_dir,
		.master_key = daemon->config.master_key,
		.threaded = true,
	};
	char moved[1024] = "";

	if (start_check_database(daemon->config.state_dir, err) != 0 ||
	    store_open(&options, &daemon->store, err) != 0)
		return -1;
	if (store_moved(daemon->store)) {
		store_moved_tell(daemon->store, moved, sizeof(moved));
		log_line(LOG_LEVEL_WARNING, NULL, "%s", moved);
	}
	/* The event that says the same is not to be logged as well. */
	if (start_rows(daemon->store, moved, err) != 0)
		return -1;
	return event_log_open(&daemon->event_log, daemon->store, err);
}

/* One process for the probes of all servers, started at the first. */
static int daemon_open_prober(struct daemon *daemon, struct process_options options,
			      struct hr_error *err)
{
	options.registry = NULL;
	options.http = NULL;
	options.answers = daemon->answers;
	if (process_dispatcher_new(&options, &daemon->prober, err) != 0)
		return -1;
	return watch(daemon, dispatch_fd(daemon->prober), err);
}

static int daemon_open_providers(struct daemon *daemon, struct hr_error *err)
{
	struct process_options options = {
		.installation = store_installation(daemon->store),
		.state_dir = daemon->config.state_dir,
		.host_uid_first = daemon->config.host_uid_first,
		.host_uid_last = daemon->config.host_uid_last,
		.host_program = daemon->config.host_program,
		.secrets = start_secret_rules(&daemon->config),
	};
	struct http_service_options http_options;
	struct dispatcher *inner;
	int fd;

	if (start_registry(&daemon->config, true, &daemon->registry, err) != 0)
		return -1;
	daemon->module_answers = mailbox_new(daemon_wake, daemon);
	daemon->answers = mailbox_new(daemon_wake, daemon);
	if (daemon->module_answers == NULL || daemon->answers == NULL)
		return error_no_memory(err, "starting");
	if (daemon_record(&daemon->config, &http_options, err) != 0 ||
	    http_service_new(&http_options, &daemon->http, err) != 0)
		return -1;
	if (module_metrics_new(&daemon->metrics, err) != 0)
		return -1;
	options.metrics = daemon->metrics;
	options.registry = daemon->registry;
	options.answers = daemon->module_answers;
	options.http = daemon->http;
	if (process_dispatcher_new(&options, &inner, err) != 0 ||
	    daemon_governor_new(daemon->registry, inner, daemon->module_answers, daemon->answers,
				daemon->metrics, &daemon->dispatcher, err) != 0)
		return -1;
	/* Level-triggered, and emptied by the dispatcher's step. */
	fd = dispatch_fd(daemon->dispatcher);
	if (fd >= 0 && watch(daemon, fd, err) != 0)
		return -1;
	return daemon_open_prober(daemon, options, err);
}

/* An emergency brake that cannot be looked at is on. */
static bool stop_file_is_there(const char *path)
{
	return access(path, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* What an administrator stops by putting a file in place. */
static unsigned daemon_stops(void *context)
{
	const struct daemon_config *config = &((const struct daemon *)context)->config;
	unsigned stops = 0;

	if (stop_file_is_there(config->stop_creates_file))
		stops |= ENGINE_STOP_CREATES;
	if (stop_file_is_there(config->stop_changes_file))
		stops |= ENGINE_STOP_CHANGES;
	return stops;
}

static int daemon_open_engine(struct daemon *daemon, bool plans, struct hr_error *err)
{
	const struct engine_options options = {
		.store = daemon->store,
		.dispatcher = daemon->dispatcher,
		.prober = daemon->prober,
		.answers = daemon->answers,
		.wake = daemon_wake,
		.wake_context = daemon,
		.random = random_system,
		.own_address = daemon->address,
		.own_scheme = "http",
		.safety_pass_ms = daemon->config.safety_pass_ms,
		.probe_every_ms = daemon->config.probe_every_ms,
		.keep_ms = daemon->config.keep_ms,
		.stops = daemon_stops,
		.stops_context = daemon,
		.account_key = daemon_account_key,
		.account_key_context = daemon->registry,
		.stop_creates_file = daemon->config.stop_creates_file,
		.stop_changes_file = daemon->config.stop_changes_file,
		.clock_follow = clock_follow,
		.dry_run = daemon->config.dry_run,
		.no_plans = !plans,
	};

	return engine_new(&options, &daemon->engine, err);
}

static int daemon_open_api(struct daemon *daemon, struct hr_error *err)
{
	const struct api_options options = {
		.store = daemon->store,
		.engine = daemon->engine,
		.registry = daemon->registry,
		.http = daemon->http,
		.metrics = daemon->metrics,
		.listen_fd = daemon->listen_fd,
		.socket_path = daemon->config.socket,
	};

	daemon->listen_fd = -1;
	return api_start(&options, &daemon->api, err);
}

/* Takes the port before anything else is started: servers are told to call it back. */
static int daemon_listen(struct daemon *daemon, struct hr_error *err)
{
	const char *host = daemon->config.listen_host;
	bool ipv6 = strchr(host, ':') != NULL;
	char wanted[300];

	text_format(wanted, sizeof(wanted), "%s%s%s:%lld", ipv6 ? "[" : "", host, ipv6 ? "]" : "",
		    (long long)daemon->config.listen_port);
	return api_listen(wanted, &daemon->listen_fd, daemon->address, err);
}

/* Gives the signal that came, or 0 when the wait ended otherwise. */
static int daemon_wait(struct daemon *daemon, int64_t timeout_ms)
{
	struct epoll_event events[4];
	struct signalfd_siginfo info;
	uint64_t count;
	int n;

	if (timeout_ms < 0)
		timeout_ms = 0;
	if (timeout_ms > 60 * MS_PER_S)
		timeout_ms = 60 * MS_PER_S;
	n = epoll_wait(daemon->epoll_fd, events, 4, (int)timeout_ms);
	for (int i = 0; i < n; i++) {
		if (events[i].data.fd == daemon->wake_fd) {
			/* Only empties the counter; nothing in it matters. */
			if (read(daemon->wake_fd, &count, sizeof(count)) < 0)
				continue;
		} else if (events[i].data.fd == daemon->signal_fd &&
			   read(daemon->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
			return (int)info.ssi_signo;
		}
	}
	return 0;
}

/* One turn: step the engine, have done what it asked for, wait for what comes. Answers that the
 * dispatcher has for the engine wake the next turn. */
static int daemon_turn(struct daemon *daemon, int64_t at_most_ms)
{
	int64_t due = engine_step(daemon->engine, clock_now());
	int64_t dispatcher_due = dispatch_step(daemon->dispatcher, clock_now());
	int64_t prober_due = dispatch_step(daemon->prober, clock_now());
	int64_t wait;

	if (dispatcher_due < due)
		due = dispatcher_due;
	if (prober_due < due)
		due = prober_due;
	wait = due == MS_NEVER ? at_most_ms : due - clock_now().mono_ms;
	event_log_step(&daemon->event_log, daemon->store);
	return daemon_wait(daemon, wait < at_most_ms ? wait : at_most_ms);
}

/* A hangup ends what was started on a terminal. Without one it means "read your configuration
 * again", which this version cannot do: that must not end the daemon. */
static bool signal_ends(int number, bool on_terminal)
{
	if (number != SIGHUP || on_terminal)
		return number != 0;
	log_line(LOG_LEVEL_WARNING, NULL,
		 "SIGHUP: the configuration is read at the start only; restart to apply changes");
	return false;
}

static int daemon_run(struct daemon *daemon)
{
	bool on_terminal = isatty(STDIN_FILENO);
	int number = 0;

	while (!signal_ends(number, on_terminal))
		number = daemon_turn(daemon, 60 * MS_PER_S);
	log_line(LOG_LEVEL_INFO, NULL, "stops on %s; servers live on", strsignal(number));
	return 0;
}

/* Until every server is gone, or those that are left cannot be, or the time is up, or a signal comes. */
static int daemon_await_removal(struct daemon *daemon, struct removal *removal,
				struct hr_error *err)
{
	int64_t told = clock_now().mono_ms, end = told + REMOVE_LIMIT_MS;

	for (;;) {
		if (removal_look(removal, daemon->store, daemon->engine, err) != 0)
			return -1;
		if (removal->n_left == 0)
			return 0;
		if (removal_is_stuck(removal)) {
			daemon->status = STATUS_NOT_ASKED;
			return error_set(err, HR_TRANSIENT,
					 "%zu servers remain, whose provider configs cannot be "
					 "asked; all others are gone; put right what is said "
					 "above, and run it again",
					 removal->n_left);
		}
		if (clock_now().mono_ms >= end)
			return error_set(err, HR_TIMEOUT,
					 "%zu servers are still there after 120 s; the lines above "
					 "say why; run it again, or start the daemon and look at: "
					 "headroom server list",
					 removal->n_left);
		if (clock_now().mono_ms >= told + REMOVE_TELL_MS) {
			told = clock_now().mono_ms;
			fprintf(stderr, "headroomd: %zu servers are left\n", removal->n_left);
		}
		if (daemon_turn(daemon, 200) != 0)
			return error_set(err, HR_CANCELLED, "interrupted; %zu servers are left",
					 removal->n_left);
	}
}

static int daemon_remove_servers(struct daemon *daemon, struct hr_error *err)
{
	struct removal removal = {0};
	int rc;

	if (removal_begin(daemon->store, err) != 0)
		return -1;
	engine_operations_due(daemon->engine);
	rc = daemon_await_removal(daemon, &removal, err);
	if (rc != 0)
		removal_name_left(&removal);
	removal_clear(&removal);
	return rc;
}

/* From the top down: nothing may post to a floor that is gone. */
static void daemon_close(struct daemon *daemon)
{
	api_stop(daemon->api);
	if (daemon->dispatcher != NULL)
		dispatch_cancel_all(daemon->dispatcher);
	if (daemon->prober != NULL)
		dispatch_cancel_all(daemon->prober);
	dispatch_free(daemon->dispatcher);
	dispatch_free(daemon->prober);
	module_metrics_free(daemon->metrics);
	http_service_free(daemon->http);
	store_close(daemon->store);
	engine_free(daemon->engine);
	mailbox_free(daemon->module_answers);
	mailbox_free(daemon->answers);
	registry_close(daemon->registry);
	if (daemon->listen_fd >= 0)
		close(daemon->listen_fd);
	if (daemon->epoll_fd >= 0)
		close(daemon->epoll_fd);
	if (daemon->wake_fd >= 0)
		close(daemon->wake_fd);
	if (daemon->signal_fd >= 0)
		close(daemon->signal_fd);
	daemon_config_clear(&daemon->config);
}

static int daemon_serve(struct daemon *daemon, struct hr_error *err)
{
	if (daemon_listen(daemon, err) != 0 || daemon_open_engine(daemon, true, err) != 0 ||
	    daemon_open_api(daemon, err) != 0)
		return -1;
	if (start_token(daemon->store, daemon->config.state_dir, daemon->address, err) != 0)
		return -1;
	return daemon_run(daemon);
}

static int daemon_main(struct daemon *daemon, const struct daemon_options *options,
		       struct hr_error *err)
{
	if (daemon_config_load(options->config, &daemon->config, err) != 0)
		return -1;
	start_find_host(&daemon->config);
	if (!daemon->config.core_files)
		start_forbid_core_files();
	log_setup(daemon->config.log_level, daemon->config.log_format);
	if (options->mode == DAEMON_CHECK)
		return start_check(&daemon->config, err);
	if (daemon_open_events(daemon, err) != 0 || daemon_open_store(daemon, err) != 0 ||
	    daemon_open_providers(daemon, err) != 0)
		return -1;
	if (options->mode == DAEMON_RUN)
		return daemon_serve(daemon, err);
	if (options->mode == DAEMON_CONFIRM_MOVED)
		return store_confirm_moved(daemon->store, err);
	if (store_moved(daemon->store))
		return error_set(
			err, HR_CONFLICT,
			"the state folder %s was %s here, so its servers may be another "
			"installation's, or not all that there are: none was removed; if "
			"it is the one to go on with, and nothing uses another, run first: "
			"headroomd --confirm-moved",
			daemon->config.state_dir, store_moved_how(daemon->store));
	if (daemon->config.dry_run || (daemon_stops(daemon) & ENGINE_STOP_CHANGES))
		return error_set(err, HR_CONFLICT,
				 "no server was removed: %s%s stops all changes at providers; %s",
				 daemon->config.dry_run ? "[engine] dry_run" : "the file ",
				 daemon->config.dry_run ? "" : daemon->config.stop_changes_file,
				 daemon->config.dry_run ? "turn it off first" : "remove it first");
	if (daemon_open_engine(daemon, false, err) != 0)
		return -1;
	return daemon_remove_servers(daemon, err);
}

int main(int argc, char **argv)
{
	struct daemon daemon = {.listen_fd = -1,
				.epoll_fd = -1,
				.wake_fd = -1,
				.signal_fd = -1,
				.status = STATUS_FAILED};
	struct daemon_options options;
	struct hr_error err = {0};
	int failed;

	if (daemon_options_parse(argc, argv, &options) != 0)
		return 2;
	if (options.mode == DAEMON_HELP || options.mode == DAEMON_VERSION) {
		if (options.mode == DAEMON_HELP)
			daemon_options_help();
		else
			puts("headroomd " HEADROOM_VERSION);
		return 0;
	}
	umask(077);
	json_wipe_when_freed();
	clock_hold_jumps();
	curl_global_init(CURL_GLOBAL_DEFAULT);
	failed = daemon_main(&daemon, &options, &err);
	daemon_close(&daemon);
	curl_global_cleanup();
	if (failed != 0)
		fprintf(stderr, "headroomd: %s\n", err.message);
	return failed != 0 ? daemon.status : 0;
}
