/* SPDX-License-Identifier: Apache-2.0 */
/* Commands on sessions. Only the ssh command goes to standard output; progress goes to standard
 * error, so that the command can be taken by a script. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/interrupt.h"
#include "cli/resource.h"
#include "cli/session_files.h"

#define POLL_MS 250
#define WITHDRAW_S 10

/* Folders of sessions that have ended without `session end` here. */
static void sweep_one(void *context, const char *session_id)
{
	CLEANUP_FREE char *path = client_path("sessions", session_id, NULL);
	CLEANUP_JSON json_t *session = NULL;
	struct hr_error own = {0};

	if (path == NULL)
		return;
	if (client_call(context, "GET", path, NULL, &session, &own) != 0) {
		if (own.http_status == 404)
			session_files_remove(session_id);
		return;
	}
	if (strcmp(json_string_or(session, "state", ""), "active") != 0)
		session_files_remove(session_id);
}

/* One line of progress; on a terminal it is written over the last one. */
static void progress_show(const json_t *session, char last[512])
{
	const json_t *progress = json_object_get(session, "progress");
	const char *stage = json_string_or(progress, "stage", "");
	long long percent = json_integer_or(progress, "percent", -1);
	bool terminal = isatty(STDERR_FILENO);
	char line[512];

	if (percent >= 0)
		text_format(line, sizeof(line), "waiting, position %lld: %s (%lld %%)",
			    json_integer_or(progress, "position", 0) + 1, stage, percent);
	else
		text_format(line, sizeof(line), "waiting, position %lld: %s",
			    json_integer_or(progress, "position", 0) + 1,
			    stage[0] != '\0' ? stage : json_string_or(progress, "reason", ""));
	/* A reason may count down; in a file one line of it is enough. */
	if (strcmp(line, last) == 0 || (last[0] != '\0' && stage[0] == '\0' && !terminal))
		return;
	text_copy(last, 512, line);
	terminal_safe(line, false);
	fprintf(stderr, terminal ? "\r\033[K%s" : "%s\n", line);
}

/* Until the session is no longer queued, or an interrupt (an error too); *session is replaced by each
 * answer. */
static int wait_for_seat(const struct invocation *invocation, json_t **session,
			 struct hr_error *err)
{
	CLEANUP_FREE char *path = client_path("sessions", json_string_or(*session, "id", ""), NULL);
	const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
	char last[512] = "";

	if (path == NULL)
		return error_no_memory(err, "waiting");
	while (strcmp(json_string_or(*session, "state", ""), "queued") == 0) {
		json_t *fresh = NULL;

		progress_show(*session, last);
		if (interrupt_signal() == 0)
			nanosleep(&pause, NULL);
		if (interrupt_signal() != 0)
			return error_set(err, HR_CONFLICT, "interrupted");
		if (client_call(invocation->client, "GET", path, NULL, &fresh, err) != 0)
			return error_prefix(err, "while session %s waits",
					    json_string_or(*session, "id", ""));
		json_decref(*session);
		*session = fresh;
	}
	if (last[0] != '\0' && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	return 0;
}

/* Wipes the private key in the answer before it is freed. */
static void connection_unref(json_t *connection)
{
	const json_t *key = json_object_get(connection, "private_key");

	if (json_is_string(key)) {
		union {
			/* cppcheck-suppress unusedStructMember ; set, to take const away */
			const char *read;
			char *write;
		} text = {.read = json_string_value(key)};

		OPENSSL_cleanse(text.write, json_string_length(key));
	}
	json_decref(connection);
}

static int print_ssh(const struct invocation *invocation, const char *session_id,
		     struct hr_error *err)
{
	char *path = client_path("sessions", session_id, "connection");
	CLEANUP_FREE char *command = NULL;
	json_t *connection = NULL;
	int ret = -1;

	if (path == NULL || client_query(&path, "secret", "true") != 0) {
		error_no_memory(err, "asking for the connection");
		goto out;
	}
	if (client_call(invocation->client, "GET", path, NULL, &connection, err) != 0)
		goto out;
	if (strcmp(json_string_or(connection, "type", ""), "SSH") != 0) {
		printf("%s %s port %lld\n", json_string_or(connection, "type", ""),
		       json_string_or(connection, "host", ""),
		       json_integer_or(connection, "port", 0));
		ret = 0;
		goto out;
	}
	ret = session_files_write(session_id, client_daemon(invocation->client), connection,
				  &command, err);
	/* Once the command is told, the session is the user's, to end as he likes. */
	if (ret == 0 && interrupt_signal() != 0)
		ret = error_set(err, HR_CONFLICT, "interrupted");
	if (ret == 0)
		puts(command);
out:
	if (connection != NULL)
		connection_unref(connection);
	free(path);
	return ret;
}

static int tell_outcome(const struct invocation *invocation, const json_t *session, bool waited,
			struct hr_error *err)
{
	const char *state = json_string_or(session, "state", "");
	const char *id = json_string_or(session, "id", "");

