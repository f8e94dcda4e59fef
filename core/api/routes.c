/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests there are, for whom, and what handles them. */
#include "api/routes.h"

#include <string.h>

#include "api/auth.h"
#include "api/handlers.h"
#include "base/text.h"

#define V1 "/api/v1/"

#define ADMINS ROLE_BIT(ROLE_ADMIN)
#define OPERATORS (ROLE_BIT(ROLE_OPERATOR) | ADMINS)
#define VIEWERS (ROLE_BIT(ROLE_VIEWER) | OPERATORS)
#define BROKERS (ROLE_BIT(ROLE_BROKER) | OPERATORS)
#define EVERYBODY (ROLE_BIT(ROLE_VIEWER) | BROKERS)

/* The same six for each kind of document. */
#define DOCUMENT_ROUTES(document_kind, plural, noun, writers)                           \
	{.method = "GET",                                                               \
	 .pattern = V1 plural,                                                          \
	 .roles = VIEWERS,                                                              \
	 .kind = (document_kind),                                                       \
	 .query = "cursor limit",                                                       \
	 .handler = documents_list,                                                     \
	 .summary = "List " noun "s"},                                                  \
		{.method = "POST",                                                      \
		 .pattern = V1 plural,                                                  \
		 .roles = (writers),                                                    \
		 .body = BODY_OBJECT,                                                   \
		 .kind = (document_kind),                                               \
		 .query = "dry_run",                                                    \
		 .handler = documents_create,                                           \
		 .summary = "Create a " noun},                                          \
		{.method = "GET",                                                       \
		 .pattern = V1 plural "/{id}",                                          \
		 .roles = VIEWERS,                                                      \
		 .kind = (document_kind),                                               \
		 .query = "",                                                           \
		 .handler = documents_get,                                              \
		 .summary = "Show a " noun},                                            \
		{.method = "PUT",                                                       \
		 .pattern = V1 plural "/{id}",                                          \
		 .roles = (writers),                                                    \
		 .body = BODY_OBJECT,                                                   \
		 .kind = (document_kind),                                               \
		 .query = "dry_run",                                                    \
		 .handler = documents_put,                                              \
		 .summary = "Create or replace a " noun},                               \
		{.method = "PATCH",                                                     \
		 .pattern = V1 plural "/{id}",                                          \
		 .roles = (writers),                                                    \
		 .body = BODY_OBJECT,                                                   \
		 .kind = (document_kind),                                               \
		 .query = "dry_run",                                                    \
		 .handler = documents_patch,                                            \
		 .summary = "Change a " noun " (JSON Merge Patch)"},                    \
	{                                                                               \
		.method = "DELETE", .pattern = V1 plural "/{id}", .roles = (writers),   \
		.kind = (document_kind), .query = "force", .handler = documents_delete, \
		.summary = "Delete a " noun                                             \
	}

