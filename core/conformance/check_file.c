/* SPDX-License-Identifier: Apache-2.0 */
/* The module's file; see checks.h. */
#include <fnmatch.h>
#include <string.h>

#include "base/text.h"
#include "conformance/checks.h"
#include "conformance/elf_file.h"
#include "conformance/tap.h"

/* What the sandbox of profile compute ends a process for: better known now than in the daemon. Linked in
 * by a library such a name may do no harm, so these are notes. */
static const char *const banned[] = {"socket", "connect", "fork",  "vfork",  "execve", "execv",
				     "execvp", "system",  "popen", "ptrace", "dlopen", NULL};

struct names {
	char foreign[512]; /* exported, and not ours */
	char banned[512];
	unsigned n_entries;
};

static void add(char buf[512], const char *name)
{
	size_t len = strlen(buf);

	text_format(buf + len, 512 - len, "%s%s", len > 0 ? ", " : "", name);
}

static void take_export(void *context, const char *name)
{
	struct names *names = context;

	if (fnmatch("headroom_provider_v[0-9]*", name, 0) == 0)
		names->n_entries++;
	else
		add(names->foreign, name);
}

static void take_import(void *context, const char *name)
{
	struct names *names = context;

	for (size_t i = 0; banned[i]; i++)
		if (strcmp(banned[i], name) == 0)
			add(names->banned, name);
}

void check_file(const char *path)
{
	struct elf_file file;
	struct names names = {0};
	struct hr_error err = {0};

	if (!tap_ok(elf_file_open(path, &file, &err) == 0, "the file is a shared object")) {
		tap_note("%s", err.message);
		return;
	}
	elf_file_names(&file, false, take_export, &names);
	elf_file_names(&file, true, take_import, &names);
	tap_ok(names.n_entries > 0, "it exports a provider");
	if (!tap_ok(names.foreign[0] == '\0', "it exports nothing else"))
		tap_note("%s; link with the SDK's version script", names.foreign);
	tap_ok(file.relro && file.bind_now, "it is linked with -z relro and -z now");
	if (names.banned[0] != '\0')
		tap_note("it imports what the sandbox does not let it call: %s", names.banned);
	elf_file_close(&file);
}
