/* SPDX-License-Identifier: Apache-2.0 */
#include "api/framing.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include <microhttpd.h>

struct framing {
	unsigned n_lengths, n_encodings, n_hosts;
	bool odd_name, other_encoding;
};

static bool is_name(const char *key, const char *name, size_t len)
{
	return strlen(name) == len && strncasecmp(key, name, len) == 0;
}

static enum MHD_Result look(void *context, enum MHD_ValueKind kind, const char *key, size_t key_len,
			    const char *value, size_t value_len)
{
	struct framing *framing = context;

	(void)kind;
	(void)value_len;
	for (size_t i = 0; i < key_len; i++)
		framing->odd_name = framing->odd_name || (unsigned char)key[i] <= ' ';
	framing->n_lengths += is_name(key, MHD_HTTP_HEADER_CONTENT_LENGTH, key_len);
	framing->n_hosts += is_name(key, MHD_HTTP_HEADER_HOST, key_len);
	if (is_name(key, MHD_HTTP_HEADER_TRANSFER_ENCODING, key_len)) {
		framing->n_encodings++;
		framing->other_encoding =
			framing->other_encoding || !value || strcasecmp(value, "chunked") != 0;
	}
	return MHD_YES;
}

int framing_check(struct MHD_Connection *connection, struct hr_error *err)
{
	struct framing framing = {0};
	const char *why = NULL;

	MHD_get_connection_values_n(connection, MHD_HEADER_KIND, look, &framing);
	if (framing.odd_name)
		why = "the name of one of its headers has white space in it";
	else if (framing.n_hosts > 1)
		why = "it names its host more than once";
	else if (framing.n_lengths > 1)
		why = "it gives its length more than once";
	else if (framing.n_encodings > 1 || framing.other_encoding)
		why = "its Transfer-Encoding is not \"chunked\"";
	else if (framing.n_lengths > 0 && framing.n_encodings > 0)
		why = "it has both a Content-Length and a Transfer-Encoding";
	if (!why)
		return 0;
	error_set(err, HR_INVALID, "the request is not accepted: %s", why);
	err->http_status = MHD_HTTP_BAD_REQUEST;
	return -1;
}
