/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a module's file and has it checked. */
#include "host/loader.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/descriptor_check.h"
#include "host/dl.h"
#include "host/file_check.h"
#include "host/refusal.h"

#define SYMBOL_PREFIX "headroom_provider_v"
#define MAJORS_LOOKED_FOR 10

/* Says which other major the file serves, if any. */
static int refuse_without_symbol(const struct module *m, struct dl *dl, struct hr_error *err)
{
	char name[sizeof(SYMBOL_PREFIX) + 4], todo[160];

	for (int major = 0; major < MAJORS_LOOKED_FOR; major++) {
		text_format(name, sizeof(name), SYMBOL_PREFIX "%d", major);
		if (major == HR_ABI_MAJOR || !dl_symbol(dl, name, NULL))
			continue;
		text_format(
			todo, sizeof(todo),
			"install the Headroom that it was built for, or a build of %s for ABI %d",
			m->id, HR_ABI_MAJOR);
		return refusal_set(
			err, m->id, m->path, todo,
			"built for provider ABI %d (it exports %s), this Headroom offers "
			"%d.%d draft %d",
			major, name, HR_ABI_MAJOR, HR_ABI_MINOR, HR_ABI_DRAFT);
	}
	return refusal_set(err, m->id, m->path,
			   "remove it from the folder, or build it with HR_BUILDS_MODULE and "
			   "HR_PROVIDER_SYMBOL",
			   "it is no provider module: it does not export " SYMBOL_PREFIX "%d",
			   HR_ABI_MAJOR);
}

static int read_module(struct module *m, unsigned flags, struct hr_error *err)
{
	char name[sizeof(SYMBOL_PREFIX) + 4];
	struct hr_error reason = {0};
	const void *symbol;
	size_t size = 0;
	struct dl *dl;
	int rc;

	if (dl_open(m->path, &dl, &reason) != 0)
		return refusal_set(err, m->id, m->path,
				   "install what it needs, or install the module anew",
				   "it cannot be loaded: %s", reason.message);
	text_format(name, sizeof(name), SYMBOL_PREFIX "%d", HR_ABI_MAJOR);
	symbol = dl_symbol(dl, name, &size);
	if (!symbol)
		rc = refuse_without_symbol(m, dl, err);
	else
		rc = descriptor_copy(m->id, m->path, symbol, size, &m->provider, err);
	dl_close(dl);
	return rc == 0 ? descriptor_check(m, flags, err) : rc;
}

int loader_open(const char *path, unsigned flags, struct module **ret_module, struct hr_error *err)
{
	struct module *m = calloc(1, sizeof(*m));
	int rc;

	if (m)
		m->path = strdup(path);
	if (!m || !m->path) {
		loader_close(m);
		return error_no_memory(err, "loading a module");
	}
	rc = file_check(path, m->id, err);
	text_format(m->subject, sizeof(m->subject), "settings of provider %s", m->id);
	if (rc == 0)
		rc = read_module(m, flags, err);
	if (rc != 0) {
		loader_close(m);
		return -1;
	}
	*ret_module = m;
	return 0;
}

void loader_close(struct module *module)
{
	if (!module)
		return;
	free(module->rows);
	free(module->hosts);
	free(module->path);
	free(module);
}
