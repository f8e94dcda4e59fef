/* SPDX-License-Identifier: Apache-2.0 */
/* Sample Cloud, for the module's tests: see README.md. It serves one request a connection, in memory. Faults are
 * not its business: headroom-conformance puts them between. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#define PAGE 10
#define REQUEST_MAX 262144
#define BOOTS_MS 30
#define DELETES_MS 30

static const char *const regions[] = {"west", "east", NULL};
static const char *const sizes[] = {"small", "large", NULL};
static const char *const images[] = {"debian-12", "debian-13", NULL};

struct server {
	char id[32];
	json_t *order; /* all that was ordered, token included */
	time_t created;
	long long made_ms;
	long long deleted_ms; /* 0: not */
};

static const char *bearer;
static struct server *servers; /* also those that are gone: tokens are known for ever */
static size_t n_servers;

struct request {
	char method[8];
	char *path;
	char *query; /* or NULL */
	json_t *body;
	int authorized;
};

struct answer {
	int status;
	json_t *body;
};

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static struct answer refuse(int status, const char *code, const char *field)
{
	json_t *error = json_pack("{ss ss+}", "code", code, "message", "refused: ", code);

	if (field)
		json_object_set_new(error, "field", json_string(field));
	return (struct answer){status, json_pack("{so}", "error", error)};
}

static json_t *names(const char *const *texts)
{
	json_t *array = json_array();

	for (; *texts; texts++)
		json_array_append_new(array, json_string(*texts));
	return array;
}

static int is_gone(const struct server *server)
{
	return server->deleted_ms && now_ms() >= server->deleted_ms + DELETES_MS;
}

static json_t *server_json(const struct server *server)
{
	int runs = now_ms() >= server->made_ms + BOOTS_MS;
	json_t *json = json_deep_copy(server->order);

	json_object_del(json, "token");
	json_object_del(json, "user_data");
	json_object_set_new(json, "id", json_string(server->id));
	json_object_set_new(json, "created", json_integer((json_int_t)server->created));
	json_object_set_new(json, "state",
			    json_string(server->deleted_ms ? "deleting"
					: runs             ? "active"
							   : "creating"));
	if (runs)
		json_object_set_new(json, "address", json_string("127.0.0.1"));
	return json;
}

/* ---- Create ---- */

static int is_among(const char *const *texts, const json_t *value)
{
	for (; *texts; texts++)
		if (json_is_string(value) && strcmp(*texts, json_string_value(value)) == 0)
			return 1;
	return 0;
}

