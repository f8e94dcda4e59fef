/* SPDX-License-Identifier: Apache-2.0 */
/* Cassettes: files, and exchanges as JSON. */
#include "http/cassette.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "http/answer.h"
#include "http/header.h"

struct cassette {
	char *id;
	char *path;
	bool replays;
	/* Replaying: */
	json_t *exchanges; /* an array of {"request", "answer"} */
	bool *given;       /* which ones were */
	/* Recording: */
	int fd;    /* -1: nothing is recorded yet */
	off_t len; /* of the file, but for the array's end */
	bool is_full;
};

/* ---- Files ---------------------------------------------------------------------------------- */

static int load(struct cassette *c, struct hr_error *err)
{
	json_error_t error;

	c->exchanges = json_load_file(c->path, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (!json_is_array(c->exchanges))
		return error_set(err, HR_INVALID, "the cassette %.200s cannot be read: %s", c->path,
				 c->exchanges ? "it is no array" : error.text);
	c->given = calloc(json_array_size(c->exchanges) + 1, sizeof(*c->given));
	return c->given ? 0 : error_no_memory(err, "opening a cassette");
}

int cassette_open(const char *dir, const char *id, bool replays, struct cassette **ret_cassette,
		  struct hr_error *err)
{
	struct cassette *c;

	if (id[0] == '.' || strchr(id, '/') || id[0] == '\0')
		return error_set(err, HR_INVALID, "the account id names no cassette");
	c = calloc(1, sizeof(*c));
	if (!c)
		return error_no_memory(err, "opening a cassette");
	c->fd = -1;
	c->id = strdup(id);
	c->replays = replays;
	if (asprintf(&c->path, "%s/%s.json", dir, id) < 0)
		c->path = NULL;
	if (!c->id || !c->path) {
		error_no_memory(err, "opening a cassette");
		goto failed;
	}
	if (replays && load(c, err) != 0)
		goto failed;
	*ret_cassette = c;
	return 0;
failed:
	cassette_free(c);
	return -1;
}

void cassette_free(struct cassette *c)
{
	if (!c)
		return;
	json_decref(c->exchanges);
	if (c->fd >= 0)
		close(c->fd);
	free(c->given);
	free(c->path);
	free(c->id);
	free(c);
}

bool cassette_replays(const struct cassette *c)
{
	return c->replays;
}

const char *cassette_id(const struct cassette *c)
{
	return c->id;
}

/* 0, or -1 with errno. */
static int write_at(int fd, const char *text, size_t len, off_t at)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, text, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		text += n;
		len -= (size_t)n;
		at += n;
	}
	return 0;
}

