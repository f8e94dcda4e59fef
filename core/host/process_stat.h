/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc says about a process. */
#ifndef HR_HOST_PROCESS_STAT_H
#define HR_HOST_PROCESS_STAT_H

#include <stdint.h>
#include <sys/types.h>

/* State letter and start time out of the text of /proc/PID/stat (the command in it may hold
 * anything, blanks and brackets too). 0, or -1 when it is no such text. Async-signal-safe. */
int process_stat_parse(const char *text, char *ret_state, uint64_t *ret_start_time);

/* Of a process by pid, "self" for pid 0. 0, or -1: there is none. Async-signal-safe. */
int process_stat(pid_t pid, char *ret_state, uint64_t *ret_start_time);

/* Its real uid. 0, or -1: there is none. */
int process_uid(pid_t pid, uid_t *ret_uid);

#endif
