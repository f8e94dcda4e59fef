/* SPDX-License-Identifier: Apache-2.0 */
/* A module that is good but does nothing. Each file beside it changes one thing, by a macro. */
#define HR_BUILDS_MODULE
#include <headroom/provider.h>

#ifndef BROKEN_SYMBOL
#define BROKEN_SYMBOL HR_PROVIDER_SYMBOL
#endif
#if !defined(BROKEN_ID) && defined(BROKEN_NAME)
#define BROKEN_ID BROKEN_NAME
#endif
#ifndef BROKEN_ID
#define BROKEN_ID "acme"
#endif
#ifndef BROKEN_TITLE
#define BROKEN_TITLE "Acme"
#endif
#ifndef BROKEN_PROFILE
#define BROKEN_PROFILE HR_PROFILE_COMPUTE
#endif
#ifndef BROKEN_MEMBERS
#define BROKEN_MEMBERS
#endif

#pragma GCC diagnostic ignored "-Woverride-init" /* what the macros are for */
#ifdef __clang__
#pragma clang diagnostic ignored "-Winitializer-overrides"
#endif

struct hr_account {
	int nothing;
};

static struct hr_account the_account;

static int32_t do_open(const struct hr_host *host, const struct hr_call *call,
		       const struct hr_open *request, struct hr_account **ret_account)
{
	(void)host;
	(void)call;
	(void)request;
	*ret_account = &the_account;
	return HR_OK;
}

static void do_close(struct hr_account *account)
{
	(void)account;
}

static int32_t do_check(struct hr_account *account, const struct hr_call *call,
			const struct hr_check_sink *sink)
{
	(void)account;
	(void)call;
	(void)sink;
	return HR_OK;
}

static int32_t do_step(struct hr_account *account, const struct hr_call *call,
		       const struct hr_step *step)
{
	(void)account;
	(void)call;
	(void)step;
	return HR_OK;
}

static int32_t do_status(struct hr_account *account, const struct hr_call *call,
			 const struct hr_status *request, const struct hr_instance_sink *sink)
{
	(void)account;
	(void)call;
	(void)request;
	(void)sink;
	return HR_OK;
}

static int32_t do_list(struct hr_account *account, const struct hr_call *call,
		       const struct hr_list *request, const struct hr_instance_sink *sink)
{
	(void)account;
	(void)call;
	(void)request;
	(void)sink;
	return HR_OK;
}

extern HR_EXPORT const struct hr_provider BROKEN_SYMBOL;
HR_EXPORT const struct hr_provider BROKEN_SYMBOL = {HR_PROVIDER_HEADER,
						    .thread_model = HR_THREADS_SERIAL,
						    .id = BROKEN_ID,
						    .title = BROKEN_TITLE,
						    .version = "1.0",
						    .vendor = "Acme",
						    .url = "https://acme.example",
						    .licence = "Apache-2.0",
						    .profile = BROKEN_PROFILE,
						    .open = do_open,
						    .close = do_close,
						    .check = do_check,
						    .create = do_step,
						    .status = do_status,
						    .list = do_list,
						    .destroy = do_step,
						    BROKEN_MEMBERS};