/* Adds one more exchange to the file's array. */
static int append(struct cassette *c, const char *text, struct hr_error *err)
{
	CLEANUP_FREE char *more = NULL;
	int len;

	if (c->fd < 0) {
		/* Not into a file that others may have been given to read. */
		unlink(c->path);
		c->fd = open(c->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	}
	if (c->fd < 0)
		return error_set_errno(err, errno, "cannot write the cassette %.200s", c->path);
	len = asprintf(&more, "%s\n%s\n]\n", c->len == 0 ? "[" : ",", text);
	if (len < 0) {
		more = NULL;
		return error_no_memory(err, "recording an exchange");
	}
	if (write_at(c->fd, more, (size_t)len, c->len) != 0)
		return error_set_errno(err, errno, "cannot write the cassette %.200s", c->path);
	c->len += len - (off_t)strlen("\n]\n");
	return 0;
}

/* ---- Exchanges as JSON ---------------------------------------------------------------------- */

/* Bytes with secrets masked, as "body" where they are text, else as "body_base64". 0 or -1. */
static int set_body(json_t *object, const char *body, size_t len, struct scrub *scrub)
{
	size_t clean_len = 0;
	CLEANUP_FREE char *clean = scrub_bytes(scrub, body ? body : "", len, &clean_len);
	CLEANUP_FREE char *base64 = NULL;

	if (!clean)
		return -1;
	if (text_valid_utf8(clean, clean_len))
		return json_object_set_new(object, "body", json_stringn(clean, clean_len));
	base64 = text_base64(clean, clean_len);
	return base64 ? json_object_set_new(object, "body_base64", json_string(base64)) : -1;
}

static int set_clean_text(json_t *object, const char *key, const char *text, struct scrub *scrub)
{
	size_t len = 0;
	CLEANUP_FREE char *clean = scrub_bytes(scrub, text, strlen(text), &len);

	return clean ? json_object_set_new(object, key, json_stringn(clean, len)) : -1;
}

/* [[name, value], ...], credentials masked. NULL: no memory. */
static json_t *headers_json(const struct http_header *headers, size_t n, struct scrub *scrub)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < n; i++) {
		size_t len = 0;
		CLEANUP_FREE char *clean = http_header_is_credential(headers[i].name)
						   ? strdup(SCRUB_MASK)
						   : scrub_bytes(scrub, headers[i].value,
								 strlen(headers[i].value), &len);
		json_t *pair;

		if (clean && !text_valid_utf8(clean, strlen(clean)))
			continue;
		pair = clean ? json_pack("[ss]", headers[i].name, clean) : NULL;
		if (!pair || json_array_append_new(array, pair) != 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

static int set_body_hash(json_t *object, const struct request *request, struct scrub *scrub)
{
	unsigned char hash[SHA256_DIGEST_LENGTH];
	char text[2 * SHA256_DIGEST_LENGTH + 1];
	size_t len = 0;
	CLEANUP_FREE char *clean =
		scrub_bytes(scrub, request->body ? request->body : "", request->body_len, &len);

	if (!clean || EVP_Digest(clean, len, hash, NULL, EVP_sha256(), NULL) != 1)
		return -1;
	text_hex(hash, sizeof(hash), text);
	return json_object_set_new(object, "body_sha256", json_string(text));
}

json_t *cassette_request(const struct request *request, struct scrub *scrub)
{
	json_t *object = json_object();

	if (object && json_object_set_new(object, "method", json_string(request->method)) == 0 &&
	    set_clean_text(object, "url", request->url.text, scrub) == 0 &&
	    json_object_set_new(object, "headers",
				headers_json(request->headers, request->n_headers, scrub)) == 0 &&
	    set_body(object, request->body, request->body_len, scrub) == 0 &&
	    set_body_hash(object, request, scrub) == 0)
		return object;
	json_decref(object);
	return NULL;
}

/* A failure's body is no module's to see. */
static int set_failure(json_t *object, const struct http_answer *answer, struct scrub *scrub)
{
	if (set_clean_text(object, "message", answer->error.message, scrub) != 0)
		return -1;
	return json_object_set_new(object, "error",
				   json_string(error_class_name(answer->result))) == 0 &&
			       json_object_set_new(object, "field",
						   json_string(answer->error.field)) == 0 &&
			       json_object_set_new(object, "outcome_unknown",
						   json_boolean(answer->error.flags &
								HR_FAULT_OUTCOME_UNKNOWN)) == 0
		       ? 0
		       : -1;
}

static json_t *answer_json(const struct http_answer *answer, struct scrub *scrub)
{
	json_t *object = json_pack("{si}", "status", (int)answer->status);

	if (object &&
	    json_object_set_new(object, "headers",
				headers_json(answer->headers, answer->n_headers, scrub)) == 0 &&
	    (answer->result != HR_OK
		     ? set_failure(object, answer, scrub)
		     : set_body(object, answer->body, answer->body_len, scrub)) == 0)
		return object;
	json_decref(object);
	return NULL;
}

int cassette_record(struct cassette *c, json_t *request, const struct http_answer *answer,
		    struct scrub *scrub, struct hr_error *err)
{
	json_t *exchange;
	char *text = NULL;
	int rc;

	if (c->is_full)
		return 0;
	exchange = json_object();
	if (exchange && json_object_set(exchange, "request", request) == 0 &&
	    json_object_set_new(exchange, "answer", answer_json(answer, scrub)) == 0)
		text = json_text_as(exchange, JSON_INDENT(2) | JSON_SORT_KEYS);
	json_decref(exchange);
	if (!text)
		return error_no_memory(err, "recording an exchange");
	c->is_full = c->len + (off_t)strlen(text) > CASSETTE_LEN_MAX;
	rc = c->is_full ? error_set(err, HR_QUOTA,
				    "the cassette %.200s is full (%u MiB): what follows is not "
				    "recorded",
				    c->path, CASSETTE_LEN_MAX >> 20)
			: append(c, text, err);
	free(text);
	return rc;
}

/* ---- Replay --------------------------------------------------------------------------------- */

static const char *const keys[] = {"method", "url", "body_sha256"};

static const json_t *request_at(const struct cassette *c, size_t i)
{
	return json_object_get(json_array_get(c->exchanges, i), "request");
}

/* The first of the keys in which two requests differ; NULL: none. */
static const char *difference(const json_t *a, const json_t *b)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(json_string_or(a, keys[i], ""), json_string_or(b, keys[i], "")) != 0)
			return keys[i];
	return NULL;
}

