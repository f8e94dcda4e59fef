/* SPDX-License-Identifier: Apache-2.0 */
/* Key and presets of accounts, from what the registry knows of their modules. */
#include "daemon_governor.h"

#include "provider/governor.h"

int daemon_account_key(void *context, const struct dispatch_request *request,
		       char ret_key[ACCOUNT_KEY_SIZE])
{
	const struct registry_module *module;

	if (registry_find(context, request->provider ? request->provider : "", &module, NULL) != 0)
		return -1;
	return account_key(module, request->settings, request->account, ret_key, NULL);
}

static int describe(void *context, const struct dispatch_request *request,
		    struct governor_account *ret_account)
{
	const struct registry_module *module;

	if (registry_find(context, request->provider ? request->provider : "", &module, NULL) != 0)
		return -1;
	ret_account->rate_per_minute = module->rate_per_minute;
	ret_account->burst = module->rate_burst;
	return daemon_account_key(context, request, ret_account->key);
}

int daemon_governor_new(struct registry *registry, struct dispatcher *inner,
			struct mailbox *inner_answers, struct mailbox *answers,
			struct module_metrics *metrics, struct dispatcher **ret_dispatcher,
			struct hr_error *err)
{
	const struct governor_options options = {
		.inner = inner,
		.inner_answers = inner_answers,
		.answers = answers,
		.describe = describe,
		.context = registry,
		.metrics = metrics,
	};

	return governor_new(&options, ret_dispatcher, err);
}
