/* SPDX-License-Identifier: Apache-2.0 */
/* The library that needsgone is built with, and that is then taken away. */
#include <headroom/provider.h>

int32_t gone_destroy(struct hr_account *account, const struct hr_call *call,
		     const struct hr_step *step);

int32_t gone_destroy(struct hr_account *account, const struct hr_call *call,
		     const struct hr_step *step)
{
	(void)account;
	(void)call;
	(void)step;
	return HR_OK;
}
