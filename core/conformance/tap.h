/* SPDX-License-Identifier: Apache-2.0 */
/* What is printed: the Test Anything Protocol, a line for each thing that is proved. */
#ifndef HR_CONFORMANCE_TAP_H
#define HR_CONFORMANCE_TAP_H

#include <stdbool.h>

#include <jansson.h>

/* "ok N - WHAT" or "not ok N - WHAT"; gives ok back. */
bool tap_ok(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "ok N - WHAT # SKIP WHY": does not apply to this module, or could not be brought about. */
void tap_skip(const char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "# TEXT": more of the line before. */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Runs it in a process of its own, since the module may end that; its lines come out here. Whether it came to
 * its end. what: the line that is not ok where it did not. */
bool tap_in_child(void (*run)(void *context), void *context, const char *what);

/* The plan and a summary. Whether all was ok. */
bool tap_end(void);

/* Counts and lines, for a report: {"passed", "failed", "skipped", "lines": [{"line", "result", "note"?}]}. The
 * caller's; NULL: no memory. */
json_t *tap_result(void);

#endif
