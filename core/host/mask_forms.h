/* SPDX-License-Identifier: Apache-2.0 */
/* How else a secret's text may stand in a text: in a URL, in JSON, in Base64. Not here: which texts are
 * looked through (core/host/mask.c). */
#ifndef HR_HOST_MASK_FORMS_H
#define HR_HOST_MASK_FORMS_H

#include <stddef.h>

/* Gives each form of the len bytes that is another text than they are to `add`, until that is not 0;
 * forms may come twice. Of Base64 also what stays the same inside a longer text, such as "user:secret".
 * What is so short that it would be found everywhere is left out. 0; what add gave; -1: no memory. */
int mask_forms(const char *secret, size_t len,
	       int (*add)(void *context, const char *form, size_t len), void *context);

#endif
