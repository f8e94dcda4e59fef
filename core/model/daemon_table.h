/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of the config file, as data. Only for daemon_config.c, and for the
 * check that the manual has them. */
#ifndef HR_MODEL_DAEMON_TABLE_H
#define HR_MODEL_DAEMON_TABLE_H

#include "schema/schema.h"

struct daemon_section {
	const char *name;
	struct schema schema;
};

/* Ends with a section whose name is NULL. */
extern const struct daemon_section daemon_sections[];

#endif
