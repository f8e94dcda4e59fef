/* SPDX-License-Identifier: Apache-2.0 */
/* A file system for SQLite: names, bytes, locks and the shared memory of the write-ahead log, with
 * the rules between connections that SQLite's own has. */
#include "memory_files.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#define REGIONS_MAX 64
#define PATH_MAX_LEN 512
#define FIRST_ROOM 4096

struct handle;

struct file {
	struct file *next;
	char *name; /* NULL: deleted, or never had one; the last handle ends it */
	unsigned char *bytes;
	size_t size, room;
	void *regions[REGIONS_MAX]; /* shared memory, as long as a handle has it mapped */
	struct handle *handles;
};

struct handle {
	sqlite3_file base; /* first */
	struct file *file;
	struct handle *next; /* of the same file */
	int lock;            /* SQLITE_LOCK_* */
	bool mapped;
	unsigned shared, exclusive; /* locks of the shared memory, by slot */
};

static struct file *files;

static struct file *find(const char *name)
{
	for (struct file *file = files; file; file = file->next)
		if (file->name && strcmp(file->name, name) == 0)
			return file;
	return NULL;
}

static struct file *add(const char *name)
{
	struct file *file = calloc(1, sizeof(*file));

	if (!file || (name && !(file->name = strdup(name))))
		abort();
	file->next = files;
	files = file;
	return file;
}

static void drop_regions(struct file *file)
{
	for (int i = 0; i < REGIONS_MAX; i++) {
		free(file->regions[i]);
		file->regions[i] = NULL;
	}
}

static void drop(struct file *file)
{
	struct file **at = &files;

	while (*at != file)
		at = &(*at)->next;
	*at = file->next;
	drop_regions(file);
	free(file->bytes);
	free(file->name);
	free(file);
}

/* ---- Bytes ---- */

static int file_read(sqlite3_file *base, void *bytes, int n, sqlite3_int64 offset)
{
	const struct file *file = ((struct handle *)base)->file;
	size_t from = (size_t)offset, there = 0;

	if (from < file->size)
		there = file->size - from < (size_t)n ? file->size - from : (size_t)n;
	if (there > 0)
		memcpy(bytes, file->bytes + from, there);
	if (there == (size_t)n)
		return SQLITE_OK;
	memset((char *)bytes + there, 0, (size_t)n - there);
	return SQLITE_IOERR_SHORT_READ;
}

static void grow(struct file *file, size_t size)
{
	size_t room = file->room ? file->room : FIRST_ROOM;

	while (room < size)
		room *= 2;
	if (room > file->room) {
		file->bytes = realloc(file->bytes, room);
		if (!file->bytes)
			abort();
		file->room = room;
	}
	memset(file->bytes + file->size, 0, size - file->size);
	file->size = size;
}

static int file_write(sqlite3_file *base, const void *bytes, int n, sqlite3_int64 offset)
{
	struct file *file = ((struct handle *)base)->file;
	size_t end = (size_t)offset + (size_t)n;

	if (end > file->size)
		grow(file, end);
	memcpy(file->bytes + offset, bytes, (size_t)n);
	return SQLITE_OK;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct file *file = ((struct handle *)base)->file;

	if ((size_t)size < file->size)
		file->size = (size_t)size;
	return SQLITE_OK;
}

static int file_sync(sqlite3_file *base, int flags)
{
	(void)base;
	(void)flags;
	return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
	*ret_size = (sqlite3_int64)((struct handle *)base)->file->size;
	return SQLITE_OK;
}

/* ---- Locks of the file ---- */

/* The highest that another connection holds. */
static int lock_of_others(const struct handle *handle)
{
	int highest = SQLITE_LOCK_NONE;

	for (const struct handle *other = handle->file->handles; other; other = other->next)
		if (other != handle && other->lock > highest)
			highest = other->lock;
	return highest;
}

static int file_lock(sqlite3_file *base, int lock)
{
	struct handle *handle = (struct handle *)base;
	int others = lock_of_others(handle);

	if (handle->lock >= lock)
		return SQLITE_OK;
	if (lock == SQLITE_LOCK_SHARED ? others >= SQLITE_LOCK_PENDING
				       : others >= SQLITE_LOCK_RESERVED)
		return SQLITE_BUSY;
	if (lock == SQLITE_LOCK_EXCLUSIVE && others > SQLITE_LOCK_NONE) {
		handle->lock = SQLITE_LOCK_PENDING; /* no new reader comes in */
		return SQLITE_BUSY;
	}
	handle->lock = lock;
	return SQLITE_OK;
}

static int file_unlock(sqlite3_file *base, int lock)
{
	struct handle *handle = (struct handle *)base;

	if (handle->lock > lock)
		handle->lock = lock;
	return SQLITE_OK;
}

static int file_check_reserved(sqlite3_file *base, int *ret_held)
{
	const struct handle *handle = (struct handle *)base;

	*ret_held = handle->lock >= SQLITE_LOCK_RESERVED ||
		    lock_of_others(handle) >= SQLITE_LOCK_RESERVED;
	return SQLITE_OK;
}

