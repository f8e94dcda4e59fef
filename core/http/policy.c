/* SPDX-License-Identifier: Apache-2.0 */
/* Settings with roles to a policy. Not here: what may be reached (reach.c), how TLS material is
 * checked (tls_check.c). */
#include "http/policy.h"

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <openssl/crypto.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"

const char *http_policy_key(const struct http_policy *policy, int role)
{
	return policy->keys[role][0] != '\0' ? policy->keys[role] : NULL;
}

void http_policy_field(const struct http_policy *policy, int role, int other_role,
		       char ret_field[128])
{
	const char *key = http_policy_key(policy, role);

	if (!key)
		key = http_policy_key(policy, other_role);
	if (key)
		text_format(ret_field, 128, "settings.%s", key);
	else
		text_copy(ret_field, 128, "settings");
}

/* Names the role's setting in an error: as its field, and before its reason. */
static int blame(const struct http_policy *policy, int role, const char *example,
		 struct hr_error *err)
{
	http_policy_field(policy, role, role, err->field);
	text_copy(err->example, sizeof(err->example), example);
	return error_prefix(err, "%s", err->field);
}

static void find_keys(struct http_policy *policy, const struct schema *schema)
{
	for (size_t i = 0; i < schema->n_rows; i++) {
		const struct hr_setting *row = schema_row(schema, i);

		if (row->role > HR_ROLE_NONE && row->role < POLICY_ROLES &&
		    !http_policy_key(policy, (int)row->role))
			text_copy(policy->keys[row->role], sizeof(policy->keys[0]), row->key);
	}
}

/* The text of the role's setting; NULL: unset or empty. */
static const char *text_of(const struct http_policy *policy, const json_t *settings, int role)
{
	const char *key = http_policy_key(policy, role);
	const char *text = key ? json_string_or(settings, key, NULL) : NULL;

	return text && text[0] != '\0' ? text : NULL;
}

static int copy_text(const struct http_policy *policy, const json_t *settings, int role,
		     char **ret_copy, struct hr_error *err)
{
	const char *text = text_of(policy, settings, role);

	if (!text)
		return 0;
	*ret_copy = strdup(text);
	return *ret_copy ? 0 : error_no_memory(err, "opening an account");
}

static int add_endpoint(struct http_policy *policy, const char *key, const char *value,
			struct hr_error *err)
{
	CLEANUP_FREE char *text = NULL;
	struct http_url *grown;

	if (value[0] == '\0')
		return 0;
	if (asprintf(&text, "%s%s", strstr(value, "://") ? "" : "https://", value) < 0) {
		text = NULL;
		return error_no_memory(err, "opening an account");
	}
	grown = reallocarray(policy->endpoints, policy->n_endpoints + 1, sizeof(*grown));
	if (!grown)
		return error_no_memory(err, "opening an account");
	policy->endpoints = grown;
	if (http_url_parse(text, &grown[policy->n_endpoints], err) != 0) {
		http_url_clear(&grown[policy->n_endpoints]);
		text_format(err->field, sizeof(err->field), "settings.%s", key);
		text_copy(err->example, sizeof(err->example), "https://cloud.example.com");
		return error_prefix(err, "%s", err->field);
	}
	policy->n_endpoints++;
	return 0;
}

/* Several settings may be endpoints, and one may be a list. */
static int take_endpoints(struct http_policy *policy, const struct http_account_options *options,
			  struct hr_error *err)
{
	for (size_t i = 0; i < options->schema->n_rows; i++) {
		const struct hr_setting *row = schema_row(options->schema, i);
		const json_t *value = json_object_get(options->settings, row->key), *item;
		size_t at;

		if (row->role != HR_ROLE_ENDPOINT)
			continue;
		if (json_is_string(value) &&
		    add_endpoint(policy, row->key, json_string_value(value), err) != 0)
			return -1;
		json_array_foreach (json_unconst(value), at, item)
			if (json_is_string(item) &&
			    add_endpoint(policy, row->key, json_string_value(item), err) != 0)
				return -1;
	}
	return 0;
}

static int take_tls(struct http_policy *policy, const json_t *settings, struct hr_error *err)
{
	const char *key = http_policy_key(policy, HR_ROLE_TLS_VERIFY);
	bool key_at_fault = false;

	policy->tls_verify = !key || !json_is_false(json_object_get(settings, key));
	if (copy_text(policy, settings, HR_ROLE_TLS_CA, &policy->tls_ca, err) != 0 ||
	    copy_text(policy, settings, HR_ROLE_TLS_PIN, &policy->tls_pin, err) != 0 ||
	    copy_text(policy, settings, HR_ROLE_TLS_CLIENT_CERT, &policy->client_cert, err) != 0 ||
	    copy_text(policy, settings, HR_ROLE_TLS_CLIENT_KEY, &policy->client_key, err) != 0)
		return -1;
	if (policy->tls_ca && http_tls_check_ca(policy->tls_ca, err) != 0)
		return blame(policy, HR_ROLE_TLS_CA, NULL, err);
	if (policy->tls_pin && http_tls_check_pin(policy->tls_pin, err) != 0)
		return blame(policy, HR_ROLE_TLS_PIN,
			     "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", err);
	if (!policy->client_cert && !policy->client_key)
		return 0;
	if (!policy->client_cert || !policy->client_key) {
		error_set(err, HR_INVALID,
			  "is needed too: client certificate and key belong together");
		return blame(policy,
			     policy->client_cert ? HR_ROLE_TLS_CLIENT_KEY : HR_ROLE_TLS_CLIENT_CERT,
			     NULL, err);
	}
	if (http_tls_check_client(policy->client_cert, policy->client_key, &key_at_fault, err) != 0)
		return blame(policy,
			     key_at_fault ? HR_ROLE_TLS_CLIENT_KEY : HR_ROLE_TLS_CLIENT_CERT, NULL,
			     err);
	return 0;
}

