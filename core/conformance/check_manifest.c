/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest; see checks.h. */
#include <string.h>

#include "conformance/checks.h"
#include "conformance/tap.h"
#include "provider/manifest.h"
#include "provider/module_probe.h"

static bool is_equal(const struct description *d, const struct registry_module *m)
{
	return strcmp(d->title, m->title) == 0 && strcmp(d->version, m->version) == 0 &&
	       strcmp(d->vendor, m->vendor) == 0 && d->draft == m->draft &&
	       d->profile == m->profile && d->capabilities == m->capabilities &&
	       d->thread_model == m->thread_model && d->n_settings == m->schema.n_rows &&
	       d->n_hosts == m->n_hosts && d->script_max == m->script_max &&
	       d->linux_scripts == m->linux_scripts && d->windows_scripts == m->windows_scripts;
}

void check_manifest(const struct subject *subject)
{
	static const char line[] = "the manifest beside it says what the descriptor says";
	struct description *description = NULL;
	struct hr_error why = {0};
	enum manifest_state state = manifest_read(subject->options->file, &description, &why);

	if (state == MANIFEST_MISSING)
		tap_skip("there is none", "%s", line);
	else if (!tap_ok(state == MANIFEST_FOUND && is_equal(description, subject->described), "%s",
			 line))
		tap_note("%s", state == MANIFEST_FOUND ? "it says something else" : why.message);
	if (state == MANIFEST_FOUND)
		module_probe_free(description);
}
