/* SPDX-License-Identifier: Apache-2.0 */
/* The command line's HTTP client, on libcurl. No retries here: a person sees each failure. */
#include "cli/client_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <curl/curl.h>
#include <openssl/crypto.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"

#define ANSWER_MAX (64u << 20)
#define TOKEN_MAX 512

size_t client_answer_append(char *data, size_t size, size_t n, void *context)
{
	struct client_answer *answer = context;
	size_t more = size * n;
	char *text;

	if (more > ANSWER_MAX - answer->len) {
		answer->too_large = true;
		return 0;
	}
	text = realloc(answer->text, answer->len + more + 1);
	if (text == NULL)
		return 0;
	memcpy(text + answer->len, data, more);
	answer->text = text;
	answer->len += more;
	text[answer->len] = '\0';
	return more;
}

static int token_read(struct client *client, const char *path, struct hr_error *err)
{
	char token[TOKEN_MAX] = "";
	struct stat st;
	FILE *file = fopen(path, "re");
	int ret = -1;

	if (file == NULL)
		return error_set_errno(err, errno, "token file %s", path);
	if (fstat(fileno(file), &st) != 0 || (st.st_mode & 077) != 0) {
		error_set(err, HR_INVALID, "token file %s can be read by others; run: chmod 600 %s",
			  path, path);
		goto out;
	}
	if (fgets(token, sizeof(token), file) != NULL)
		token[strcspn(token, "\r\n")] = '\0';
	if (token[0] == '\0') {
		error_set(err, HR_INVALID, "token file %s is empty", path);
		goto out;
	}
	if (asprintf(&client->authorization, "Authorization: Bearer %s", token) < 0) {
		client->authorization = NULL;
		error_no_memory(err, "reading the token");
		goto out;
	}
	ret = 0;
out:
	OPENSSL_cleanse(token, sizeof(token));
	fclose(file);
	return ret;
}

int client_open(const struct client_options *options, struct client **ret_client,
		struct hr_error *err)
{
	struct client *client = calloc(1, sizeof(*client));
	const char *base = options->url != NULL ? options->url : "http://localhost";

	if (client == NULL)
		return error_no_memory(err, "starting");
	client->limit_s = CLIENT_REQUEST_S;
	client->curl = curl_easy_init();
	client->base = strdup(base);
	if (options->url == NULL)
		client->socket = strdup(options->socket);
	if (client->curl == NULL || client->base == NULL ||
	    (options->url == NULL && client->socket == NULL)) {
		client_close(client);
		return error_no_memory(err, "starting");
	}
	while (client->base[0] != '\0' && client->base[strlen(client->base) - 1] == '/')
		client->base[strlen(client->base) - 1] = '\0';
	if (options->url != NULL && options->token_file != NULL &&
	    token_read(client, options->token_file, err) != 0) {
		client_close(client);
		return -1;
	}
	*ret_client = client;
	return 0;
}

void client_close(struct client *client)
{
	if (client == NULL)
		return;
	if (client->authorization != NULL)
		OPENSSL_cleanse(client->authorization, strlen(client->authorization));
	if (client->curl != NULL)
		curl_easy_cleanup(client->curl);
	free(client->authorization);
	free(client->socket);
	free(client->base);
	free(client);
}

const char *client_daemon(const struct client *client)
{
	return client->socket != NULL ? client->socket : client->base;
}

void client_limit(struct client *client, long seconds, const volatile sig_atomic_t *stop)
{
	client->limit_s = seconds;
	client->stop = stop;
}

/* The daemon's problem document as our error. */
static void problem_read(const json_t *problem, long status, struct hr_error *err)
{
	const char *detail = json_string_or(problem, "detail", "");
	const char *title = json_string_or(problem, "title", "");
	const char *class = json_string_or(problem, "class", "internal");

	error_set(err, error_class_number(class), "%s",
		  detail[0] != '\0'  ? detail
		  : title[0] != '\0' ? title
				     : "the daemon gave no reason");
	if (err == NULL)
		return;
	err->http_status = (int32_t)status;
	text_copy(err->field, sizeof(err->field), json_string_or(problem, "field", ""));
	text_copy(err->example, sizeof(err->example), json_string_or(problem, "example", ""));
	text_copy(err->request_id, sizeof(err->request_id),
		  json_string_or(problem, "request_id", ""));
}

static int answer_read(const struct client_answer *answer, long status, json_t **ret_body,
		       struct hr_error *err)
{
	CLEANUP_JSON json_t *body = NULL;
	struct hr_error ignored = {0};

	if (answer->len > 0 &&
	    json_parse(answer->text, answer->len, "the daemon's answer", &body, &ignored) != 0 &&
	    status < 300)
		return error_set(err, HR_INTERNAL,
				 "the answer is not JSON (%s); is this really headroomd?",
				 ignored.message);
	if (status >= 200 && status < 300) {
		if (ret_body != NULL) {
			*ret_body = body;
			body = NULL;
		}
		return 0;
	}
	if (body == NULL)
		return error_set(err, HR_INTERNAL, "the daemon answered HTTP %ld", status);
	problem_read(body, status, err);
	return -1;
}

