/* SPDX-License-Identifier: Apache-2.0 */
/* Host service "draft/process": see <headroom/process.h>. */
#ifndef HR_HOST_PROCESS_H
#define HR_HOST_PROCESS_H

#include <headroom/process.h>

extern const struct hr_process_service process_service;

#endif
