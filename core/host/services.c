/* SPDX-License-Identifier: Apache-2.0 */
/* The table of host services, and those that are only a few lines: log and clock. */
#include "host/services.h"

#include <string.h>

#include <headroom/clock.h>
#include <headroom/crypto.h>
#include <headroom/log.h>
#include <headroom/process.h>
#include <headroom/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "host/call.h"
#include "host/crypto.h"
#include "host/process.h"
#include "host/random.h"

#define LOG_TEXT_MAX 4096

static enum log_level level_of(int32_t level)
{
	if (level <= HR_LOG_ERROR)
		return LOG_LEVEL_ERROR;
	if (level <= HR_LOG_WARNING)
		return LOG_LEVEL_WARNING;
	return level <= HR_LOG_INFO ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
}

static void log_write(const struct hr_call *abi, int32_t level, struct hr_span text)
{
	const struct call *call = call_of(abi);
	const char *server = call->subject.server;
	const struct log_subject subject = {
		.account = call->subject.account,
		.server = server && server[0] != '\0' ? server : NULL,
		.operation = call->subject.operation,
	};
	char masked[LOG_TEXT_MAX + 1];

	if (!log_enabled(level_of(level)))
		return;
	call_text(call, text, masked, sizeof(masked));
	log_line(level_of(level), &subject, "%s: %s", call->subject.module->id, masked);
}

static int64_t clock_wall_ms(void)
{
	return clock_now().wall_ms;
}

static int64_t clock_monotonic_ms(void)
{
	return clock_now().mono_ms;
}

static const struct hr_log_service log_service = {
	.size = sizeof(log_service),
	.write = log_write,
};

static const struct hr_clock_service clock_service = {
	.size = sizeof(clock_service),
	.wall_ms = clock_wall_ms,
	.monotonic_ms = clock_monotonic_ms,
};

static const void *service_any(const struct hr_host *host, const char *name)
{
	(void)host;
	if (strcmp(name, HR_LOG_SERVICE) == 0)
		return &log_service;
	if (strcmp(name, HR_CLOCK_SERVICE) == 0)
		return &clock_service;
	if (strcmp(name, HR_RANDOM_SERVICE) == 0)
		return &random_service;
	if (strcmp(name, HR_CRYPTO_SERVICE) == 0)
		return &crypto_service;
	return NULL;
}

static const void *service_local(const struct hr_host *host, const char *name)
{
	if (strcmp(name, HR_PROCESS_SERVICE) == 0)
		return &process_service;
	return service_any(host, name);
}

#define HOST_WITH(function)                                                                   \
	{                                                                                     \
		.magic = HR_ABI_MAGIC, .abi_major = HR_ABI_MAJOR, .abi_minor = HR_ABI_MINOR,  \
		.size = sizeof(struct hr_host), .draft = HR_ABI_DRAFT, .service = (function), \
	}

const struct hr_host *services_host(uint32_t profile)
{
	static const struct hr_host compute = HOST_WITH(service_any);
	static const struct hr_host local = HOST_WITH(service_local);

	return profile == HR_PROFILE_LOCAL ? &local : &compute;
}