static int refuse(const struct cassette *c, const json_t *request, struct hr_error *err)
{
	const json_t *next = NULL;
	const char *key;
	size_t i;

	for (i = 0; i < json_array_size(c->exchanges) && !next; i++)
		next = c->given[i] ? NULL : request_at(c, i);
	if (!next)
		return error_set(err, HR_INVALID,
				 "the cassette %.100s has no more exchanges: %s %.200s is asked",
				 c->id, json_string_or(request, "method", ""),
				 json_string_or(request, "url", ""));
	key = difference(next, request);
	if (!key || strcmp(key, "body_sha256") == 0)
		return error_set(
			err, HR_INVALID,
			"exchange %zu of the cassette %.100s differs in the body: %s %.200s "
			"comes with another one",
			i, c->id, json_string_or(request, "method", ""),
			json_string_or(request, "url", ""));
	return error_set(
		err, HR_INVALID,
		"exchange %zu of the cassette %.100s differs in the %s: recorded is %.150s, "
		"asked is %.150s",
		i, c->id, key, json_string_or(next, key, ""), json_string_or(request, key, ""));
}

static int fill_body(const json_t *recorded, struct http_answer *answer)
{
	const json_t *text = json_object_get(recorded, "body");
	const char *base64 = json_string_or(recorded, "body_base64", NULL);
	size_t len = base64 ? strlen(base64) : json_string_length(text);
	unsigned char *body = calloc(1, len + 4);
	int n = 0;

	if (!body)
		return -1;
	if (base64) {
		n = EVP_DecodeBlock(body, (const unsigned char *)base64, (int)len);
		for (size_t i = len; n > 0 && i > 0 && base64[i - 1] == '='; i--)
			n--;
	} else if (len > 0) {
		memcpy(body, json_string_value(text), len);
		n = (int)len;
	}
	answer->body = body;
	answer->body_len = n > 0 ? (size_t)n : 0;
	return 0;
}

static void fill_failure(const json_t *recorded, struct http_answer *answer)
{
	answer->result = error_class_number(json_string_or(recorded, "error", ""));
	error_set(&answer->error, answer->result, "%s", json_string_or(recorded, "message", ""));
	text_copy(answer->error.field, sizeof(answer->error.field),
		  json_string_or(recorded, "field", ""));
	if (json_is_true(json_object_get(recorded, "outcome_unknown")))
		answer->error.flags |= HR_FAULT_OUTCOME_UNKNOWN;
}

static int fill_answer(const json_t *recorded, struct http_answer *answer, struct hr_error *err)
{
	bool failed = json_object_get(recorded, "error") != NULL;
	const json_t *pair;
	size_t i;

	answer->status = (int32_t)json_integer_or(recorded, "status", 0);
	if ((answer->status < 100 || answer->status > 599) && !(failed && answer->status == 0))
		return error_set(err, HR_INVALID, "a recorded answer has no status");
	json_array_foreach (json_object_get(recorded, "headers"), i, pair) {
		const char *name = json_string_value(json_array_get(pair, 0));
		const char *value = json_string_value(json_array_get(pair, 1));

		if (name && value &&
		    http_header_append(&answer->headers, &answer->n_headers, name, value) != 0)
			return error_no_memory(err, "replaying an exchange");
	}
	if (failed)
		fill_failure(recorded, answer);
	else if (fill_body(recorded, answer) != 0)
		return error_no_memory(err, "replaying an exchange");
	return 0;
}

int cassette_replay(struct cassette *c, const json_t *request, struct http_answer *ret_answer,
		    struct hr_error *err)
{
	for (size_t i = 0; i < json_array_size(c->exchanges); i++) {
		if (c->given[i] || difference(request_at(c, i), request) != NULL)
			continue;
		c->given[i] = true;
		return fill_answer(json_object_get(json_array_get(c->exchanges, i), "answer"),
				   ret_answer, err);
	}
	return refuse(c, request, err);
}
