/* SPDX-License-Identifier: Apache-2.0 */
/* What headroom-host --describe says: one line of JSON, a description or a refusal. */
#ifndef HR_HOST_DESCRIBE_H
#define HR_HOST_DESCRIBE_H

#include "host/loader.h"

/* Writes it to the descriptor. 0, or -1. */
int describe_module(int fd, const struct module *module);
int describe_refusal(int fd, const struct hr_error *error);

#endif
