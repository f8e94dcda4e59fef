/* SPDX-License-Identifier: Apache-2.0 */
/* A listener that takes the check-in of startup scripts. */
#ifndef TEST_CHECKIN_H
#define TEST_CHECKIN_H

/* Listens on 127.0.0.1 and answers each request with 204, but the first that says "running" with
 * 503, or all with status when that is not 0. Gives its port. */
unsigned checkin_listen(int status);

/* All requests so far, one after the other; valid until the next call. */
const char *checkin_requests(void);

/* How often word stands in them. */
unsigned checkin_count(const char *word);

#endif
