/* SPDX-License-Identifier: Apache-2.0 */
/* See builtin.h. What they do is in their own files; their accounts have no settings. */
#include "builtin/builtin.h"

#include <string.h>

#include "builtin/probe.h"

static int32_t builtin_open(const struct hr_host *host, const struct hr_call *call,
			    const struct hr_open *request, struct hr_account **ret_account)
{
	static char nothing;

	(void)host;
	(void)call;
	(void)request;
	*ret_account = (struct hr_account *)&nothing; /* only that it is not NULL counts */
	return HR_OK;
}

static void builtin_close(struct hr_account *account)
{
	(void)account;
}

static int32_t builtin_check(struct hr_account *account, const struct hr_call *call,
			     const struct hr_check_sink *sink)
{
	(void)account;
	(void)call;
	(void)sink;
	return HR_OK;
}

static int32_t no_step(struct hr_account *account, const struct hr_call *call,
		       const struct hr_step *step)
{
	(void)account;
	(void)call;
	(void)step;
	return HR_UNSUPPORTED;
}

static int32_t no_status(struct hr_account *account, const struct hr_call *call,
			 const struct hr_status *request, const struct hr_instance_sink *sink)
{
	(void)account;
	(void)call;
	(void)request;
	(void)sink;
	return HR_UNSUPPORTED;
}

static int32_t no_list(struct hr_account *account, const struct hr_call *call,
		       const struct hr_list *request, const struct hr_instance_sink *sink)
{
	(void)account;
	(void)call;
	(void)request;
	(void)sink;
	return HR_UNSUPPORTED;
}

static const struct hr_setting no_rows[1];

static const struct module probe_module = {
	.id = "probe",
	.subject = "settings of the built-in module probe",
	.provider = {.id = "probe",
		     .title = "Protocol probes",
		     .thread_model = HR_THREADS_PARALLEL,
		     .profile = HR_PROFILE_COMPUTE,
		     .open = builtin_open,
		     .close = builtin_close,
		     .check = builtin_check,
		     .create = no_step,
		     .destroy = no_step,
		     .status = no_status,
		     .list = no_list},
	.schema = {.subject = "settings of the built-in module probe",
		   .rows = no_rows,
		   .n_rows = 0,
		   .stride = sizeof(no_rows[0])},
	.probe = probe_run,
};

const struct module *builtin_find(const char *name)
{
	return strcmp(name, probe_module.id) == 0 ? &probe_module : NULL;
}