const struct route routes[] = {
	DOCUMENT_ROUTES(DOCUMENT_ZONE, "zones", "zone", OPERATORS),
	DOCUMENT_ROUTES(DOCUMENT_POOL, "pools", "pool", OPERATORS),
	DOCUMENT_ROUTES(DOCUMENT_AUTOSCALE_CONFIG, "autoscale-configs", "autoscale config",
			OPERATORS),
	DOCUMENT_ROUTES(DOCUMENT_PROVIDER_CONFIG, "provider-configs", "provider config", ADMINS),
	{.method = "GET",
	 .pattern = V1 "pools/{id}/status",
	 .roles = VIEWERS,
	 .query = "",
	 .handler = pools_status,
	 .summary = "Servers, room, target and queue of a pool"},
	{.method = "POST",
	 .pattern = V1 "provider-configs/{id}/check",
	 .roles = OPERATORS,
	 .query = "",
	 .handler = provider_configs_check,
	 .summary = "Have the module check an account"},
	{.method = "GET",
	 .pattern = V1 "providers",
	 .roles = VIEWERS,
	 .query = "all cursor limit",
	 .handler = providers_list,
	 .summary = "List provider modules, refused ones with the reason"},
	{.method = "GET",
	 .pattern = V1 "providers/{id}",
	 .roles = VIEWERS,
	 .query = "",
	 .handler = providers_show,
	 .summary = "One provider module: its file, who described it, other files of that id"},
	{.method = "GET",
	 .pattern = V1 "providers/{id}/schema",
	 .roles = VIEWERS,
	 .query = "",
	 .handler = providers_schema,
	 .summary = "JSON Schema of a module's settings"},
	{.method = "GET",
	 .pattern = V1 "servers",
	 .roles = VIEWERS,
	 .query = "pool config state cursor limit",
	 .handler = servers_list,
	 .summary = "List servers, gone ones only when asked for"},
	{.method = "GET",
	 .pattern = V1 "servers/{id}",
	 .roles = VIEWERS,
	 .query = "",
	 .handler = servers_get,
	 .summary = "Show a server with its operations and last events"},
	{.method = "POST",
	 .pattern = V1 "servers/{id}/drain",
	 .roles = OPERATORS,
	 .query = "",
	 .handler = servers_drain,
	 .summary = "Take no more sessions; destroy when empty"},
	{.method = "DELETE",
	 .pattern = V1 "servers/{id}",
	 .roles = OPERATORS,
	 .query = "force",
	 .handler = servers_destroy,
	 .summary = "Destroy a server now, with its sessions"},
	{.method = "GET",
	 .pattern = V1 "sessions",
	 .roles = EVERYBODY,
	 .query = "pool server user state cursor limit",
	 .handler = sessions_list,
	 .summary = "List sessions, ended ones only when asked for"},
	{.method = "POST",
	 .pattern = V1 "sessions",
	 .roles = BROKERS,
	 .body = BODY_OBJECT,
	 .query = "",
	 .handler = sessions_create,
	 .summary = "Request a session"},
	{.method = "GET",
	 .pattern = V1 "sessions/{id}",
	 .roles = EVERYBODY,
	 .query = "",
	 .handler = sessions_get,
	 .summary = "Show a session and how far it is"},
	{.method = "DELETE",
	 .pattern = V1 "sessions/{id}",
	 .roles = BROKERS,
	 .query = "",
	 .handler = sessions_delete,
	 .summary = "End a session"},
	{.method = "POST",
	 .pattern = V1 "sessions/{id}/keepalive",
	 .roles = BROKERS,
	 .query = "",
	 .handler = sessions_stay,
	 .summary = "Keep a session alive"},
	{.method = "GET",
	 .pattern = V1 "sessions/{id}/connection",
	 .roles = BROKERS,
	 .query = "secret",
	 .handler = sessions_connection,
	 .summary = "How to reach a session"},
	{.method = "GET",
	 .pattern = V1 "events",
	 .roles = VIEWERS,
	 .query = "after newest pool server session limit cursor",
	 .handler = events_list,
	 .summary = "List events in order"},
	{.method = "GET",
	 .pattern = V1 "tokens",
	 .roles = ADMINS,
	 .query = "cursor limit",
	 .handler = tokens_list,
	 .summary = "List access tokens"},
	{.method = "POST",
	 .pattern = V1 "tokens",
	 .roles = ADMINS,
	 .body = BODY_OBJECT,
	 .query = "",
	 .handler = tokens_create,
	 .summary = "Make an access token; its text is shown once"},
	{.method = "DELETE",
	 .pattern = V1 "tokens/{id}",
	 .roles = ADMINS,
	 .query = "",
	 .handler = tokens_delete,
	 .summary = "Revoke an access token"},
	{.method = "POST",
	 .pattern = "/api/set_server_status",
	 .body = BODY_OBJECT,
	 .handler = set_server_status,
	 .answered = set_server_status_answered,
	 .summary = "Check-in of a server (docs/checkin.md)"},
	{.method = "GET",
	 .pattern = V1 "info",
	 .roles = EVERYBODY,
	 .query = "",
	 .handler = health_info,
	 .summary = "Version and installation"},
	{.method = "GET",
	 .pattern = "/metrics",
	 .roles = VIEWERS,
	 .quiet = true,
	 .handler = metrics_get,
	 .summary = "Prometheus metrics"},
	{.method = "GET",
	 .pattern = "/healthz",
	 .quiet = true,
	 .handler = health_live,
	 .summary = "Whether the daemon lives"},
	{.method = "GET",
	 .pattern = "/readyz",
	 .quiet = true,
	 .handler = health_ready,
	 .summary = "Whether it can serve: its store answers"},
};

