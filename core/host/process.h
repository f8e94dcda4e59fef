/* SPDX-License-Identifier: Apache-2.0 */
/* Host service "draft/process": see <headroom/process.h>. */
#ifndef HR_HOST_PROCESS_H
#define HR_HOST_PROCESS_H

#include <headroom/process.h>

extern const struct hr_process_service process_service;

/* From now on everything that is asked of the service is done by the spawner at the other end of
 * that socket (core/host/spawner.h), which stays the caller's. -1: by this process again. Before
 * the first operation. */
void process_use_spawner(int fd);

#endif
