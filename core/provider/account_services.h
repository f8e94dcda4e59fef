/* SPDX-License-Identifier: Apache-2.0 */
/* What an opened account's requests and secrets go by: its settings, with references resolved, and the
 * connection policy that follows from them. The same for a module in a process and inline. */
#ifndef HR_PROVIDER_ACCOUNT_SERVICES_H
#define HR_PROVIDER_ACCOUNT_SERVICES_H

#include <jansson.h>

#include "http/http.h"
#include "provider/registry.h"
#include "provider/secret_reference.h"

struct account_services {
	const struct registry_module *module; /* borrowed */
	json_t *settings;          /* normalised, references resolved: what the module gets */
	json_t *stored;            /* normalised, references as such */
	struct http_account *http; /* NULL: there is no HTTP service */
};

struct account_services_options {
	const struct registry_module *module;
	const char *id;              /* of the provider config */
	struct http_service *http;   /* NULL: none */
	struct secret_rules secrets; /* of references */
};

/* settings: as an OPEN brings them. HR_INVALID with field "settings.KEY". The caller closes
 * *ret_services, also after an error. Blocks for a file's reading at most; any thread. */
int account_services_open(const struct account_services_options *options, const json_t *settings,
			  struct account_services *ret_services, struct hr_error *err);
void account_services_close(struct account_services *services);

/* The secret setting's value now; *ret_value (secret_free) is NULL where it is unset. HR_INVALID: there
 * is no such setting, or its reference leads nowhere. Any thread. */
int account_services_secret(const struct account_services *services,
			    const struct secret_rules *rules, const char *key, char **ret_value,
			    struct hr_error *err);

#endif
