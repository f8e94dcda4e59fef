/* SPDX-License-Identifier: Apache-2.0 */
/* Startup scripts: {tag} is replaced, {{ and }} give single braces, anything else that looks like a
 * tag is an error when the config is saved. Pure functions. */
#ifndef HR_ENGINE_SCRIPT_H
#define HR_ENGINE_SCRIPT_H

#include <stddef.h>

#include "base/error.h"

/* Tags known to this version. A NULL value renders as the empty string. */
struct script_values {
	const char *server_id;
	const char *server_hostname;
	const char *upstream_auth_address;
	const char *checkin_jwt;
	const char *checkin_url;
	const char *provider_name;
	const char *zone_name;
	const char *pool_name;
	const char *connection_username;
	const char *connection_port; /* as text */
	const char *ssh_key;
};

/* HR_INVALID with line, column and the nearest tag: stray brace, unknown tag, tag not closed. */
int script_check(const char *template_text, struct hr_error *err);

/* The first tag in the text that has no value in this version and renders empty, or NULL. Not
 * freed. For a text that script_check has passed. */
const char *script_unfilled_tag(const char *template_text);

/* The rendered text; the caller wipes and frees. At most 1 MiB. */
int script_render(const char *template_text, const struct script_values *values, char **ret_text,
		  size_t *ret_len, struct hr_error *err);

#endif
