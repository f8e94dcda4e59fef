/* SPDX-License-Identifier: Apache-2.0 */
/* What list, show and delete of every noun share. */
#ifndef HR_CLI_RESOURCE_H
#define HR_CLI_RESOURCE_H

#include "cli/command.h"

struct filter {
	const char *option; /* "--pool" */
	const char *query;  /* "pool" */
	bool is_flag;       /* without a value; asked for as "true" */
};

/* GET /api/v1/<plural>, all pages, options of filters (ended by NULL) as query; prints. */
int resource_list(const struct invocation *invocation, const char *plural,
		  const struct filter *filters, const struct column *columns, struct hr_error *err);

/* GET /api/v1/<plural>/<first positional>; prints. */
int resource_show(const struct invocation *invocation, const char *plural, struct hr_error *err);

/* method on /api/v1/<plural>/<first positional>[/<action>]; prints the answer's "message" or
 * done, unless that is NULL. */
int resource_act(const struct invocation *invocation, const char *method, const char *plural,
		 const char *action, const char *done, struct hr_error *err);

/* All items of a list, page after page. path is taken over and freed. The caller unrefs. */
int resource_fetch_all(struct client *client, char *path, json_t **ret_items, struct hr_error *err);

#endif
