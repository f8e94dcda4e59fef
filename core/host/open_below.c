/* SPDX-License-Identifier: Apache-2.0 */
/* See open_below.h. */
#include "host/open_below.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int open_below(int dir, const char *path, int flags, mode_t mode)
{
	char name[256];
	int at = dir, next;

	for (;;) {
		const char *slash = strchr(path, '/');
		size_t len = slash ? (size_t)(slash - path) : strlen(path);

		if (len >= sizeof(name)) {
			errno = ENAMETOOLONG;
			next = -1;
		} else {
			memcpy(name, path, len);
			name[len] = '\0';
			next = slash ? openat(at, name,
					      O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
				     : openat(at, len > 0 ? name : ".",
					      flags | O_NOFOLLOW | O_CLOEXEC, mode);
		}
		if (at != dir) {
			int saved = errno;

			close(at);
			errno = saved;
		}
		if (next < 0 || !slash)
			return next;
		at = next;
		path = slash + 1;
	}
}