	if (strcmp(state, "refused") == 0 || strcmp(state, "ended") == 0)
		return error_set(err, HR_CAPACITY, "session %s is %s: %s", id, state,
				 json_string_or(session, "reason", "no reason given"));
	if (invocation->output == OUTPUT_JSON)
		return table_print_object(invocation->output, session, err);
	if (!waited || invocation->output == OUTPUT_NAME) {
		printf("%s\n", id);
		return 0;
	}
	fprintf(stderr, "session %s is on server %s; end it with: headroom session end %s\n", id,
		json_string_or(session, "server", "-"), id);
	return print_ssh(invocation, id, err);
}

/* Nobody is there any more to take the seat. Gives the exit status, and in err what became of it. */
static int withdraw(const struct invocation *invocation, const json_t *session,
		    struct hr_error *err)
{
	const char *id = json_string_or(session, "id", "");
	CLEANUP_FREE char *path = client_path("sessions", id, NULL);
	struct hr_error own = {0};

	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	/* A hurried second signal must not end what takes a moment. */
	client_limit(invocation->client, WITHDRAW_S, NULL);
	if (path == NULL)
		error_no_memory(&own, "withdrawing");
	else if (client_call(invocation->client, "DELETE", path, NULL, NULL, &own) == 0 ||
		 own.http_status == 404)
		own = (struct hr_error){0};
	session_files_remove(id);
	if (err != NULL)
		*err = (struct hr_error){0};
	if (own.class == 0)
		error_set(err, HR_CONFLICT, "interrupted: session %s is withdrawn", id);
	else
		error_set(err, own.class,
			  "interrupted, but session %s could not be withdrawn (%.300s); end it "
			  "with: headroom session end %s",
			  id, own.message, id);
	return 128 + interrupt_signal();
}

/* As the commands' run functions give it. */
static int wait_and_tell(const struct invocation *invocation, json_t **session,
			 struct hr_error *err)
{
	int ret;

	client_limit(invocation->client, CLIENT_REQUEST_S, interrupt_flag());
	ret = wait_for_seat(invocation, session, err);
	if (ret == 0 && interrupt_signal() == 0) {
		ret = tell_outcome(invocation, *session, true, err);
		if (ret == 0)
			return 0;
	}
	return interrupt_signal() != 0 ? withdraw(invocation, *session, err) : ret;
}

int session_request_run(const struct invocation *invocation, struct hr_error *err)
{
	bool waits = invocation_option(invocation, "--wait") != NULL;
	const char *kind = invocation_option(invocation, "--kind");
	CLEANUP_FREE char *path = client_path("sessions", NULL, NULL);
	json_t *wish =
		json_pack("{s:s, s:s, s:s*, s:s*}", "pool", invocation_option(invocation, "--pool"),
			  "user", invocation_option(invocation, "--user"), "kind", kind, "zone",
			  invocation_option(invocation, "--zone"));
	json_t *session = NULL;
	int ret = -1;

	session_files_each(client_daemon(invocation->client), sweep_one, invocation->client);
	if (path == NULL || wish == NULL) {
		error_set(err, HR_INVALID,
			  "the pool, the user, the kind or the zone is no UTF-8 text");
		goto out;
	}
	/* Before the request: once it is sent, there may be a session to withdraw. */
	if (waits)
		interrupt_catch();
	if (client_call(invocation->client, "POST", path, wish, &session, err) != 0)
		goto out;
	ret = waits ? wait_and_tell(invocation, &session, err)
		    : tell_outcome(invocation, session, false, err);
out:
	json_decref(wish);
	json_decref(session);
	return ret;
}

int session_list_run(const struct invocation *invocation, struct hr_error *err)
{
	static const struct filter filters[] = {
		{"--pool", "pool", false}, {"--state", "state", false}, {NULL, NULL, false}};
	static const struct column columns[] = {
		{"ID", "id"},         {"USER", "user"},    {"STATE", "state"},   {"POOL", "pool"},
		{"SERVER", "server"}, {"SINCE", "queued"}, {"REASON", "reason"}, {NULL, NULL},
	};

	session_files_each(client_daemon(invocation->client), sweep_one, invocation->client);
	return resource_list(invocation, "sessions", filters, columns, err);
}

int session_show_run(const struct invocation *invocation, struct hr_error *err)
{
	return resource_show(invocation, "sessions", err);
}

int session_keepalive_run(const struct invocation *invocation, struct hr_error *err)
{
	return resource_act(invocation, "POST", "sessions", "keepalive", "session kept alive", err);
}

int session_end_run(const struct invocation *invocation, struct hr_error *err)
{
	int ret = resource_act(invocation, "DELETE", "sessions", NULL, "session ended", err);

	if (ret == 0)
		session_files_remove(invocation_positional(invocation, 0));
	session_files_each(client_daemon(invocation->client), sweep_one, invocation->client);
	return ret;
}
