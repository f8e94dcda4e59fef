/* SPDX-License-Identifier: Apache-2.0 */
/* Connection policy of an account: taken from settings with roles (<headroom/provider.h>,
 * HR_ROLE_*) when the account is opened, constant from then on. Any thread may read it. */
#ifndef HR_HTTP_POLICY_H
#define HR_HTTP_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include <sys/socket.h>

#include "http/http.h"
#include "http/url.h"

#define POLICY_ROLES (HR_ROLE_REFERENCE + 1)

/* A host rule of the descriptor that applies, filled in. */
struct policy_rule {
	char host[URL_HOST_SIZE];
	bool is_address;
	bool may_be_plain;
	int port; /* 0: the scheme's usual one */
};

/* A host name or address; with is_domain, every name below it. */
struct policy_host {
	char host[URL_HOST_SIZE];
	bool is_address;
	bool is_domain;
};

struct http_policy {
	char keys[POLICY_ROLES][64]; /* of the settings; "": none has that role */
	struct http_url *endpoints;
	size_t n_endpoints;
	struct policy_rule *rules;
	size_t n_rules;
	bool learns_hosts;
	struct policy_host *allowed; /* of allowed-hosts, else what follows from the endpoints */
	size_t n_allowed;
	bool tls_verify;
	char *tls_ca; /* PEM; NULL: the system's */
	char *tls_pin;
	char *client_cert; /* PEM */
	char *client_key;  /* PEM; wiped */
	char *proxy;       /* URL without user part */
	char *proxy_user;
	char *proxy_password; /* wiped */
	int64_t timeout_ms;   /* upper bound of a request; 0: none is set */
};

/* As http_account_new. On failure nothing is left. */
int http_policy_init(struct http_policy *policy, const struct http_account_options *options,
		     struct hr_error *err);
void http_policy_clear(struct http_policy *policy);

/* The key of the first setting with that role, or NULL. */
const char *http_policy_key(const struct http_policy *policy, int role);

/* "settings.<key>" of the first of the two roles that a setting has; "settings" where none has. */
void http_policy_field(const struct http_policy *policy, int role, int other_role,
		       char ret_field[128]);

/* ---- What may be reached (core/http/reach.c) ------------------------------------------------ */
enum reach_kind {
	REACH_ADDRESS = 1, /* an address that was written down, and that one only */
	REACH_ENDPOINT,    /* a name that the administrator wrote */
	REACH_NAME         /* a name of the descriptor's or the provider's */
};

/* Whether the URL may be asked, and by what right: HR_INVALID names host and setting. */
int http_policy_check(const struct http_policy *policy, const struct http_url *url,
		      enum reach_kind *ret_kind, struct hr_error *err);

/* Whether a connection to the address, which the host has resolved to, may be made. */
bool http_policy_allows_address(const struct http_policy *policy, enum reach_kind kind,
				const struct sockaddr *address);

/* Fills in what the account may reach besides its endpoints: rules and learnt hosts. */
int http_reach_init(struct http_policy *policy, const struct http_account_options *options,
		    struct hr_error *err);

/* ---- TLS material (core/http/tls_check.c): HR_INVALID with a reason, without field --------- */
int http_tls_check_ca(const char *pem, struct hr_error *err);
int http_tls_check_client(const char *cert_pem, const char *key_pem, bool *ret_key_at_fault,
			  struct hr_error *err);
int http_tls_check_pin(const char *pin, struct hr_error *err);

#endif
