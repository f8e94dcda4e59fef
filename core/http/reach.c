/* SPDX-License-Identifier: Apache-2.0 */
/* Which hosts an account reaches: its endpoints, the descriptor's rules with settings filled in, and
 * hosts that it learns, within bounds. Everything else is refused. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "http/address.h"
#include "http/policy.h"

#define PORT_HTTPS 443
#define PORT_HTTP 80

/* ---- Rules of the descriptor ---------------------------------------------------------------- */

/* A setting's value as text, into buf; false: unset, or no text that a host could hold. */
static bool setting_text(const json_t *settings, const char *key, size_t key_len, char *buf,
			 size_t size)
{
	char name[64];
	const json_t *value;

	if (key_len >= sizeof(name))
		return false;
	text_format(name, sizeof(name), "%.*s", (int)key_len, key);
	value = json_object_get(settings, name);
	if (json_is_string(value))
		return text_copy(buf, size, json_string_value(value));
	if (json_is_integer(value))
		return text_format(buf, size, "%lld", (long long)json_integer_value(value));
	if (json_is_boolean(value))
		return text_copy(buf, size, json_is_true(value) ? "true" : "false");
	return false;
}

static bool rule_applies(const struct hr_host_rule *rule, const json_t *settings)
{
	const char *equals = rule->only_when ? strchr(rule->only_when, '=') : NULL;
	char value[256];

	if (!rule->only_when)
		return true;
	return equals &&
	       setting_text(settings, rule->only_when, (size_t)(equals - rule->only_when), value,
			    sizeof(value)) &&
	       strcmp(value, equals + 1) == 0;
}

/* One label's worth: a value that could end a label, or the host, fills nothing in. */
static bool is_fill(const char *value)
{
	return value[0] != '\0' &&
	       strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(value);
}

static bool fill(const char *pattern, const json_t *settings, char *buf, size_t size)
{
	size_t out = 0;

	buf[0] = '\0';
	for (const char *at = pattern; *at != '\0';) {
		size_t len = strcspn(at, "{");
		char value[URL_HOST_SIZE];

		if (len > 0) {
			if (!text_format(buf + out, size - out, "%.*s", (int)len, at))
				return false;
			out += len;
			at += len;
			continue;
		}
		len = strcspn(at, "}");
		if (at[len] != '}' ||
		    !setting_text(settings, at + 1, len - 1, value, sizeof(value)) ||
		    !is_fill(value) || !text_copy(buf + out, size - out, value))
			return false;
		out += strlen(value);
		at += len + 1;
	}
	return true;
}

/* Parts ":port" from a host, which an address of IPv6 has only after its brackets. */
static bool split_port(char *text, int *ret_port)
{
	char *bracket = strrchr(text, ']');
	char *colon = strrchr(bracket ? bracket : text, ':');
	int64_t port = 0;

	*ret_port = 0;
	if (!colon || (!bracket && strchr(text, ':') != colon))
		return true;
	*colon = '\0';
	if (text_to_int64(colon + 1, 1, 65535, &port) != 0)
		return false;
	*ret_port = (int)port;
	return true;
}

/* Metadata services have no TLS, and what is link-local does not leave the link.
 * For all else without TLS the administrator writes an endpoint. */
static bool may_be_plain(const struct hr_host_rule *from, const struct policy_rule *rule)
{
	return (from->flags & HR_HOST_PLAIN_HTTP) && from->only_when && rule->is_address &&
	       address_kind_of_text(rule->host) == ADDRESS_LINK_LOCAL;
}

static int take_rules(struct http_policy *policy, const struct http_account_options *options,
		      struct hr_error *err)
{
	if (options->n_hosts == 0)
		return 0;
	policy->rules = calloc(options->n_hosts, sizeof(*policy->rules));
	if (!policy->rules)
		return error_no_memory(err, "opening an account");
	for (size_t i = 0; i < options->n_hosts; i++) {
		const struct hr_host_rule *from = &options->hosts[i];
		struct policy_rule *rule = &policy->rules[policy->n_rules];
		char host[URL_HOST_SIZE];

		if (!from->pattern || !rule_applies(from, options->settings) ||
		    !fill(from->pattern, options->settings, host, sizeof(host)) ||
		    !split_port(host, &rule->port) ||
		    !http_host_normal(host, rule->host, &rule->is_address))
			continue;
		rule->may_be_plain = may_be_plain(from, rule);
		policy->n_rules++;
	}
	return 0;
}

