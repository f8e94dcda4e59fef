/* SPDX-License-Identifier: Apache-2.0 */
/* URLs by libcurl's parser. Not here: which are allowed (reach.c). */
#include "http/url.h"

#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <curl/curl.h>
#include <openssl/crypto.h>

#include "base/text.h"

/* Paths stay as they are: they may be signed. */
#define PARSE_FLAGS (CURLU_DISALLOW_USER | CURLU_PATH_AS_IS)

static bool is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* Labels of 1 to 63 characters, and not only digits and dots: such a text is a bad address. */
static bool is_name(const char *text)
{
	size_t label = 0;
	bool has_letter = false;

	if (text[0] == '\0' || strlen(text) > 253)
		return false;
	for (const char *c = text; *c != '\0'; c++) {
		if (!is_host_char(*c))
			return false;
		label = *c == '.' ? 0 : label + 1;
		if (label > 63 || (*c == '.' && (c == text || c[1] == '.' || c[1] == '\0')))
			return false;
		has_letter = has_letter || (*c >= 'a' && *c <= 'z');
	}
	return has_letter;
}

bool http_host_normal(const char *text, char ret_host[URL_HOST_SIZE], bool *ret_is_address)
{
	size_t len = strlen(text);
	unsigned char address[16];
	bool is_address = true;

	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (len == 0 || len >= URL_HOST_SIZE)
		return false;
	memset(ret_host, 0, URL_HOST_SIZE);
	for (size_t i = 0; i < len; i++)
		ret_host[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
	if (inet_pton(AF_INET6, ret_host, address) == 1)
		inet_ntop(AF_INET6, address, ret_host, URL_HOST_SIZE);
	else if (inet_pton(AF_INET, ret_host, address) == 1)
		inet_ntop(AF_INET, address, ret_host, URL_HOST_SIZE);
	else
		is_address = false;
	if (ret_is_address)
		*ret_is_address = is_address;
	return is_address || is_name(ret_host);
}

static int set_error(CURLUcode code, struct hr_error *err)
{
	switch (code) {
	case CURLUE_OUT_OF_MEMORY: return error_no_memory(err, "reading a URL");
	case CURLUE_USER_NOT_ALLOWED:
		return error_set(err, HR_INVALID,
				 "the URL has a user part; give credentials in a header");
	case CURLUE_UNSUPPORTED_SCHEME:
		return error_set(err, HR_INVALID, "the URL's scheme is neither https nor http");
	default:
		return error_set(err, HR_INVALID, "the URL cannot be read: %s",
				 curl_url_strerror(code));
	}
}

/* A part as text that curl_free frees; NULL: it is not there. false: no memory. */
static bool part_of(CURLU *handle, CURLUPart part, unsigned flags, char **ret_text)
{
	*ret_text = NULL;
	return curl_url_get(handle, part, ret_text, flags) != CURLUE_OUT_OF_MEMORY;
}

static int take_host(CURLU *handle, struct http_url *url, struct hr_error *err)
{
	char *host = NULL, *zone = NULL;
	bool has_memory = part_of(handle, CURLUPART_HOST, 0, &host) &&
			  part_of(handle, CURLUPART_ZONEID, 0, &zone);
	bool ok = host && !zone && http_host_normal(host, url->host, &url->is_address);

	curl_free(host);
	curl_free(zone);
	if (!has_memory)
		return error_no_memory(err, "reading a URL");
	if (!ok)
		return error_set(err, HR_INVALID, "the URL's host is no host name or address");
	return 0;
}

static int take_rest(CURLU *handle, struct http_url *url, struct hr_error *err)
{
	char *scheme = NULL, *port = NULL, *text = NULL;
	bool has_memory = part_of(handle, CURLUPART_SCHEME, 0, &scheme) &&
			  part_of(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT, &port);
	int64_t number = 0;
	int rc = 0;

	url->is_https = scheme && strcmp(scheme, "https") == 0;
	if (!has_memory)
		rc = error_no_memory(err, "reading a URL");
	else if (!scheme || (!url->is_https && strcmp(scheme, "http") != 0))
		rc = set_error(CURLUE_UNSUPPORTED_SCHEME, err);
	else if (text_to_int64(port, 1, 65535, &number) != 0)
		rc = error_set(err, HR_INVALID, "the URL's port is no number from 1 to 65535");
	url->port = (int)number;
	curl_free(scheme);
	curl_free(port);
	if (rc != 0)
		return -1;
	curl_url_set(handle, CURLUPART_FRAGMENT, NULL, 0);
	(void)part_of(handle, CURLUPART_URL, 0, &text); /* there is one */
	url->text = text ? strdup(text) : NULL;
	curl_free(text);
	if (!url->text)
		return error_no_memory(err, "reading a URL");
	return 0;
}

static int check_text(const char *text, struct hr_error *err)
{
	size_t len = text ? strlen(text) : 0;

	if (len == 0)
		return error_set(err, HR_INVALID, "the URL is empty");
	if (len > URL_MAX)
		return error_set(err, HR_INVALID, "the URL has %zu bytes, at most %d are possible",
				 len, URL_MAX);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] <= 0x20 || text[i] == 0x7f || text[i] == '\\')
			return error_set(err, HR_INVALID,
					 "the URL holds a blank, a control character or a "
					 "backslash");
	return 0;
}

static int parse(const char *base, const char *text, struct http_url *ret_url, struct hr_error *err)
{
	CURLU *handle = NULL;
	CURLUcode code = CURLUE_OK;
	int rc = -1;

	memset(ret_url, 0, sizeof(*ret_url));
	if (check_text(text, err) != 0)
		return -1;
	handle = curl_url();
	if (!handle)
		return error_no_memory(err, "reading a URL");
	if (base)
		code = curl_url_set(handle, CURLUPART_URL, base, PARSE_FLAGS);
	if (code == CURLUE_OK)
		code = curl_url_set(handle, CURLUPART_URL, text, PARSE_FLAGS);
	if (code != CURLUE_OK) {
		set_error(code, err);
		goto out;
	}
	if (take_host(handle, ret_url, err) != 0 || take_rest(handle, ret_url, err) != 0)
		goto out;
	rc = 0;
out:
	curl_url_cleanup(handle);
	return rc;
}

int http_url_parse(const char *text, struct http_url *ret_url, struct hr_error *err)
{
	return parse(NULL, text, ret_url, err);
}

int http_url_follow(const struct http_url *from, const char *location, struct http_url *ret_url,
		    struct hr_error *err)
{
	return parse(from->text, location, ret_url, err);
}

void http_url_clear(struct http_url *url)
{
	if (url->text)
		OPENSSL_cleanse(url->text, strlen(url->text));
	free(url->text);
	url->text = NULL;
}

bool http_url_same_origin(const struct http_url *a, const struct http_url *b)
{
	return a->is_https == b->is_https && a->port == b->port && strcmp(a->host, b->host) == 0;
}
