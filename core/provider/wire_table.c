/* SPDX-License-Identifier: Apache-2.0 */
/* The table of messages: the one place that says what travels. */
#include "provider/wire.h"

#include <stddef.h>

#include "http/http.h"
#include "http/url.h"
#include "provider/description.h"

/* NOLINTBEGIN(misc-redundant-expression): equal now, which is to stay */
_Static_assert(WIRE_URL_MAX == URL_MAX && WIRE_REQUEST_HEADERS_MAX == HTTP_HEADERS_MAX &&
		       WIRE_HEADER_NAME_MAX == HTTP_HEADER_NAME_MAX &&
		       WIRE_HEADER_BYTES_MAX == HTTP_HEADER_BYTES_MAX &&
		       WIRE_HTTP_BODY_MAX == HTTP_BODY_MAX,
	       "a message carries what the HTTP service takes");
/* NOLINTEND(misc-redundant-expression) */

#define SIZE_OF(owner, member) sizeof(((struct owner *)0)->member)
#define TEXT(owner, member, flag)                                                        \
	{                                                                                \
		.name = #member, .type = WIRE_TEXT, .flags = (flag),                     \
		.offset = offsetof(struct owner, member), .size = SIZE_OF(owner, member) \
	}
#define INTEGER(owner, member)                                                                   \
	{                                                                                        \
		.name = #member, .type = WIRE_INTEGER, .offset = offsetof(struct owner, member), \
		.size = SIZE_OF(owner, member)                                                   \
	}
#define FLAG(owner, member)                                                                  \
	{                                                                                    \
		.name = #member, .type = WIRE_FLAG, .offset = offsetof(struct owner, member) \
	}
#define STRING(owner, member, most, flag)                                   \
	{                                                                   \
		.name = #member, .type = WIRE_STRING, .flags = (flag),      \
		.offset = offsetof(struct owner, member), .maximum = (most) \
	}
#define RECORD(owner, member, of)                                                               \
	{                                                                                       \
		.name = #member, .type = WIRE_RECORD, .offset = offsetof(struct owner, member), \
		.fields = (of), .n_fields = sizeof(of) / sizeof((of)[0])                        \
	}
#define RECORDS(owner, member, count, most, of)                                                   \
	{                                                                                         \
		.name = #member, .type = WIRE_RECORDS, .offset = offsetof(struct owner, member),  \
		.size = sizeof(*((struct owner *)0)->member),                                     \
		.count_offset = offsetof(struct owner, count), .maximum = (most), .fields = (of), \
		.n_fields = sizeof(of) / sizeof((of)[0])                                          \
	}
#define BODY(owner, member, count, flag)                                          \
	{                                                                         \
		.name = #member, .type = WIRE_BODY, .flags = (flag),              \
		.offset = offsetof(struct owner, member), .count_offset = (count) \
	}

/* Members of the request within a struct wire_request, by their own names. */
#define REQUEST(what, kind_of, member_name)                              \
	{                                                                \
		.name = member_name, .type = kind_of,                    \
		.offset = offsetof(struct wire_request, request.what),   \
		.size = sizeof(((struct wire_request *)0)->request.what) \
	}
#define REQUEST_NAME(what, member_name)                                           \
	{                                                                         \
		.name = member_name, .type = WIRE_TEXT, .flags = WIRE_NAME_FIELD, \
		.offset = offsetof(struct wire_request, request.what),            \
		.size = sizeof(((struct wire_request *)0)->request.what)          \
	}

static const struct wire_field error_fields[] = {
	INTEGER(hr_error, class),       INTEGER(hr_error, flags),
	INTEGER(hr_error, http_status), INTEGER(hr_error, retry_after_ms),
	TEXT(hr_error, message, 0),     TEXT(hr_error, field, WIRE_NAME_FIELD),
	TEXT(hr_error, example, 0),     TEXT(hr_error, provider_code, 0),
	TEXT(hr_error, request_id, 0),
};

static const struct wire_field instance_fields[] = {
	TEXT(dispatch_instance, instance_id, WIRE_NAME_FIELD),
	TEXT(dispatch_instance, server_id, WIRE_NAME_FIELD),
	TEXT(dispatch_instance, config_id, 0),
	TEXT(dispatch_instance, address, WIRE_NAME_FIELD),
	TEXT(dispatch_instance, status_text, 0),
	INTEGER(dispatch_instance, state),
	INTEGER(dispatch_instance, connection_port),
	INTEGER(dispatch_instance, created_ms),
};