const size_t n_routes = sizeof(routes) / sizeof(routes[0]);

/* Compares part by part and takes the parameters. */
static bool matches(const char *pattern, const char *url, char params[2][PARAM_SIZE])
{
	size_t n = 0;

	for (;;) {
		size_t pattern_len, url_len;

		if (*pattern != '/' || *url != '/')
			return *pattern == *url; /* both at their end */
		pattern_len = strcspn(++pattern, "/");
		url_len = strcspn(++url, "/");
		if (*pattern == '{') {
			if (url_len == 0 || url_len >= PARAM_SIZE || n == 2)
				return false;
			text_format(params[n++], PARAM_SIZE, "%.*s", (int)url_len, url);
		} else if (pattern_len != url_len || memcmp(pattern, url, url_len) != 0) {
			return false;
		}
		pattern += pattern_len;
		url += url_len;
	}
}

int route_find(struct exchange *exchange, const char *url, struct hr_error *err)
{
	const char *method = strcmp(exchange->method, "HEAD") == 0 ? "GET" : exchange->method;
	char allowed[64] = "";

	for (size_t i = 0; i < n_routes; i++) {
		if (!matches(routes[i].pattern, url, exchange->params))
			continue;
		if (strcmp(routes[i].method, method) == 0) {
			exchange->route = &routes[i];
			return 0;
		}
		text_format(allowed + strlen(allowed), sizeof(allowed) - strlen(allowed), "%s%s",
			    allowed[0] ? ", " : "", routes[i].method);
	}
	if (allowed[0] == '\0')
		return error_set(err, HR_NOT_FOUND, "there is nothing at %s", exchange->path);
	error_set_field(err, HR_INVALID, NULL, allowed, "%s is not possible at %s; possible: %s",
			exchange->method, exchange->path, allowed);
	err->http_status = MHD_HTTP_METHOD_NOT_ALLOWED;
	return -1;
}

struct query_check {
	const char *known;
	char unknown[64];
	bool broken;
};

/* Whether word is one of the words in list. */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; *at != '\0';) {
		size_t n = strcspn(at, " ");

		if (n == len && memcmp(at, word, len) == 0)
			return true;
		at += n + (at[n] == ' ');
	}
	return false;
}

static enum MHD_Result check_parameter(void *context, enum MHD_ValueKind kind, const char *key,
				       size_t key_len, const char *value, size_t value_len)
{
	struct query_check *check = context;

	(void)kind;
	if (!key || strlen(key) != key_len || (value && strlen(value) != value_len) ||
	    !text_valid_utf8(key, key_len) || (value && !text_valid_utf8(value, value_len)))
		check->broken = true;
	else if (!has_word(check->known, key) && check->unknown[0] == '\0')
		text_copy(check->unknown, sizeof(check->unknown), *key ? key : "(empty)");
	return MHD_YES;
}

int route_check_query(struct exchange *exchange, struct hr_error *err)
{
	struct query_check check = {.known = exchange->route->query};

	if (!check.known)
		return 0;
	MHD_get_connection_values_n(exchange->connection, MHD_GET_ARGUMENT_KIND, check_parameter,
				    &check);
	if (check.broken) {
		error_set(err, HR_INVALID, "the request's query is not UTF-8 text");
		err->http_status = MHD_HTTP_BAD_REQUEST;
		return -1;
	}
	if (check.unknown[0] == '\0')
		return 0;
	return error_set_field(err, HR_INVALID, check.unknown, NULL,
			       "the query parameter \"%s\" is not known here; known: %s",
			       check.unknown, check.known[0] ? check.known : "none");
}
