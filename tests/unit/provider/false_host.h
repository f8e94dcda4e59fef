/* SPDX-License-Identifier: Apache-2.0 */
/* A process in headroom-host's place that says over its channel what no honest one says: what a
 * module that has taken its process over could do. */
#ifndef TESTS_UNIT_PROVIDER_FALSE_HOST_H
#define TESTS_UNIT_PROVIDER_FALSE_HOST_H

/* Serves the channel, descriptor 3, by itself. What it does is the setting "region" of the module
 * mock in the OPEN that it gets (false_host.c has the names); then, at an operation, that. */
_Noreturn void false_host_run(void);

#endif
