/* SPDX-License-Identifier: Apache-2.0 */
/* headroom/secret.h - host service "secret/1": the value of a secret setting now. A setting may be
 * a value or a reference that the daemon resolves anew each time, so that a rotated key or a
 * projected token is seen without a restart. */
#ifndef HEADROOM_SECRET_H
#define HEADROOM_SECRET_H

#include <headroom/provider.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HR_SECRET_SERVICE "secret/1"

struct hr_secret_service {
	uint64_t size;
	/* key: of a setting of type HR_TYPE_SECRET. The value is memory of the call's arena, wiped
	 * at its end; unset: empty. HR_OK; HR_INVALID (no such secret setting, or its reference
	 * cannot be resolved), details set.
	 * [this call] [in call] [blocks]
	 * [errors: invalid, cancelled, internal] */
	int32_t (*get)(const struct hr_call *call, struct hr_span key, struct hr_span *ret_value);
};

#ifdef __cplusplus
}
#endif
#endif