static bool is_proxy_scheme(const char *scheme)
{
	return scheme && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0 ||
			  strcmp(scheme, "socks5h") == 0);
}

/* A part as our own copy; NULL: it is not there, or cannot be decoded, which *ret_odd tells where it is
 * not NULL. false: no memory. */
static bool copy_part(CURLU *handle, CURLUPart part, unsigned flags, char **ret_copy, bool *ret_odd)
{
	char *text = NULL;
	CURLUcode code = curl_url_get(handle, part, &text, flags);
	bool has_memory = code != CURLUE_OUT_OF_MEMORY;

	if (ret_odd && code == CURLUE_URLDECODE)
		*ret_odd = true;

	*ret_copy = NULL;
	if (text) {
		*ret_copy = strdup(text);
		has_memory = *ret_copy != NULL;
		OPENSSL_cleanse(text, strlen(text));
	}
	curl_free(text);
	return has_memory;
}

/* Parts the proxy's credentials from its URL. 0: *ret_why says why it is none, or is NULL; -1: no memory. */
static int split_proxy(struct http_policy *policy, const char *text, const char **ret_why)
{
	static const char no_proxy[] = "is no proxy; a proxy is a URL of the scheme http, https or "
				       "socks5h, without a path";
	bool is_odd = false;
	CURLU *handle = curl_url();
	CLEANUP_FREE char *scheme = NULL, *path = NULL;
	CURLUcode code = CURLUE_OUT_OF_MEMORY;
	int rc = -1;

	*ret_why = no_proxy;
	if (handle)
		code = curl_url_set(handle, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
	if (code == CURLUE_OUT_OF_MEMORY)
		goto out;
	rc = 0;
	if (code != CURLUE_OK || !strstr(text, "://"))
		goto out;
	rc = -1;
	if (!copy_part(handle, CURLUPART_SCHEME, 0, &scheme, NULL) ||
	    !copy_part(handle, CURLUPART_PATH, 0, &path, NULL) ||
	    !copy_part(handle, CURLUPART_USER, CURLU_URLDECODE, &policy->proxy_user, &is_odd) ||
	    !copy_part(handle, CURLUPART_PASSWORD, CURLU_URLDECODE, &policy->proxy_password,
		       &is_odd))
		goto out;
	curl_url_set(handle, CURLUPART_USER, NULL, 0);
	curl_url_set(handle, CURLUPART_PASSWORD, NULL, 0);
	if (!copy_part(handle, CURLUPART_URL, CURLU_NON_SUPPORT_SCHEME, &policy->proxy, NULL))
		goto out;
	if (is_odd)
		*ret_why = "holds a user or password with a control character (%00 to %1F), which "
			   "no proxy can be given";
	else if (policy->proxy && is_proxy_scheme(scheme) &&
		 (!path || strcmp(path, "/") == 0 || path[0] == '\0'))
		*ret_why = NULL;
	rc = 0;
out:
	curl_url_cleanup(handle);
	return rc;
}

static int take_proxy(struct http_policy *policy, const json_t *settings, struct hr_error *err)
{
	const char *text = text_of(policy, settings, HR_ROLE_PROXY);
	const char *why = NULL;

	if (text && split_proxy(policy, text, &why) != 0)
		return error_no_memory(err, "reading the proxy's URL");
	if (!why)
		return 0;
	error_set(err, HR_INVALID, "%s", why);
	return blame(policy, HR_ROLE_PROXY, "http://proxy.example.com:3128", err);
}

static int take_timeout(struct http_policy *policy, const json_t *settings, struct hr_error *err)
{
	const char *key = http_policy_key(policy, HR_ROLE_TIMEOUT);
	long long seconds = key ? json_integer_or(settings, key, 0) : 0;

	if (seconds < 0 || seconds > HTTP_TIMEOUT_MAX_MS / MS_PER_S) {
		error_set(err, HR_INVALID, "is no time limit of a request; an hour is the longest");
		return blame(policy, HR_ROLE_TIMEOUT, "30s", err);
	}
	policy->timeout_ms = seconds * MS_PER_S;
	return 0;
}

int http_policy_init(struct http_policy *policy, const struct http_account_options *options,
		     struct hr_error *err)
{
	memset(policy, 0, sizeof(*policy));
	find_keys(policy, options->schema);
	if (take_endpoints(policy, options, err) != 0 ||
	    take_tls(policy, options->settings, err) != 0 ||
	    take_proxy(policy, options->settings, err) != 0 ||
	    take_timeout(policy, options->settings, err) != 0 ||
	    http_reach_init(policy, options, err) != 0) {
		http_policy_clear(policy);
		return -1;
	}
	return 0;
}

static void wipe(char *text)
{
	if (text)
		OPENSSL_cleanse(text, strlen(text));
	free(text);
}

void http_policy_clear(struct http_policy *policy)
{
	for (size_t i = 0; i < policy->n_endpoints; i++)
		http_url_clear(&policy->endpoints[i]);
	free(policy->endpoints);
	free(policy->rules);
	free(policy->allowed);
	free(policy->tls_ca);
	free(policy->tls_pin);
	free(policy->client_cert);
	wipe(policy->client_key);
	free(policy->proxy);
	free(policy->proxy_user);
	wipe(policy->proxy_password);
	memset(policy, 0, sizeof(*policy));
}
