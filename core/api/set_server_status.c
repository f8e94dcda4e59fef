/* SPDX-License-Identifier: Apache-2.0 */
/* The check-in's route. What comes is a server's, so extra fields are let pass: scripts written for
 * others' servers must go on working. Nothing of the query is ever logged. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/handlers.h"
#include "api/server.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/checkin.h"

static int bad_field(const char *field, const char *example, const char *must, struct hr_error *err)
{
	return error_set_field(err, HR_INVALID, field, example, "\"%s\" must be %s", field, must);
}

/* A string of a check-in, NULL where it is not there or null. */
static int take_text(const json_t *body, const char *key, const char **ret, struct hr_error *err)
{
	const json_t *value = json_object_get(body, key);

	*ret = NULL;
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_string(value))
		return bad_field(key, NULL, "text", err);
	*ret = json_string_value(value);
	return 0;
}

/* 100, "100", 99.5, "99.5%", "", null. */
static int take_percent(const json_t *body, int64_t *ret, struct hr_error *err)
{
	const json_t *value = json_object_get(body, "status_progress");
	const char *text = json_string_value(value);
	double number = -1;
	char *end = NULL;

	*ret = -1;
	if (!value || json_is_null(value) || (text && text[strspn(text, " ")] == '\0'))
		return 0;
	if (json_is_number(value)) {
		number = json_number_value(value);
	} else if (text) {
		number = strtod(text, &end);
		if (end == text || end[strspn(end, " %")] != '\0')
			number = NAN;
	} else {
		number = NAN;
	}
	if (!(number >= 0 && number <= 100))
		return bad_field("status_progress", "100", "a number from 0 to 100", err);
	*ret = (int64_t)number;
	return 0;
}

static const char *find_token(struct exchange *exchange)
{
	const char *token = exchange_query(exchange, "token");
	const char *header = exchange_header(exchange, MHD_HTTP_HEADER_AUTHORIZATION);

	if (token && *token)
		return token;
	if (header && strncasecmp(header, "Bearer ", 7) == 0)
		return header + 7 + strspn(header + 7, " ");
	return "";
}

static int read_body(struct exchange *exchange, struct checkin *ret, struct hr_error *err)
{
	const json_t *body = exchange->input;

	memset(ret, 0, sizeof(*ret));
	ret->token = find_token(exchange);
	if (take_text(body, "status", &ret->status, err) != 0)
		return -1;
	if (!ret->status || ret->status[0] == '\0' || strlen(ret->status) > 64)
		return bad_field("status", "running", "text of 1 to 64 bytes, such as \"running\"",
				 err);
	if (take_text(body, "status_message", &ret->message, err) != 0 ||
	    take_text(body, "ssh_host_key", &ret->ssh_host_key, err) != 0)
		return -1;
	return take_percent(body, &ret->percent, err);
}

static int run_checkin(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	struct checkin checkin;
	struct server server;

	if (read_body(exchange, &checkin, err) != 0 ||
	    checkin_apply(tx, &exchange->context, &checkin, &server, err) != 0)
		return -1;
	if (exchange_notice(exchange, NOTICE_POOL, DOCUMENT_POOL, server.pool_id, err) != 0)
		return -1;
	if (server.state != SERVER_RUNNING &&
	    exchange_notice(exchange, NOTICE_OPERATIONS, DOCUMENT_POOL, "", err) != 0)
		return -1;
	return exchange_answer(exchange, json_object(), err);
}

int set_server_status(struct exchange *exchange, struct hr_error *err)
{
	return exchange_write(exchange, run_checkin, err);
}

void set_server_status_answered(struct exchange *exchange)
{
	const struct log_subject subject = {.request = exchange->request_id};
	struct api *api = exchange->api;

	if (exchange->error.class == 0) {
		atomic_fetch_add(&api->checkins, 1);
		return;
	}
	if (exchange->error.class != HR_AUTH)
		return;
	atomic_fetch_add(&api->checkins_refused, 1);
	/* Why is for us; who tries tokens learns nothing. */
	log_line(LOG_LEVEL_WARNING, &subject, "%s", exchange->error.message);
	error_set(&exchange->error, HR_AUTH, "the check-in token is not accepted");
}
