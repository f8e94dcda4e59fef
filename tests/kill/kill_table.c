/* SPDX-License-Identifier: Apache-2.0 */
/* The mapping of the table, and the passing of a point. A host maps it before main: its sandbox lets it
 * open nothing later, and permits signals to itself. */
#include "kill_table.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct kill_table *own;

struct kill_table *kill_table_open(const char *path, bool makes)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | (makes ? O_CREAT | O_EXCL : 0), 0600);
	struct kill_table *table = MAP_FAILED;
	struct stat status;

	if (fd < 0)
		return NULL;
	if ((!makes || ftruncate(fd, sizeof(*table)) == 0) && fstat(fd, &status) == 0 &&
	    status.st_size == (off_t)sizeof(*table))
		table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return table == MAP_FAILED ? NULL : table;
}

__attribute__((constructor)) static void open_own(void)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - sizeof(KILL_TABLE_NAME));
	char *slash;

	path[len > 0 ? len : 0] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return;
	memcpy(slash + 1, KILL_TABLE_NAME, sizeof(KILL_TABLE_NAME));
	own = kill_table_open(path, false);
}

int kill_table_find(const struct kill_table *table, const char *name)
{
	for (uint32_t i = 0; i < table->n_points; i++)
		if (strcmp(table->points[i].name, name) == 0)
			return (int)i;
	return -1;
}

void kill_table_pass(const char *name)
{
	int index;

	if (!own)
		return;
	index = kill_table_find(own, name);
	if (index < 0) {
		if (atomic_fetch_add(&own->n_unlisted, 1) == 0)
			strncpy(own->unlisted, name, sizeof(own->unlisted) - 1);
		return;
	}
	atomic_fetch_add(&own->points[index].passed, 1);
	if (atomic_load(&own->armed) != (unsigned)index + 1 || atomic_fetch_sub(&own->left, 1) != 1)
		return;
	atomic_fetch_add(&own->points[index].killed, 1);
	atomic_store(&own->armed, 0);
	raise(SIGKILL);
}
