/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of a module's descriptor, in the order in which one makes sense after the other. */
#include "host/descriptor_check.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "host/hosts_check.h"
#include "host/refusal.h"

#define PROVIDER_SIZE_MINOR_0 (offsetof(struct hr_provider, rate_burst) + sizeof(uint32_t))
#define SETTING_SIZE_MINOR_0 (offsetof(struct hr_setting, alias) + sizeof(void *))
#define SETTING_STRIDE_MAX 4096
#define SETTINGS_MAX 512
#define TEXT_MAX 1024

/* What every version of the ABI begins with. */
struct frozen {
	uint32_t magic;
	uint16_t abi_major;
	uint16_t abi_minor;
	uint32_t size;
	uint32_t flags;
};

static int check_version(const char *id, const char *path, const struct frozen *f, uint32_t draft,
			 struct hr_error *err)
{
	char todo[160];

	text_format(todo, sizeof(todo),
		    "install the Headroom that it was built for, or a build of %s for this one",
		    id);
	if (f->abi_major != HR_ABI_MAJOR)
		return refusal_set(
			err, id, path, todo,
			"built for provider ABI %u.%u, this Headroom offers %d.%d draft %d",
			f->abi_major, f->abi_minor, HR_ABI_MAJOR, HR_ABI_MINOR, HR_ABI_DRAFT);
	if (draft != HR_ABI_DRAFT)
		return refusal_set(err, id, path, todo,
				   "built for provider ABI %u.%u draft %u, this Headroom offers "
				   "%d.%d draft %d and accepts no other draft",
				   f->abi_major, f->abi_minor, draft, HR_ABI_MAJOR, HR_ABI_MINOR,
				   HR_ABI_DRAFT);
	return 0;
}

static int check_size(const char *id, const char *path, uint32_t size, size_t symbol_size,
		      struct hr_error *err)
{
	const char *todo = "build the module again with .size = sizeof(struct hr_provider)";

	if (size < PROVIDER_SIZE_MINOR_0)
		return refusal_set(
			err, id, path, todo,
			"its descriptor says that it has %u bytes, at least %zu are wanted", size,
			PROVIDER_SIZE_MINOR_0);
	if (size > DESCRIPTOR_SIZE_MAX)
		return refusal_set(
			err, id, path, todo,
			"its descriptor says that it has %u bytes, at most %d are accepted", size,
			DESCRIPTOR_SIZE_MAX);
	if (symbol_size != 0 && size > symbol_size)
		return refusal_set(
			err, id, path, todo,
			"its descriptor says that it has %u bytes, the file has %zu of it", size,
			symbol_size);
	return 0;
}

int descriptor_copy(const char *id, const char *path, const void *symbol, size_t symbol_size,
		    struct hr_provider *ret, struct hr_error *err)
{
	const size_t draft_at = offsetof(struct hr_provider, draft);
	struct frozen f;
	uint32_t draft = 0;

	if (symbol_size != 0 && symbol_size < sizeof(f))
		return refusal_set(err, id, path, "build the module again with HR_PROVIDER_HEADER",
				   "its descriptor has %zu bytes, not even the first %zu",
				   symbol_size, sizeof(f));
	memcpy(&f, symbol, sizeof(f));
	if (f.magic != HR_ABI_MAGIC)
		return refusal_set(err, id, path, "build the module again with HR_PROVIDER_HEADER",
				   "its descriptor begins with 0x%08x, wanted is 0x%08x", f.magic,
				   HR_ABI_MAGIC);
	/* A descriptor too short for a draft number is refused for its size. */
	if (f.size >= draft_at + sizeof(draft) &&
	    (symbol_size == 0 || symbol_size >= draft_at + sizeof(draft)))
		memcpy(&draft, (const char *)symbol + draft_at, sizeof(draft));
	else
		draft = HR_ABI_DRAFT;
	if (check_version(id, path, &f, draft, err) != 0 ||
	    check_size(id, path, f.size, symbol_size, err) != 0)
		return -1;
	if ((f.flags & HR_PROVIDER_NEEDS_MINOR) && f.abi_minor > HR_ABI_MINOR)
		return refusal_set(err, id, path, "install a newer Headroom",
				   "needs provider ABI %u.%u, this Headroom offers %d.%d",
				   f.abi_major, f.abi_minor, HR_ABI_MAJOR, HR_ABI_MINOR);
	memset(ret, 0, sizeof(*ret));
	memcpy(ret, symbol, f.size < sizeof(*ret) ? f.size : sizeof(*ret));
	return 0;
}

static int check_id(const struct module *m, struct hr_error *err)
{
	const char *own = m->provider.id;
	char todo[96];

	if (own && strcmp(own, m->id) == 0)
		return 0;
	text_format(todo, sizeof(todo), "rename the file to %.32s.so, or correct the module",
		    own ? own : "?");
	if (!own || strnlen(own, MODULE_ID_SIZE) >= MODULE_ID_SIZE)
		return refusal_set(err, m->id, m->path, "give the descriptor an id",
				   "the descriptor's id is missing or too long");
	return refusal_set(err, m->id, m->path, todo,
			   "the module's id is \"%.32s\", the file's name says \"%s\"", own, m->id);
}

