/* SPDX-License-Identifier: Apache-2.0 */
/* Shared objects through libltdl, which also serves static builds (preopening). libltdl is not
 * thread-safe, hence the one mutex; it searches folders of the environment for names without a
 * folder, hence absolute paths only; and it prefers .la files where it is given one, hence none. */
#include "host/dl.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <ltdl.h>

#include "provider/module_file.h"

/* What libtool links into a program with -dlpreopen; in others there is none. */
/* NOLINTNEXTLINE(readability-redundant-declaration): again, as a weak one */
extern const lt_dlsymlist lt__PROGRAM__LTX_preloaded_symbols[] __attribute__((weak));

struct dl {
	lt_dlhandle handle;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static bool has_suffix(const char *path, const char *suffix)
{
	size_t len = strlen(path), n = strlen(suffix);

	return len >= n && strcmp(path + len - n, suffix) == 0;
}

/* In the table, names of archives have no address; their symbols follow them. */
static bool is_preopened(const char *archive)
{
	const lt_dlsymlist *at = lt__PROGRAM__LTX_preloaded_symbols;

	for (; at && at->name; at++)
		if (!at->address && strcmp(at->name, archive) == 0)
			return true;
	return false;
}

/* libltdl's handle, or NULL. Under the mutex. */
static lt_dlhandle open_resident(const char *path)
{
	static int is_initialised;
	lt_dladvise advise;
	lt_dlhandle handle = NULL;

	/* cppcheck-suppress knownConditionTrueFalse ; a weak one may be NULL */
	if (!is_initialised && lt__PROGRAM__LTX_preloaded_symbols &&
	    lt_dlpreload_default(lt__PROGRAM__LTX_preloaded_symbols) != 0)
		return NULL;
	/* Once, and never lt_dlexit: that would close everything. */
	if (!is_initialised && lt_dlinit() != 0)
		return NULL;
	is_initialised = 1;
	if (lt_dladvise_init(&advise) != 0)
		return NULL;
	if (lt_dladvise_local(&advise) == 0 && lt_dladvise_resident(&advise) == 0)
		handle = lt_dlopenadvise(path, advise);
	lt_dladvise_destroy(&advise);
	return handle;
}

/* libltdl says "file not found" for a missing dependency, an undefined symbol and a text file
 * alike; the system's loader, asked once more, says what it is. */
static int real_reason(const char *path, struct hr_error *err)
{
	const char *said = lt_dlerror();
	size_t len = strlen(path);
	void *again;

	if (!said)
		said = "libltdl gives no reason";
	again = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (again) {
		dlclose(again);
		return error_set(err, HR_INVALID, "%s", said);
	}
	said = dlerror();
	if (!said)
		said = "the system's loader gives no reason";
	if (strncmp(said, path, len) == 0 && said[len] == ':')
		said += len + 1 + strspn(said + len + 1, " ");
	return error_set(err, HR_INVALID, "%s", said);
}

int dl_open(const char *path, struct dl **ret_dl, struct hr_error *err)
{
	const char *slash = strrchr(path, '/'), *opened = path;
	struct dl *dl;
	int rc = 0;

	if (path[0] != '/' || has_suffix(path, ".la"))
		return error_set(err, HR_INVALID,
				 "only the absolute path of a shared object can be opened");
	if (has_suffix(path, MODULE_SUFFIX_PREOPENED)) {
		/* libltdl looks among what was linked in for names without folder. */
		opened = slash + 1;
		if (!is_preopened(opened))
			return error_set(err, HR_INVALID,
					 "it is an archive, and was not linked into this program");
	}
	dl = calloc(1, sizeof(*dl));
	if (!dl)
		return error_no_memory(err, "opening a shared object");
	pthread_mutex_lock(&mutex);
	dl->handle = open_resident(opened);
	if (!dl->handle)
		rc = real_reason(path, err);
	pthread_mutex_unlock(&mutex);
	if (rc != 0) {
		free(dl);
		return -1;
	}
	*ret_dl = dl;
	return 0;
}

/* What the object's symbol table says of the size of what lies at address. */
static size_t symbol_size(const void *address)
{
	void *symbol = NULL;
	Dl_info info;

	if (dladdr1(address, &info, &symbol, RTLD_DL_SYMENT) == 0 || !symbol ||
	    info.dli_saddr != address)
		return 0;
	return ((const ElfW(Sym) *)symbol)->st_size;
}

const void *dl_symbol(struct dl *dl, const char *name, size_t *ret_size)
{
	const void *address;

	pthread_mutex_lock(&mutex);
	address = lt_dlsym(dl->handle, name);
	pthread_mutex_unlock(&mutex);
	if (ret_size)
		*ret_size = address ? symbol_size(address) : 0;
	return address;
}

void dl_close(struct dl *dl)
{
	/* No lt_dlclose: a resident object cannot be closed. */
	free(dl);
}