/* The field that is wrong, or NULL. */
static const char *wrong_field(json_t *order)
{
	static const char *const needed[] = {"token", "name",      "region", "size",
					     "image", "user_data", "labels", NULL};
	const char *key, *name = json_string_value(json_object_get(order, "name"));
	json_t *value, *label;

	for (size_t i = 0; needed[i]; i++)
		if (!json_object_get(order, needed[i]))
			return needed[i];
	json_object_foreach (order, key, value) {
		json_t *text = json_string(key);
		int known = is_among(needed, text);

		json_decref(text);
		if (!known ||
		    (strcmp(key, "labels") == 0 ? !json_is_object(value) : !json_is_string(value)))
			return key;
	}
	if (name[0] == '\0' || strlen(name) > 63 ||
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0')
		return "name";
	if (json_string_length(json_object_get(order, "user_data")) > 16384)
		return "user_data";
	json_object_foreach (json_object_get(order, "labels"), key, label)
		if (!json_is_string(label) || json_string_length(label) > 63 || strlen(key) > 63)
			return "labels";
	return !is_among(regions, json_object_get(order, "region")) ? "region"
	       : !is_among(sizes, json_object_get(order, "size"))   ? "size"
	       : !is_among(images, json_object_get(order, "image")) ? "image"
								    : NULL;
}

static struct answer create(const struct request *request)
{
	const char *field = wrong_field(request->body);
	struct server *server;

	if (field)
		return refuse(400, "bad_request", field);
	for (size_t i = 0; i < n_servers; i++) {
		if (!json_equal(json_object_get(servers[i].order, "token"),
				json_object_get(request->body, "token")))
			continue;
		if (!json_equal(servers[i].order, request->body) || is_gone(&servers[i]))
			return refuse(409, "token_reused", "token");
		return (struct answer){201, server_json(&servers[i])};
	}
	server = realloc(servers, (n_servers + 1) * sizeof(*servers));
	if (!server)
		exit(1);
	servers = server;
	server = &servers[n_servers++];
	*server = (struct server){
		.order = json_incref(request->body), .created = time(NULL), .made_ms = now_ms()};
	snprintf(server->id, sizeof(server->id), "srv-%zu", n_servers);
	return (struct answer){201, server_json(server)};
}

/* ---- The others ---- */

static int has_label(const struct server *server, const char *label)
{
	const char *equals = strchr(label, '=');
	char key[64];
	json_t *value;

	if (!equals || (size_t)(equals - label) >= sizeof(key))
		return 0;
	snprintf(key, sizeof(key), "%.*s", (int)(equals - label), label);
	value = json_object_get(json_object_get(server->order, "labels"), key);
	return value && strcmp(json_string_value(value), equals + 1) == 0;
}

static struct answer list(const struct request *request)
{
	char *label = NULL, *page = NULL, *rest, next[32];
	json_t *array = json_array(), *body;
	size_t i;

	for (char *part = strtok_r(request->query, "&", &rest); part;
	     part = strtok_r(NULL, "&", &rest)) {
		if (strncmp(part, "label=", 6) == 0)
			label = part + 6;
		else if (strncmp(part, "page=", 5) == 0)
			page = part + 5;
		else
			return refuse(400, "bad_request", "query");
	}
	if (!label || !strchr(label, '='))
		return refuse(400, "bad_request", "label");
	i = page ? strtoul(page, NULL, 10) : 0;
	for (; i < n_servers && json_array_size(array) < PAGE; i++)
		if (!is_gone(&servers[i]) && has_label(&servers[i], label))
			json_array_append_new(array, server_json(&servers[i]));
	body = json_pack("{so}", "servers", array);
	snprintf(next, sizeof(next), "%zu", i);
	if (i < n_servers)
		json_object_set_new(body, "next_page", json_string(next));
	return (struct answer){200, body};
}

static struct answer one(const struct request *request, const char *id)
{
	int deletes = strcmp(request->method, "DELETE") == 0;

	for (size_t i = 0; i < n_servers; i++) {
		if (strcmp(servers[i].id, id) != 0 || is_gone(&servers[i]))
			continue;
		if (deletes && !servers[i].deleted_ms)
			servers[i].deleted_ms = now_ms();
		return (struct answer){deletes ? 202 : 200, server_json(&servers[i])};
	}
	return refuse(404, "not_found", NULL);
}

static struct answer answer_to(const struct request *request)
{
	const char *method = request->method, *path = request->path;

	if (!request->authorized)
		return refuse(401, "bad_token", NULL);
	if (strcmp(path, "/v1/account") == 0 && strcmp(method, "GET") == 0)
		return (struct answer){200,
				       json_pack("{so so so}", "regions", names(regions), "sizes",
						 names(sizes), "images", names(images))};
	if (strcmp(path, "/v1/servers") == 0 && strcmp(method, "POST") == 0)
		return request->body ? create(request) : refuse(415, "not_json", NULL);
	if (strcmp(path, "/v1/servers") == 0 && strcmp(method, "GET") == 0)
		return request->query ? list(request) : refuse(400, "bad_request", "label");
	if (strncmp(path, "/v1/servers/", 12) == 0 &&
	    (strcmp(method, "GET") == 0 || strcmp(method, "DELETE") == 0))
		return one(request, path + 12);
	return refuse(404, "not_found", NULL);
}

/* ---- HTTP ---- */

static void decode(char *text)
{
	char *to = text;

	for (; *text; text++) {
		char hex[3] = {text[0] == '%' ? text[1] : '\0', text[1], '\0'};

		if (hex[0] && isxdigit((unsigned char)text[1]) &&
		    isxdigit((unsigned char)text[2])) {
			hex[1] = text[2];
			*to++ = (char)strtol(hex, NULL, 16);
			text += 2;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

/* Whether the head has that line, whatever the case of its name. */
static const char *header(const char *head, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
		if (strncasecmp(line + 2, name, len) == 0 && line[2 + len] == ':')
			return line + 2 + len + 1 + strspn(line + 3 + len, " ");
	return NULL;
}

/* Head and body of one request; 0: the peer went away, or sent nonsense. */
static size_t receive(int fd, char *buffer, char **ret_body)
{
	size_t used = 0, want = 0;
	ssize_t got;

	*ret_body = NULL;
	while (!*ret_body || used < want) {
		got = recv(fd, buffer + used, REQUEST_MAX - 1 - used, 0);
		if (got <= 0)
			return 0;
		used += (size_t)got;
		buffer[used] = '\0';
		*ret_body = strstr(buffer, "\r\n\r\n");
		if (*ret_body) {
			const char *length = header(buffer, "Content-Length");

			*ret_body += 4;
			want = (size_t)(*ret_body - buffer) +
			       (length ? strtoul(length, NULL, 10) : 0);
		}
	}
	return used;
}

static void serve(int fd, char *buffer)
{
	static const char *const reasons[] = {"OK", "Refused"};
	struct request request = {0};
	struct answer answer;
	char *body, *text, head[256], *space;
	const char *authorization, *type;

	if (receive(fd, buffer, &body) == 0)
		return;
	authorization = header(buffer, "Authorization");
	request.authorized = authorization && strncmp(authorization, "Bearer ", 7) == 0 &&
			     strncmp(authorization + 7, bearer, strlen(bearer)) == 0 &&
			     authorization[7 + strlen(bearer)] == '\r';
	type = header(buffer, "Content-Type");
	if (type && strncmp(type, "application/json", 16) == 0)
		request.body = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
	space = strchr(buffer, ' ');
	snprintf(request.method, sizeof(request.method), "%.*s", (int)(space - buffer), buffer);
	request.path = space + 1;
	request.path[strcspn(request.path, " ")] = '\0';
	request.query = strchr(request.path, '?');
	if (request.query) {
		*request.query++ = '\0';
		decode(request.query);
	}
	decode(request.path);
	answer = answer_to(&request);
	text = json_dumps(answer.body, JSON_COMPACT);
	snprintf(head, sizeof(head),
		 "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
		 "Connection: close\r\n\r\n",
		 answer.status, reasons[answer.status >= 300], strlen(text));
	if (send(fd, head, strlen(head), MSG_NOSIGNAL) > 0)
		(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
	free(text);
	json_decref(answer.body);
	json_decref(request.body);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);
	char *buffer = malloc(REQUEST_MAX);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (argc != 2 || !buffer) {
		fputs("usage: cloud TOKEN\n", stderr);
		return 2;
	}
	bearer = argv[1];
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 ||
	    listen(listener, 64) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
		fprintf(stderr, "cloud: %s\n", strerror(errno));
		return 1;
	}
	printf("http://127.0.0.1:%d\n", ntohs(address.sin_port));
	fflush(stdout);
	for (;;) {
		struct timeval patience = {.tv_sec = 10};
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		serve(fd, buffer);
		close(fd);
	}
}