static int check_operations(const struct module *m, struct hr_error *err)
{
	const struct hr_provider *p = &m->provider;
	const struct {
		const char *name;
		int present;
	} required[] = {
		{"open", p->open != NULL},       {"close", p->close != NULL},
		{"check", p->check != NULL},     {"create", p->create != NULL},
		{"status", p->status != NULL},   {"list", p->list != NULL},
		{"destroy", p->destroy != NULL},
	};

	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++)
		if (!required[i].present)
			return refusal_set(
				err, m->id, m->path, "install a version of the module that has it",
				"the operation %s, which every module must have, is missing",
				required[i].name);
	if (((p->linux_scripts | p->windows_scripts) & HR_SCRIPT_AFTER_BOOT) && !p->inject)
		return refusal_set(
			err, m->id, m->path, "install a version of the module that has it",
			"the operation inject is missing, which scripts after boot need");
	return 0;
}

static int check_text(const struct module *m, const char *name, const char *text,
		      struct hr_error *err)
{
	size_t len = text ? strnlen(text, TEXT_MAX + 1) : 0;

	if (len == 0)
		return refusal_set(err, m->id, m->path, "fill it in and build the module again",
				   "the descriptor's %s is missing", name);
	if (len > TEXT_MAX)
		return refusal_set(err, m->id, m->path, "shorten it and build the module again",
				   "the descriptor's %s has more than %d bytes", name, TEXT_MAX);
	if (!text_valid_utf8(text, len))
		return refusal_set(err, m->id, m->path,
				   "write it in UTF-8 and build the module again",
				   "the descriptor's %s is no UTF-8", name);
	return 0;
}

static int check_texts(const struct module *m, struct hr_error *err)
{
	const struct hr_provider *p = &m->provider;
	const struct {
		const char *name;
		const char *text;
	} texts[] = {
		{"title", p->title}, {"version", p->version}, {"vendor", p->vendor},
		{"url", p->url},     {"licence", p->licence},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (check_text(m, texts[i].name, texts[i].text, err) != 0)
			return -1;
	}
	if (p->thread_model < HR_THREADS_SERIAL)
		return refusal_set(err, m->id, m->path, "fill it in and build the module again",
				   "the descriptor's thread_model is %u, at least %d is wanted",
				   p->thread_model, HR_THREADS_SERIAL);
	return 0;
}

/* Rows of the module's size become rows of ours, zero beyond what they have. */
static int copy_rows(struct module *m, struct hr_error *err)
{
	const struct hr_provider *p = &m->provider;
	const char *todo =
		"build the module again with .settings_stride = sizeof(struct hr_setting)";
	size_t n = p->n_settings, stride = p->settings_stride;
	const char *from = (const char *)p->settings;

	m->schema.subject = m->subject;
	if (n == 0)
		return 0;
	if (!from)
		return refusal_set(err, m->id, m->path,
				   "set .settings and .n_settings and build the module again",
				   "it says that it has %zu settings, but the table is missing", n);
	if (n > SETTINGS_MAX)
		return refusal_set(err, m->id, m->path,
				   "correct .n_settings or have fewer, and build the module again",
				   "it says that it has %zu settings, at most %d are accepted", n,
				   SETTINGS_MAX);
	if (stride < SETTING_SIZE_MINOR_0 || stride > SETTING_STRIDE_MAX ||
	    stride % alignof(struct hr_setting) != 0)
		return refusal_set(err, m->id, m->path, todo,
				   "a row of its settings has %zu bytes, %zu to %d are accepted",
				   stride, SETTING_SIZE_MINOR_0, SETTING_STRIDE_MAX);
	m->rows = calloc(n, sizeof(*m->rows));
	if (!m->rows)
		return error_no_memory(err, "copying a module's settings");
	for (size_t i = 0; i < n; i++)
		memcpy(&m->rows[i], from + i * stride,
		       stride < sizeof(*m->rows) ? stride : sizeof(*m->rows));
	m->schema.rows = m->rows;
	m->schema.n_rows = n;
	m->schema.stride = sizeof(*m->rows);
	return 0;
}

static int check_settings(struct module *m, struct hr_error *err)
{
	const char *todo = "correct the table and build the module again";
	struct hr_error reason = {0};

	if (copy_rows(m, err) != 0)
		return -1;
	if (schema_check(&m->schema, &reason) != 0)
		return refusal_set(err, m->id, m->path, todo, "%s", reason.message);
	for (size_t i = 0; i < m->schema.n_rows; i++)
		if (m->rows[i].role == HR_ROLE_REFERENCE)
			return refusal_set(
				err, m->id, m->path, todo,
				"its setting \"%s\" has the role reference, which is the "
				"daemon's own",
				m->rows[i].key);
	return 0;
}

static int check_profile(const struct module *m, unsigned flags, struct hr_error *err)
{
	char todo[160];

	if (m->provider.profile != HR_PROFILE_COMPUTE && m->provider.profile != HR_PROFILE_LOCAL)
		return refusal_set(
			err, m->id, m->path, "install a newer Headroom, or correct the module",
			"it asks for profile %u, this Headroom has compute (1) and local (2)",
			m->provider.profile);
	if (m->provider.profile == HR_PROFILE_COMPUTE || (flags & LOADER_MAY_BE_LOCAL))
		return 0;
	text_format(todo, sizeof(todo),
		    "if you trust it with this machine, add %s to the daemon's local_modules",
		    m->id);
	return refusal_set(err, m->id, m->path, todo,
			   "it asks for profile local (processes on this machine), which is not "
			   "granted to it");
}

int descriptor_check(struct module *module, unsigned flags, struct hr_error *err)
{
	if (check_id(module, err) != 0 || check_operations(module, err) != 0 ||
	    check_texts(module, err) != 0 || check_settings(module, err) != 0 ||
	    hosts_check(module, err) != 0)
		return -1;
	return check_profile(module, flags, err);
}
