/* SPDX-License-Identifier: Apache-2.0 */
/* The report; see report.h. */
#include "conformance/report.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "conformance/tap.h"
#include "provider/manifest.h"

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

int report_write(const char *path, const char *file, const struct registry_module *module,
		 struct hr_error *err)
{
	char digest[MANIFEST_DIGEST_SIZE] = "", now[32] = "";
	const char *slash = strrchr(file, '/');
	CLEANUP_JSON json_t *report = NULL;
	CLEANUP_CLOSE int fd = open(file, O_RDONLY | O_CLOEXEC);
	time_t seconds = time(NULL);
	struct tm utc;
	uint64_t size;

	if (fd < 0 || manifest_digest(fd, digest, &size, err) != 0)
		return error_set_errno(err, errno, "cannot read %s", file);
	if (!gmtime_r(&seconds, &utc) ||
	    strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", &utc) == 0)
		return error_set(err, HR_INTERNAL, "this machine's clock cannot be read");
	report = json_pack("{ss ss ss ss so so so so so}", "file", slash ? slash + 1 : file,
			   "sha256", digest, "at", now, "headroom", HEADROOM_VERSION, "module",
			   text_or_null(module ? module->id : NULL), "version",
			   text_or_null(module ? module->version : NULL), "vendor",
			   text_or_null(module ? module->vendor : NULL), "draft",
			   module ? json_integer(module->draft) : json_null(), "result",
			   tap_result());
	if (!report)
		return error_no_memory(err, "writing the report");
	if (json_dump_file(report, path, JSON_INDENT(2)) != 0)
		return error_set_errno(err, errno, "cannot write %s", path);
	return 0;
}
