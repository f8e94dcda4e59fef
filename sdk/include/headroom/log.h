/* SPDX-License-Identifier: Apache-2.0 */
/* headroom/log.h - host service "log/1": lines in the daemon's log. The host adds account, server
 * and operation, and masks secret settings. */
#ifndef HEADROOM_LOG_H
#define HEADROOM_LOG_H

#include <headroom/provider.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HR_LOG_SERVICE "log/1"

enum { HR_LOG_ERROR = 3, HR_LOG_WARNING = 4, HR_LOG_INFO = 6, HR_LOG_DEBUG = 7 };

struct hr_log_service {
	uint64_t size;
	/* One line, UTF-8, at most 4096 bytes (more is cut).
	 * [this call] [in call] [no wait] [no errors] */
	void (*write)(const struct hr_call *call, int32_t level, struct hr_span text);
};

#ifdef __cplusplus
}
#endif
#endif
