/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of conformance, each of which prints its lines. */
#ifndef HR_CONFORMANCE_CHECKS_H
#define HR_CONFORMANCE_CHECKS_H

#include "conformance/subject.h"

/* The file: what it exports and how it is linked. Nothing of it is run. */
void check_file(const char *path);

/* A whole life without faults. Whether it went well enough for what follows. */
bool check_life(struct subject *subject);

/* Each request of each operation meets each fault in turn; then the step is called again until it is done,
 * and a complete list has to show one instance, or none. */
void check_faults(struct subject *subject);

/* The call's memory runs out at each of its requests in turn. In a child, of its own subject. */
void check_memory(const struct subject_options *options);

/* One life here, and one in a sandboxed process as the daemon has it: they have to be the same. */
void check_process(struct subject *subject);

/* Eight accounts at once, each with a life as that of one. */
void check_parallel(const struct subject_options *options);

/* The manifest beside the file, where there is one. */
void check_manifest(const struct subject *subject);

/* What holds whatever happens: see the lines. */
void check_laws(struct subject *subject);

#endif