static int file_control(sqlite3_file *base, int what, void *arg)
{
	(void)base;
	(void)what;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *base)
{
	(void)base;
	return 4096;
}

static int file_characteristics(sqlite3_file *base)
{
	(void)base;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* ---- Shared memory ---- */

static int file_shm_map(sqlite3_file *base, int region, int size, int extend,
			void volatile **ret_memory)
{
	struct handle *handle = (struct handle *)base;
	struct file *file = handle->file;

	if (region >= REGIONS_MAX)
		return SQLITE_IOERR_SHMSIZE;
	handle->mapped = true;
	if (!file->regions[region] && extend) {
		file->regions[region] = calloc(1, (size_t)size);
		if (!file->regions[region])
			abort();
	}
	*ret_memory = file->regions[region];
	return SQLITE_OK;
}

static int file_shm_lock(sqlite3_file *base, int first, int n, int flags)
{
	struct handle *handle = (struct handle *)base;
	unsigned slots = ((1u << n) - 1) << first, shared = 0, exclusive = 0;

	if (flags & SQLITE_SHM_UNLOCK) {
		handle->shared &= ~slots;
		handle->exclusive &= ~slots;
		return SQLITE_OK;
	}
	for (const struct handle *other = handle->file->handles; other; other = other->next) {
		if (other == handle)
			continue;
		shared |= other->shared;
		exclusive |= other->exclusive;
	}
	if ((exclusive & slots) || (!(flags & SQLITE_SHM_SHARED) && (shared & slots)))
		return SQLITE_BUSY;
	if (flags & SQLITE_SHM_SHARED)
		handle->shared |= slots;
	else
		handle->exclusive |= slots;
	return SQLITE_OK;
}

static void file_shm_barrier(sqlite3_file *base)
{
	(void)base;
}

/* The log is read anew by whoever maps it after everybody had left. */
static int file_shm_unmap(sqlite3_file *base, int delete)
{
	struct handle *handle = (struct handle *)base;

	(void)delete;
	handle->mapped = false;
	handle->shared = handle->exclusive = 0;
	for (const struct handle *other = handle->file->handles; other; other = other->next)
		if (other->mapped)
			return SQLITE_OK;
	drop_regions(handle->file);
	return SQLITE_OK;
}

/* ---- Names ---- */

static int file_close(sqlite3_file *base)
{
	struct handle *handle = (struct handle *)base;
	struct file *file = handle->file;
	struct handle **at = &file->handles;

	while (*at != handle)
		at = &(*at)->next;
	*at = handle->next;
	if (!file->name && !file->handles)
		drop(file);
	return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_check_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector_size,
	.xDeviceCharacteristics = file_characteristics,
	.xShmMap = file_shm_map,
	.xShmLock = file_shm_lock,
	.xShmBarrier = file_shm_barrier,
	.xShmUnmap = file_shm_unmap,
};

/* The store makes its database's file before it opens it: a missing one is new. */
static int files_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags,
		      int *ret_flags)
{
	struct handle *handle = (struct handle *)base;
	struct file *file = name ? find(name) : NULL;

	(void)vfs;
	*handle = (struct handle){.file = file ? file : add(name)};
	handle->base.pMethods = &methods;
	handle->next = handle->file->handles;
	handle->file->handles = handle;
	if (ret_flags)
		*ret_flags = flags;
	return SQLITE_OK;
}

static int files_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
	struct file *file = find(name);

	(void)vfs;
	(void)sync_folder;
	if (!file)
		return SQLITE_IOERR_DELETE_NOENT;
	free(file->name);
	file->name = NULL;
	if (!file->handles)
		drop(file);
	return SQLITE_OK;
}

static int files_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret_yes)
{
	const struct file *file = find(name);

	(void)vfs;
	/* SQLite takes an empty journal for none. */
	*ret_yes = file && (flags != SQLITE_ACCESS_EXISTS || file->size > 0);
	return SQLITE_OK;
}

static int files_full_name(sqlite3_vfs *vfs, const char *name, int room, char *ret_name)
{
	(void)vfs;
	return snprintf(ret_name, (size_t)room, "%s", name) < room ? SQLITE_OK : SQLITE_CANTOPEN;
}

void memory_files_use(void)
{
	const sqlite3_vfs *system_files;
	static sqlite3_vfs vfs;

	/* There is one thread, and nobody asks for figures. */
	if (sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) != SQLITE_OK ||
	    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK)
		abort();
	system_files = sqlite3_vfs_find(NULL);
	if (!system_files)
		abort();
	/* Its clock, sleep and randomness stay. */
	vfs = *system_files;
	vfs.pNext = NULL;
	vfs.zName = "memory-files";
	vfs.szOsFile = (int)sizeof(struct handle);
	vfs.mxPathname = PATH_MAX_LEN;
	vfs.xOpen = files_open;
	vfs.xDelete = files_delete;
	vfs.xAccess = files_access;
	vfs.xFullPathname = files_full_name;
	if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		abort();
}

void memory_files_clear(void)
{
	while (files)
		drop(files);
}
