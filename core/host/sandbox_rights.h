/* SPDX-License-Identifier: Apache-2.0 */
/* What the process gives up by itself: environment, descriptors, user, capabilities, limits. All
 * give 0, or -1 with HR_INTERNAL (HR_INVALID: a descriptor that cannot be kept, uid 0). One thread. */
#ifndef HR_HOST_SANDBOX_RIGHTS_H
#define HR_HOST_SANDBOX_RIGHTS_H

#include "host/sandbox.h"

/* Only the kept descriptors stay; 0 to 2 are /dev/null, but 2 stays where errors are to be seen. */
int sandbox_drop_descriptors(const struct sandbox_options *options, bool keep_errors,
			     struct hr_error *err);

/* As root: groups, user and every capability. */
int sandbox_drop_user(const struct sandbox_options *options, struct hr_error *err);

/* No new privileges; ends with `parent`. seen: others of this user may look into the process. */
int sandbox_drop_privileges(pid_t parent, bool seen, struct hr_error *err);

int sandbox_set_limits(const struct sandbox_options *options, struct hr_error *err);

#endif