static const struct wire_field problem_fields[] = {
	RECORD(dispatch_problem, error, error_fields),
};

static const struct wire_field header_fields[] = {
	STRING(wire_http_header, name, WIRE_HEADER_NAME_MAX, 0),
	STRING(wire_http_header, value, WIRE_HEADER_BYTES_MAX, WIRE_SECRET_FIELD),
};

/* ---- Operations ---------------------------------------------------------------------------- */

#define CALL_FIELDS INTEGER(wire_request, seat), REQUEST(timeout_ms, WIRE_INTEGER, "timeout_ms")

static const struct wire_field open_fields[] = {
	CALL_FIELDS,
	TEXT(wire_request, installation, WIRE_NAME_FIELD),
	REQUEST_NAME(account, "account"),
	{
		.name = "settings",
		.type = WIRE_OBJECT,
		.flags = WIRE_SECRET_FIELD,
		.offset = offsetof(struct wire_request, request.settings),
	},
};

static const struct wire_field call_fields[] = {CALL_FIELDS};

static const struct wire_field close_fields[] = {INTEGER(wire_request, seat)};

static const struct wire_field status_fields[] = {
	CALL_FIELDS,
	{
		.name = "instance_ids",
		.type = WIRE_STRINGS,
		.offset = offsetof(struct wire_request, request.instance_ids),
		.count_offset = offsetof(struct wire_request, request.n_instance_ids),
		.maximum = WIRE_STATUS_MAX,
	},
};

static const struct wire_field step_fields[] = {
	CALL_FIELDS,
	REQUEST_NAME(step.server_id, "server_id"),
	REQUEST_NAME(step.server_name, "server_name"),
	REQUEST_NAME(step.config_id, "config_id"),
	REQUEST_NAME(step.idempotency_token, "idempotency_token"),
	REQUEST_NAME(step.instance_id, "instance_id"),
	REQUEST_NAME(step.host_name, "host_name"),
	REQUEST(step.attempt, WIRE_INTEGER, "attempt"),
	REQUEST(step.guest_os, WIRE_INTEGER, "guest_os"),
	{
		.name = "resume_token",
		.type = WIRE_STRING,
		.flags = WIRE_SECRET_FIELD,
		.offset = offsetof(struct wire_request, request.step.resume_token),
		.maximum = HR_RESUME_TOKEN_MAX,
	},
	{
		.name = "overrides",
		.type = WIRE_STRING,
		.flags = WIRE_SECRET_FIELD,
		.offset = offsetof(struct wire_request, request.step.overrides),
		.maximum = WIRE_OVERRIDES_MAX,
	},
	{
		.name = "script",
		.type = WIRE_BODY,
		.flags = WIRE_SECRET_FIELD,
		.offset = offsetof(struct wire_request, request.step.script),
		.count_offset = WIRE_NOT_COUNTED,
	},
};

static const struct wire_field probe_fields[] = {
	CALL_FIELDS,
	REQUEST_NAME(probe.address, "address"),
	REQUEST(probe.port, WIRE_INTEGER, "port"),
	REQUEST(probe.protocol, WIRE_INTEGER, "protocol"),
};

static const struct wire_field answer_fields[] = {
	INTEGER(dispatch_answer, result),
	RECORD(dispatch_answer, error, error_fields),
	TEXT(dispatch_answer, instance_id, WIRE_NAME_FIELD),
	STRING(dispatch_answer, resume_token, HR_RESUME_TOKEN_MAX, WIRE_SECRET_FIELD),
	INTEGER(dispatch_answer, delay_ms),
	INTEGER(dispatch_answer, percent),
	TEXT(dispatch_answer, text, 0),
	FLAG(dispatch_answer, complete),
	TEXT(dispatch_answer, unread, 0),
	RECORDS(dispatch_answer, problems, n_problems, WIRE_PROBLEMS_MAX, problem_fields),
	INTEGER(dispatch_answer, capabilities),
	RECORDS(dispatch_answer, instances, n_instances, WIRE_INSTANCES_AT_ONCE, instance_fields),
};

static const struct wire_field instances_fields[] = {
	RECORDS(dispatch_answer, instances, n_instances, WIRE_INSTANCES_AT_ONCE, instance_fields),
};