/* ---- Hosts that are learnt ------------------------------------------------------------------ */

static struct policy_host *add_allowed(struct http_policy *policy)
{
	struct policy_host *grown =
		reallocarray(policy->allowed, policy->n_allowed + 1, sizeof(*grown));

	if (!grown)
		return NULL;
	policy->allowed = grown;
	memset(&grown[policy->n_allowed], 0, sizeof(*grown));
	return &grown[policy->n_allowed++];
}

static int add_pattern(struct http_policy *policy, const char *text, struct hr_error *err)
{
	struct policy_host *host = add_allowed(policy);
	bool is_domain = strncmp(text, "*.", 2) == 0;

	if (!host)
		return error_no_memory(err, "opening an account");
	host->is_domain = is_domain;
	if (http_host_normal(is_domain ? text + 2 : text, host->host, &host->is_address) &&
	    !(is_domain && host->is_address))
		return 0;
	error_set(err, HR_INVALID,
		  "\"%.64s\" is no host name, no \"*.\" and a domain, and no address", text);
	http_policy_field(policy, HR_ROLE_ALLOWED_HOSTS, HR_ROLE_ALLOWED_HOSTS, err->field);
	text_copy(err->example, sizeof(err->example), "*.cloud.example.com");
	return error_prefix(err, "%s", err->field);
}

/* Whether others than the endpoint's owner have names directly below the domain: "com", "co.uk". A
 * guess by form, to the safe side; allowed-hosts says it exactly. */
static bool is_shared_suffix(const char *domain)
{
	const char *dot = strchr(domain, '.');

	if (!dot)
		return true;
	return !strchr(dot + 1, '.') && strlen(dot + 1) == 2 && dot - domain <= 3;
}

/* What follows from an endpoint: everything in its parent domain, or the host itself. */
static int add_default(struct http_policy *policy, const struct http_url *endpoint,
		       struct hr_error *err)
{
	const char *dot = endpoint->is_address ? NULL : strchr(endpoint->host, '.');
	struct policy_host *host = add_allowed(policy);

	if (host) {
		text_copy(host->host, sizeof(host->host), endpoint->host);
		host->is_address = endpoint->is_address;
	}
	if (host && dot && !is_shared_suffix(dot + 1)) {
		host = add_allowed(policy);
		if (host) {
			text_copy(host->host, sizeof(host->host), dot + 1);
			host->is_domain = true;
		}
	}
	return host ? 0 : error_no_memory(err, "opening an account");
}

static int take_allowed(struct http_policy *policy, const json_t *settings, struct hr_error *err)
{
	const char *key = http_policy_key(policy, HR_ROLE_ALLOWED_HOSTS);
	const json_t *value = key ? json_object_get(settings, key) : NULL, *item;
	size_t i;

	json_array_foreach (json_unconst(value), i, item)
		if (json_is_string(item) && add_pattern(policy, json_string_value(item), err) != 0)
			return -1;
	if (json_is_string(value) && json_string_length(value) > 0)
		return add_pattern(policy, json_string_value(value), err);
	if (policy->n_allowed > 0 || !policy->learns_hosts)
		return 0;
	for (i = 0; i < policy->n_endpoints; i++)
		if (add_default(policy, &policy->endpoints[i], err) != 0)
			return -1;
	return 0;
}

int http_reach_init(struct http_policy *policy, const struct http_account_options *options,
		    struct hr_error *err)
{
	policy->learns_hosts = (options->capabilities & HR_CAP_LEARNS_HOSTS) != 0;
	if (take_rules(policy, options, err) != 0)
		return -1;
	return take_allowed(policy, options->settings, err);
}

/* ---- The decision --------------------------------------------------------------------------- */

/* The administrator does without TLS, all over: what one endpoint gives by TLS (a token) does not go
 * to hosts of the provider's choice without. */
