/* SPDX-License-Identifier: Apache-2.0 */
/* As root: the way to module and folder, where folders above them are closed to the account's user
 * (a checkout below /root, say). */
#ifndef HR_HOST_SANDBOX_VIEW_H
#define HR_HOST_SANDBOX_VIEW_H

#include "host/sandbox.h"

/* Before the user is switched, as root only. Where nothing is closed, nothing is done; else the
 * process gets a mount namespace in which each uppermost closed folder holds nothing but the module's
 * file, read only, and the folder. -1: HR_UNSUPPORTED, HR_INTERNAL. */
int sandbox_make_view(const struct sandbox_options *options, struct hr_error *err);

/* As the account's user: whether module and folder can be reached. -1: HR_INVALID. */
int sandbox_check_view(const struct sandbox_options *options, struct hr_error *err);

#endif
