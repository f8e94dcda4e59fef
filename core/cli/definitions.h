/* SPDX-License-Identifier: Apache-2.0 */
/* Definition files: read from disk, scripts that they name put in, sorted by kind. No network. */
#ifndef HR_CLI_DEFINITIONS_H
#define HR_CLI_DEFINITIONS_H

#include <jansson.h>

#include "base/error.h"
#include "model/document.h"

struct definition {
	enum document_kind kind;
	json_t *body;     /* without "kind"; owned */
	const char *name; /* borrowed from body */
	char origin[300]; /* "pools/demo.yaml, definition 2": for messages */
};

/* The caller frees with definitions_free. Lower kinds come first, else the order of the files. */
int definitions_read(const char *path, struct definition **ret_definitions, size_t *ret_n,
		     struct hr_error *err);
void definitions_free(struct definition *definitions, size_t n);

#endif