static bool is_plain_account(const struct http_policy *policy)
{
	for (size_t i = 0; i < policy->n_endpoints; i++)
		if (policy->endpoints[i].is_https)
			return false;
	return policy->n_endpoints > 0;
}

static bool is_endpoint(const struct http_policy *policy, const struct http_url *url)
{
	for (size_t i = 0; i < policy->n_endpoints; i++) {
		const struct http_url *e = &policy->endpoints[i];

		if (strcmp(e->host, url->host) == 0 && e->port == url->port &&
		    (url->is_https || !e->is_https))
			return true;
	}
	return false;
}

static bool is_ruled(const struct http_policy *policy, const struct http_url *url, bool plain_too)
{
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		int port = rule->port ? rule->port : url->is_https ? PORT_HTTPS : PORT_HTTP;

		if (strcmp(rule->host, url->host) == 0 && port == url->port &&
		    (url->is_https || rule->may_be_plain || plain_too))
			return true;
	}
	return false;
}

static bool is_below(const char *host, const char *domain)
{
	size_t len = strlen(host), domain_len = strlen(domain);

	return len > domain_len + 1 && host[len - domain_len - 1] == '.' &&
	       strcmp(host + len - domain_len, domain) == 0;
}

static bool is_learnt(const struct http_policy *policy, const struct http_url *url)
{
	if (!policy->learns_hosts || (!url->is_https && !is_plain_account(policy)))
		return false;
	for (size_t i = 0; i < policy->n_allowed; i++) {
		const struct policy_host *allowed = &policy->allowed[i];

		if (allowed->is_domain ? !url->is_address && is_below(url->host, allowed->host)
				       : strcmp(url->host, allowed->host) == 0)
			return true;
	}
	return false;
}

static int refuse(const struct http_policy *policy, const struct http_url *url,
		  struct hr_error *err)
{
	char field[128];

	if (is_ruled(policy, url, true)) {
		http_policy_field(policy, HR_ROLE_ENDPOINT, HR_ROLE_ENDPOINT, field);
		return error_set_field(
			err, HR_INVALID, field, NULL,
			"http://%.200s:%d may not be reached: its module names it, but without TLS "
			"it may name link-local addresses only, for a setting's value; an endpoint "
			"may be http, see %s",
			url->host, url->port, field);
	}
	if (policy->learns_hosts)
		http_policy_field(policy, HR_ROLE_ALLOWED_HOSTS, HR_ROLE_ENDPOINT, field);
	else
		http_policy_field(policy, HR_ROLE_ENDPOINT, HR_ROLE_ALLOWED_HOSTS, field);
	return error_set_field(
		err, HR_INVALID, field, NULL,
		"%s://%.200s:%d may not be reached: it is neither an endpoint of the "
		"account, nor a host that its module or a setting names; see %s",
		url->is_https ? "https" : "http", url->host, url->port, field);
}

int http_policy_check(const struct http_policy *policy, const struct http_url *url,
		      enum reach_kind *ret_kind, struct hr_error *err)
{
	bool endpoint = is_endpoint(policy, url);

	if (!endpoint && !is_ruled(policy, url, false) && !is_learnt(policy, url))
		return refuse(policy, url, err);
	*ret_kind = url->is_address ? REACH_ADDRESS : endpoint ? REACH_ENDPOINT : REACH_NAME;
	return 0;
}

/* Whether an endpoint was written as such an address itself. */
static bool endpoint_is(const struct http_policy *policy, enum address_kind kind)
{
	for (size_t i = 0; i < policy->n_endpoints; i++) {
		const struct http_url *e = &policy->endpoints[i];

		if (e->is_address ? address_kind_of_text(e->host) == kind
				  : kind == ADDRESS_LOOPBACK && strcmp(e->host, "localhost") == 0)
			return true;
	}
	return false;
}

bool http_policy_allows_address(const struct http_policy *policy, enum reach_kind kind,
				const struct sockaddr *address)
{
	enum address_kind where = address_kind(address);

	if (where == ADDRESS_USUAL || kind == REACH_ADDRESS)
		return true;
	if (where == ADDRESS_NOBODY)
		return false;
	if (kind == REACH_ENDPOINT && where == ADDRESS_LOOPBACK)
		return true;
	return endpoint_is(policy, where);
}