static const struct wire_field instance_id_fields[] = {
	TEXT(dispatch_answer, instance_id, WIRE_NAME_FIELD),
};

/* ---- Services ------------------------------------------------------------------------------ */

static const struct wire_field ready_fields[] = {
	INTEGER(wire_ready, workers),
	INTEGER(wire_ready, sandbox),
};

static const struct wire_field refused_fields[] = {
	RECORD(wire_refused, error, error_fields),
};

static const struct wire_field http_fields[] = {
	INTEGER(wire_http, call),
	INTEGER(wire_http, flags),
	INTEGER(wire_http, timeout_ms),
	STRING(wire_http, method, WIRE_METHOD_MAX, 0),
	STRING(wire_http, url, WIRE_URL_MAX, WIRE_SECRET_FIELD),
	RECORDS(wire_http, headers, n_headers, WIRE_HEADERS_MAX, header_fields),
	BODY(wire_http, body, offsetof(struct wire_http, body_len), WIRE_SECRET_FIELD),
};

static const struct wire_field http_answer_fields[] = {
	INTEGER(wire_http_answer, result),
	INTEGER(wire_http_answer, status),
	INTEGER(wire_http_answer, retry_after_ms),
	FLAG(wire_http_answer, is_second),
	TEXT(wire_http_answer, request_id, 0),
	RECORD(wire_http_answer, error, error_fields),
	RECORDS(wire_http_answer, headers, n_headers, WIRE_HEADERS_MAX, header_fields),
	BODY(wire_http_answer, body, offsetof(struct wire_http_answer, body_len),
	     WIRE_SECRET_FIELD),
};

static const struct wire_field secret_fields[] = {
	INTEGER(wire_secret, call),
	TEXT(wire_secret, key, WIRE_NAME_FIELD),
};

static const struct wire_field secret_answer_fields[] = {
	INTEGER(wire_secret_answer, result),
	RECORD(wire_secret_answer, error, error_fields),
	BODY(wire_secret_answer, value, offsetof(struct wire_secret_answer, value_len),
	     WIRE_SECRET_FIELD),
};

static const struct wire_field log_fields[] = {
	INTEGER(wire_log, level),
	TEXT(wire_log, text, 0),
};

static const struct wire_field forbidden_fields[] = {
	TEXT(wire_forbidden, name, WIRE_NAME_FIELD),
	INTEGER(wire_forbidden, count),
};

static const struct wire_field exhausted_fields[] = {
	INTEGER(wire_exhausted, limit_mib),
};

/* ---- Description --------------------------------------------------------------------------- */

#define DESCRIPTION_TEXT_MAX 4096

#define WORDS(owner, member, most)                                                             \
	{                                                                                      \
		.name = #member, .type = WIRE_WORDS, .offset = offsetof(struct owner, member), \
		.maximum = (most)                                                              \
	}
#define SETTING_TEXT(member) STRING(hr_setting, member, DESCRIPTION_TEXT_MAX, 0)

static const struct wire_field setting_fields[] = {
	SETTING_TEXT(key),
	INTEGER(hr_setting, type),
	INTEGER(hr_setting, flags),
	INTEGER(hr_setting, role),
	INTEGER(hr_setting, since_minor),
	SETTING_TEXT(default_value),
	INTEGER(hr_setting, minimum),
	INTEGER(hr_setting, maximum),
	SETTING_TEXT(pattern),
	WORDS(hr_setting, choices, 1024),
	SETTING_TEXT(unit),
	SETTING_TEXT(group),
	SETTING_TEXT(title),
	SETTING_TEXT(help),
	SETTING_TEXT(example),
	SETTING_TEXT(shown_when),
	SETTING_TEXT(alias),
};

static const struct wire_field host_fields[] = {
	STRING(hr_host_rule, pattern, 1024, 0),
	STRING(hr_host_rule, only_when, 1024, 0),
	INTEGER(hr_host_rule, flags),
};

