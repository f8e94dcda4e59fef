/* SPDX-License-Identifier: Apache-2.0 */
/* A loaded module as a description. The strings are the module's own. */
#include "host/describe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/kill_point.h"
#include "host/signal_head.h"
#include "provider/description.h"
#include "provider/wire_json.h"

/* Of the process: a signal handler has no other context. */
static int signal_fd = -1;

static char *text(const char *constant)
{
	return (char *)(uintptr_t)constant;
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		bytes += n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_message(int fd, enum wire_kind kind, const void *value)
{
	CLEANUP_FREE char *line = wire_json_write(kind, value);
	int rc;

	if (!line)
		return -1;
	KILL_POINT_FRAME(kind, KILL_SENDING);
	rc = write_all(fd, line, strlen(line));
	if (rc == 0)
		rc = write_all(fd, "\n", 1);
	KILL_POINT_FRAME(kind, KILL_SENT);
	return rc;
}

struct describe_file describe_look(const char *path)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct describe_file file = {0};

	if (fd < 0 || manifest_digest(fd, file.sha256, &file.size, NULL) != 0)
		return (struct describe_file){0};
	return file;
}

int describe_module(int fd, const struct module *module, const struct describe_file *file)
{
	const struct hr_provider *p = &module->provider;
	const struct description description = {
		.module = text(p->id),
		.title = text(p->title),
		.version = text(p->version),
		.vendor = text(p->vendor),
		.url = text(p->url),
		.licence = text(p->licence),
		.file_sha256 = file->sha256[0] != '\0' ? text(file->sha256) : NULL,
		.file_size = file->size,
		.abi_major = p->abi_major,
		.abi_minor = p->abi_minor,
		.draft = p->draft,
		.thread_model = p->thread_model,
		.max_concurrency = p->max_concurrency,
		.profile = p->profile,
		.capabilities = p->capabilities,
		.linux_scripts = p->linux_scripts,
		.windows_scripts = p->windows_scripts,
		.script_max = p->script_max,
		.script_encoded_max = p->script_encoded_max,
		.rate_per_minute = p->rate_per_minute,
		.rate_burst = p->rate_burst,
		.operations = (p->inject ? DESCRIPTION_INJECT : 0u) |
			      (p->discover ? DESCRIPTION_DISCOVER : 0u) |
			      (p->start ? DESCRIPTION_START : 0u) |
			      (p->stop ? DESCRIPTION_STOP : 0u),
		.settings = module->rows,
		.n_settings = module->schema.n_rows,
		.hosts = module->hosts,
		.n_hosts = p->n_hosts,
	};

	return write_message(fd, WIRE_DESCRIPTION, &description);
}

int describe_refusal(int fd, const struct hr_error *error)
{
	const struct wire_refused refused = {.error = *error};

	return write_message(fd, WIRE_REFUSED, &refused);
}

void describe_signals_to(int fd)
{
	signal_fd = fd;
}

void describe_forbidden(const char *name, unsigned count)
{
	static _Atomic(const char *) last;
	static atomic_uint last_count;
	char line[SIGNAL_HEAD_SIZE + 1];
	size_t len;

	/* A loop around one call is one line (names are constants); an attempt changes the count. */
	if (name == last && count == last_count)
		return;
	last = name;
	last_count = count;
	len = signal_head_forbidden(line, name, count);
	line[len] = '\n';
	(void)write_all(signal_fd, line, len + 1);
}

void describe_exhausted(unsigned limit_mib)
{
	char line[SIGNAL_HEAD_SIZE + 1];
	size_t len = signal_head_exhausted(line, limit_mib);

	line[len] = '\n';
	(void)write_all(signal_fd, line, len + 1);
}
