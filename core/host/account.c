/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing of accounts: settings to typed values, the state folder, the mask. */
#include "host/account.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/text.h"
#include "host/owner.h"
#include "host/services.h"
#include "host/values.h"

static struct hr_span span_of(const char *text)
{
	struct hr_span span = {text, text ? strlen(text) : 0};

	return span;
}

/* Opens the folder once, so that what is below it is always meant below this very folder. */
int state_folder_open(struct state_folder *folder, const char *path, struct hr_error *err)
{
	struct stat st;

	folder->path = realpath(path, NULL);
	if (!folder->path)
		return error_set_errno(err, errno, "cannot find the state folder %s", path);
	folder->fd = open(folder->path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder->fd < 0 || fstat(folder->fd, &st) != 0)
		return error_set_errno(err, errno, "cannot open the state folder %s", path);
	folder->uid = st.st_uid;
	folder->gid = st.st_gid;
	return 0;
}

/* Wipes the strings of settings (those that nobody else has a share of) and frees them. */
static void wipe(json_t *settings)
{
	const char *key;
	json_t *value;

	json_object_foreach (settings, key, value)
		if (json_is_string(value) && value->refcount == 1)
			OPENSSL_cleanse((void *)(uintptr_t)json_string_value(value),
					json_string_length(value));
	json_decref(settings);
}

static int normalise(struct account *account, const json_t *settings, struct hr_error *err)
{
	char field[sizeof(err->field)];

	if (schema_normalize(&account->module->schema, settings, 0, &account->settings, err) == 0)
		return 0;
	text_format(field, sizeof(field), "settings.%.100s", err->field);
	if (err->field[0] != '\0')
		text_copy(err->field, sizeof(err->field), field);
	return -1;
}

int account_new(const struct account_options *options, const json_t *settings,
		struct account **ret_account, struct hr_error *err)
{
	struct account *account = calloc(1, sizeof(*account));

	if (!account)
		return error_no_memory(err, "opening an account");
	account->folder.fd = -1;
	account->module = options->module;
	account->backend = options->backend;
	account->id = strdup(options->id);
	account->installation = strdup(options->installation);
	if (!account->id || !account->installation) {
		error_no_memory(err, "opening an account");
		goto failed;
	}
	if (options->state_dir && state_folder_open(&account->folder, options->state_dir, err) != 0)
		goto failed;
	if (normalise(account, settings, err) != 0 ||
	    mask_new(&account->module->schema, account->settings, &account->mask, err) != 0)
		goto failed;
	*ret_account = account;
	return 0;
failed:
	account_close(account);
	return -1;
}

static int32_t call_open(struct account *account, const struct values *values, struct call *call)
{
	const struct hr_provider *p = &account->module->provider;
	const struct hr_open request = {
		.size = sizeof(request),
		.n_values = (uint32_t)values->n,
		.value_stride = sizeof(struct hr_value),
		.values = values->list,
		.installation = span_of(account->installation),
		.account = span_of(account->id),
		.state_dir = span_of(account->folder.path),
	};
	struct hr_account *handle = NULL;
	bool entered = owner_enter(&account->folder);
	int32_t rc = p->open(services_host(p->profile), &call->abi, &request, &handle);

	if (rc == HR_OK && !handle)
		call_defect(call, "it opens the account and gives none");
	else if (rc == HR_OK)
		account->handle = handle;
	else if (handle)
		p->close(handle);
	owner_leave(entered);
	return rc;
}

int32_t account_open(struct account *account, struct call *call, struct hr_error *ret_error)
{
	struct values values;
	int32_t rc;

	if (values_from_json(&account->module->schema, account->settings, &values, ret_error) != 0)
		return ret_error->class;
	rc = call_open(account, &values, call);
	values_clear(&values);
	wipe(account->settings);
	account->settings = NULL;
	return call_result(call, rc, ret_error);
}

void account_close(struct account *account)
{
	bool entered;

	if (!account)
		return;
	if (account->handle) {
		entered = owner_enter(&account->folder);
		account->module->provider.close(account->handle);
		owner_leave(entered);
	}
	if (account->folder.fd >= 0)
		close(account->folder.fd);
	wipe(account->settings);
	mask_free(account->mask);
	free(account->folder.path);
	free(account->installation);
	free(account->id);
	free(account);
}
