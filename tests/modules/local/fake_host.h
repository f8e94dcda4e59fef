/* SPDX-License-Identifier: Apache-2.0 */
/* A host for the module local: calls that remember what they were told, the services that it
 * needs, and places where the host "crashes". */
#ifndef TEST_FAKE_HOST_H
#define TEST_FAKE_HOST_H

#include <stdbool.h>
#include <sys/types.h>

#include <headroom/provider.h>

/* What a call was told. */
struct fake_call {
	struct hr_call call; /* first */
	char message[2048], setting[64], instance[128], token[4097], text[256];
	int64_t delay_ms;
	bool cancel;
	int64_t remaining_ms;
	void *blocks[64];
	unsigned n_blocks;
};

enum crash { CRASH_NOT, CRASH_BEFORE_START, CRASH_AFTER_START };

extern const struct hr_host fake_host;
extern enum crash fake_crash; /* the process service kills its own process there */

/* Where this host has the module's file, beside which its program is looked for; NULL: the build's. */
extern const char *fake_module;
extern unsigned fake_n_starts;   /* programs started */
extern const char *fake_missing; /* name of a service that is not offered */

void fake_call_init(struct fake_call *call);
void fake_call_free(struct fake_call *call);

/* A folder whose servers run with an unprivileged uid (as root, not root). closed: as root, the
 * folder above it is closed to that uid. Below $TMPDIR; remove with folder_remove. */
void fake_folder_make(char *ret_base, size_t base_size, char *ret_state, size_t state_size,
		      bool closed);
void fake_folder_remove(const char *base);

#endif