static const struct wire_field description_fields[] = {
	STRING(description, module, 32, 0),
	STRING(description, title, DESCRIPTION_TEXT_MAX, 0),
	STRING(description, version, DESCRIPTION_TEXT_MAX, 0),
	STRING(description, vendor, DESCRIPTION_TEXT_MAX, 0),
	STRING(description, url, DESCRIPTION_TEXT_MAX, 0),
	STRING(description, licence, DESCRIPTION_TEXT_MAX, 0),
	STRING(description, file_sha256, 64, 0),
	INTEGER(description, file_size),
	INTEGER(description, abi_major),
	INTEGER(description, abi_minor),
	INTEGER(description, draft),
	INTEGER(description, thread_model),
	INTEGER(description, max_concurrency),
	INTEGER(description, profile),
	INTEGER(description, capabilities),
	INTEGER(description, linux_scripts),
	INTEGER(description, windows_scripts),
	INTEGER(description, script_max),
	INTEGER(description, script_encoded_max),
	INTEGER(description, rate_per_minute),
	INTEGER(description, rate_burst),
	INTEGER(description, operations),
	RECORDS(description, settings, n_settings, 512, setting_fields),
	RECORDS(description, hosts, n_hosts, 256, host_fields),
};

#define FROM_DAEMON(text, owner, of)                                                               \
	{                                                                                          \
		.name = (text), .from = WIRE_DAEMON, .size = sizeof(struct owner), .fields = (of), \
		.n_fields = sizeof(of) / sizeof((of)[0])                                           \
	}
#define FROM_HOST(text, owner, of)                                                               \
	{                                                                                        \
		.name = (text), .from = WIRE_HOST, .size = sizeof(struct owner), .fields = (of), \
		.n_fields = sizeof(of) / sizeof((of)[0])                                         \
	}

const struct wire_message wire_messages[WIRE_KINDS] = {
	[WIRE_OPEN] = FROM_DAEMON("open", wire_request, open_fields),
	[WIRE_CLOSE] = FROM_DAEMON("close", wire_request, close_fields),
	[WIRE_CHECK] = FROM_DAEMON("check", wire_request, call_fields),
	[WIRE_CREATE] = FROM_DAEMON("create", wire_request, step_fields),
	[WIRE_STATUS] = FROM_DAEMON("status", wire_request, status_fields),
	[WIRE_LIST] = FROM_DAEMON("list", wire_request, call_fields),
	[WIRE_DESTROY] = FROM_DAEMON("destroy", wire_request, step_fields),
	[WIRE_INJECT] = FROM_DAEMON("inject", wire_request, step_fields),
	[WIRE_PROBE] = FROM_DAEMON("probe", wire_request, probe_fields),
	[WIRE_CANCEL] = {.name = "cancel", .from = WIRE_DAEMON},
	[WIRE_HTTP_ANSWER] = FROM_DAEMON("http-answer", wire_http_answer, http_answer_fields),
	[WIRE_SECRET_ANSWER] =
		FROM_DAEMON("secret-answer", wire_secret_answer, secret_answer_fields),
	[WIRE_READY] = FROM_HOST("ready", wire_ready, ready_fields),
	[WIRE_REFUSED] = FROM_HOST("refused", wire_refused, refused_fields),
	[WIRE_ANSWER] = FROM_HOST("answer", dispatch_answer, answer_fields),
	[WIRE_INSTANCES] = FROM_HOST("instances", dispatch_answer, instances_fields),
	[WIRE_INSTANCE] = FROM_HOST("instance", dispatch_answer, instance_id_fields),
	[WIRE_HTTP] = FROM_HOST("http", wire_http, http_fields),
	[WIRE_SECRET] = FROM_HOST("secret", wire_secret, secret_fields),
	[WIRE_LOG] = FROM_HOST("log", wire_log, log_fields),
	[WIRE_FORBIDDEN] = FROM_HOST("forbidden", wire_forbidden, forbidden_fields),
	[WIRE_DESCRIPTION] = FROM_HOST("description", description, description_fields),
	[WIRE_EXHAUSTED] = FROM_HOST("exhausted", wire_exhausted, exhausted_fields),
};

enum wire_kind wire_of_dispatch(enum dispatch_kind kind)
{
	static const enum wire_kind kinds[] = {
		[DISPATCH_OPEN] = WIRE_OPEN,       [DISPATCH_CLOSE] = WIRE_CLOSE,
		[DISPATCH_CHECK] = WIRE_CHECK,     [DISPATCH_CREATE] = WIRE_CREATE,
		[DISPATCH_STATUS] = WIRE_STATUS,   [DISPATCH_LIST] = WIRE_LIST,
		[DISPATCH_DESTROY] = WIRE_DESTROY, [DISPATCH_INJECT] = WIRE_INJECT,
		[DISPATCH_PROBE] = WIRE_PROBE,
	};

	return kinds[kind];
}
