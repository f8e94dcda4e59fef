/* SPDX-License-Identifier: Apache-2.0 */
/* A provider config opened by its module. */
#ifndef HR_HOST_ACCOUNT_H
#define HR_HOST_ACCOUNT_H

#include <jansson.h>

#include "base/error.h"
#include "host/call.h"
#include "host/loader.h"

/* An account's own folder, whose owner is whom its processes run as. The caller closes folder->fd and
 * frees folder->path, also after an error (fd -1 and path NULL at first). */
int state_folder_open(struct state_folder *folder, const char *path, struct hr_error *err);

struct account {
	const struct module *module; /* borrowed */
	char *id;
	char *installation;
	struct hr_account *handle; /* the module's own; NULL until open */
	json_t *settings;          /* normalised, with secrets; only until it is open */
	struct mask *mask;
	struct state_folder folder; /* fd -1: none */
	const struct host_backend *backend;
};

struct account_options {
	const struct module *module; /* must outlive the account */
	const char *id;              /* of the provider config */
	const char *installation;
	const char *state_dir;              /* the account's own folder, absolute; NULL: none */
	const struct host_backend *backend; /* must outlive the account; NULL: none */
};

/* Everything but the call of the module's open. settings: the module's, with secrets; normalised
 * here by the module's own table: HR_INVALID with the field ("settings.region"). The caller closes
 * *ret_account. Any thread. */
int account_new(const struct account_options *options, const json_t *settings,
		struct account **ret_account, struct hr_error *err);

/* Has the module open it. Once only, any thread. Gives HR_OK or the class of *ret_error. */
int32_t account_open(struct account *account, struct call *call, struct hr_error *ret_error);

/* Has the module close it, then wipes and frees. No call may be under way. */
void account_close(struct account *account);

#endif
