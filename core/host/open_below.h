/* SPDX-License-Identifier: Apache-2.0 */
/* Opening of a path below a folder whose content is not ours. */
#ifndef HR_HOST_OPEN_BELOW_H
#define HR_HOST_OPEN_BELOW_H

#include <sys/types.h>

/* Opens path, relative and without "." and ".." ("" is the folder itself), below dir part by part;
 * no symbolic link is followed anywhere. flags and mode as open's; close-on-exec. A descriptor, or
 * -1 with errno. Async-signal-safe. */
int open_below(int dir, const char *path, int flags, mode_t mode);

#endif
