/* SPDX-License-Identifier: Apache-2.0 */
/* What a dispatcher answered, as text: the inline one and the one by process must have said the same
 * (transcripts.sh compares). Within a test, lines are in the order of the requests. Tests that are
 * about what differs (a hang costs a worker or a process) say so and are left out by name. */
#ifndef TESTS_UNIT_PROVIDER_TRANSCRIPT_H
#define TESTS_UNIT_PROVIDER_TRANSCRIPT_H

#include "provider/dispatch.h"

/* In main: begins the file SUITE.transcript beside the test program; without HEADROOM_BUILDDIR there
 * is none. */
void transcript_open(const char *suite);

/* In the fixture, around each test. */
void transcript_begin(void);
void transcript_end(void);

void transcript_add(const struct dispatch_answer *answer);
void transcript_leave_out(const char *test);

/* What no two runs share, in this test's lines: "RANDOM" stands for it. */
void transcript_mask(const char *text);

/* Of this test's instances only whether there is a port and a time of creation, which no two runs share. */
void transcript_hide_places(void);

/* The last answer is one of as many as its time made necessary. */
void transcript_drop(void);

#endif
