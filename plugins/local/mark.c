/* SPDX-License-Identifier: Apache-2.0 */
/* A server's mark: plain lines "key value", the last of them "end". */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "mark.h"

#define MARK_FIRST_LINE "headroom-local-server 1"

static bool span_is(struct hr_span span, const char *text)
{
	return span.len == strlen(text) && (span.len == 0 || !memcmp(span.ptr, text, span.len));
}

/* Copies one line's worth of text. */
static int value_copy(struct hr_span span, char *ret_value)
{
	if (span.len >= MARK_VALUE_MAX)
		return -1;
	for (uint64_t i = 0; i < span.len; i++) {
		unsigned char c = (unsigned char)span.ptr[i];

		if (c < 0x20 || c == 0x7f)
			return -1;
		ret_value[i] = (char)c;
	}
	ret_value[span.len] = '\0';
	return 0;
}

int server_id_copy(struct hr_span id, char *ret_id, size_t size)
{
	if (id.len == 0 || id.len > SERVER_ID_MAX || id.len >= size)
		return -1;
	for (uint64_t i = 0; i < id.len; i++) {
		char c = id.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '_' || (c == '-' && i > 0)))
			return -1;
		ret_id[i] = c;
	}
	ret_id[id.len] = '\0';
	return 0;
}

int mark_from_step(const struct hr_account *account, const struct hr_step *step,
		   struct server_mark *ret_mark)
{
	struct hr_span installation = {account->installation, strlen(account->installation)};
	struct hr_span config = {account->config, strlen(account->config)};
	struct hr_span server = step->server_id;

	*ret_mark = (struct server_mark){.created_ms = account->clock->wall_ms()};
	for (uint32_t i = 0; i < step->n_marks; i++) {
		const struct hr_mark *mark = &step->marks[i];

		if (span_is(mark->key, HR_MARK_INSTALLATION))
			installation = mark->value;
		else if (span_is(mark->key, HR_MARK_CONFIG))
			config = mark->value;
		else if (span_is(mark->key, HR_MARK_SERVER))
			server = mark->value;
	}
	return value_copy(installation, ret_mark->installation) ||
			       value_copy(config, ret_mark->config) ||
			       value_copy(server, ret_mark->server_id) ||
			       value_copy(step->server_name, ret_mark->server_name)
		       ? -1
		       : 0;
}

int mark_write(const struct hr_account *account, int folder, const struct server_mark *mark)
{
	char text[5 * MARK_VALUE_MAX + 256];
	int n = snprintf(text, sizeof(text),
			 MARK_FIRST_LINE "\nserver %s\nname %s\ninstallation %s\nconfig %s\n"
					 "created %" PRId64 "\nend\n",
			 mark->server_id, mark->server_name, mark->installation, mark->config,
			 mark->created_ms);

	if (n < 0 || (size_t)n >= sizeof(text)) {
		errno = EOVERFLOW;
		return -1;
	}
	return file_write(account, folder, FILE_MARK, 0600, text, (size_t)n);
}

static bool line_value(const char *line, const char *key, char *ret_value)
{
	size_t n = strlen(key);

	if (strncmp(line, key, n) != 0 || line[n] != ' ')
		return false;
	snprintf(ret_value, MARK_VALUE_MAX, "%s", line + n + 1);
	return true;
}

enum mark_read mark_read(int folder, struct server_mark *ret_mark, const char **ret_why)
{
	char text[5 * MARK_VALUE_MAX + 512], created[MARK_VALUE_MAX] = "0";
	char *line, *rest = text;
	bool first = true, end = false;

	*ret_mark = (struct server_mark){0};
	if (file_read_end(folder, FILE_MARK, text, sizeof(text)) < 0) {
		*ret_why = strerrordesc_np(errno);
		return errno == ENOENT ? MARK_ABSENT : MARK_UNREADABLE;
	}
	while ((line = strsep(&rest, "\n")) && rest && !end) {
		if (first && strcmp(line, MARK_FIRST_LINE) != 0)
			break;
		first = false;
		end = !strcmp(line, "end");
		(void)(line_value(line, "server", ret_mark->server_id) ||
		       line_value(line, "name", ret_mark->server_name) ||
		       line_value(line, "installation", ret_mark->installation) ||
		       line_value(line, "config", ret_mark->config) ||
		       line_value(line, "created", created));
	}
	if (!end) {
		*ret_why = "it is not a mark of this module";
		return MARK_UNREADABLE;
	}
	ret_mark->created_ms = strtoll(created, NULL, 10);
	return MARK_FOUND;
}