/* The daemon's own words are for who writes the requests himself. */
static void token_missing(const struct client *client, struct hr_error *err)
{
	struct hr_error told = {0};

	error_set(
		&told, HR_AUTH,
		"%s needs an access token: name the file that holds it with --token-file or "
		"HEADROOM_TOKEN_FILE; on the daemon's machine, \"headroom token create\" makes one",
		client->base);
	told.http_status = 401;
	if (err != NULL)
		*err = told;
}

int client_answered(const struct client *client, const struct client_answer *answer, long status,
		    json_t **ret_body, struct hr_error *err)
{
	int ret = answer_read(answer, status, ret_body, err);

	if (status == 401 && client->authorization == NULL && client->socket == NULL)
		token_missing(client, err);
	return ret;
}

int client_unreachable(const struct client *client, CURLcode code, const char *detail,
		       struct hr_error *err)
{
	const char *why = detail[0] != '\0' ? detail : curl_easy_strerror(code);
	long number = 0;

	/* What the system said tells more than curl's words, which name a host and port. */
	if (client->socket != NULL &&
	    curl_easy_getinfo(client->curl, CURLINFO_OS_ERRNO, &number) == CURLE_OK && number != 0)
		why = strerror((int)number);
	if (client->socket != NULL)
		return error_set(err, HR_TRANSIENT,
				 "cannot reach headroomd at %s (%s); is it running? start it, or "
				 "name its socket with --socket or HEADROOM_SOCKET",
				 client->socket, why);
	return error_set(err, HR_TRANSIENT, "cannot reach headroomd at %s (%s)", client->base, why);
}

/* libcurl calls this at least once a second; what is not 0 ends the request. */
static int stop_look(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
		     curl_off_t up)
{
	const struct client *client = context;

	(void)down_total;
	(void)down;
	(void)up_total;
	(void)up;
	return client->stop != NULL && *client->stop != 0;
}

void client_setup(struct client *client, const char *method, const char *url, const char *text,
		  struct curl_slist *headers, struct client_answer *answer, char *detail)
{
	CURL *curl = client->curl;

	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, client->limit_s);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, stop_look);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, client);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, client_answer_append);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	if (client->socket != NULL)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->socket);
	if (text != NULL) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(text));
	}
}

struct curl_slist *client_header(struct curl_slist *headers, const char *line)
{
	struct curl_slist *longer = curl_slist_append(headers, line);

	if (longer == NULL)
		curl_slist_free_all(headers);
	return longer;
}

int client_call(struct client *client, const char *method, const char *path, const json_t *body,
		json_t **ret_body, struct hr_error *err)
{
	CLEANUP_FREE char *url = NULL;
	char detail[CURL_ERROR_SIZE] = "";
	struct client_answer answer = {0};
	struct curl_slist *headers;
	char *text = NULL;
	long status = 0;
	CURLcode code;
	int ret = -1;

	if (ret_body != NULL)
		*ret_body = NULL;
	headers = client_header(NULL, "Accept: application/json");
	if (headers != NULL && body != NULL)
		headers = client_header(headers, "Content-Type: application/json");
	if (headers != NULL && client->authorization != NULL)
		headers = client_header(headers, client->authorization);
	if (body != NULL)
		text = json_text(body);
	if (asprintf(&url, "%s%s", client->base, path) < 0)
		url = NULL;
	if (headers == NULL || url == NULL || (body != NULL && text == NULL)) {
		error_no_memory(err, "asking the daemon");
		goto out;
	}
	client_setup(client, method, url, text, headers, &answer, detail);
	code = curl_easy_perform(client->curl);
	/* A body that is too large is answered before all of it is sent; sending fails then. */
	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	if (answer.too_large)
		error_set(err, HR_INTERNAL, "the daemon's answer is over 64 MiB");
	else if (code != CURLE_OK && (status < 400 || answer.len == 0))
		client_unreachable(client, code, detail, err);
	else
		ret = client_answered(client, &answer, status, ret_body, err);
out:
	if (text != NULL)
		OPENSSL_cleanse(text, strlen(text));
	if (answer.text != NULL)
		OPENSSL_cleanse(answer.text, answer.len);
	free(answer.text);
	free(text);
	curl_slist_free_all(headers);
	return ret;
}

static int part_append(char **path, char separator, const char *part)
{
	char *encoded = curl_easy_escape(NULL, part, 0);
	char *longer = NULL;

	if (encoded != NULL && asprintf(&longer, "%s%c%s", *path, separator, encoded) < 0)
		longer = NULL;
	curl_free(encoded);
	if (longer == NULL)
		return -1;
	free(*path);
	*path = longer;
	return 0;
}

char *client_path(const char *a, const char *b, const char *c)
{
	char *path = strdup("/api/v1");
	const char *parts[] = {a, b, c};

	for (size_t i = 0; path != NULL && i < 3 && parts[i] != NULL; i++) {
		if (part_append(&path, '/', parts[i]) != 0) {
			free(path);
			path = NULL;
		}
	}
	return path;
}

int client_query(char **path, const char *key, const char *value)
{
	char *longer = NULL;

	if (value == NULL)
		return 0;
	if (asprintf(&longer, "%s%c%s", *path, strchr(*path, '?') != NULL ? '&' : '?', key) < 0)
		return -1;
	free(*path);
	*path = longer;
	return part_append(path, '=', value);
}
