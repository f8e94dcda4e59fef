/* SPDX-License-Identifier: Apache-2.0 */
/* Where `make check-kill` ends the process: at every write to the store and every frame of the channel.
 * Only its own builds of daemon and host (tests/kill/Makefile.inc) define HR_KILL_POINTS; in all others
 * nothing is left of these lines. What a point does is in tests/kill/kill_point.c. */
#ifndef HR_BASE_KILL_POINT_H
#define HR_BASE_KILL_POINT_H

#ifdef HR_KILL_POINTS

enum kill_moment { KILL_BEFORE, KILL_AFTER, KILL_SENDING, KILL_SENT, KILL_RECEIVED };

struct job_list; /* the store's */

/* Any thread. The caller may hold locks: whoever is killed keeps them for nobody. */
void kill_point_writes(const struct job_list *list, enum kill_moment moment);
void kill_point_frame(int wire_kind, enum kill_moment moment);

#define KILL_POINT_WRITES(list, moment) kill_point_writes(list, moment)
#define KILL_POINT_FRAME(kind, moment) kill_point_frame((int)(kind), moment)

#else

#define KILL_POINT_WRITES(list, moment) ((void)0)
#define KILL_POINT_FRAME(kind, moment) ((void)0)

#endif

#endif
