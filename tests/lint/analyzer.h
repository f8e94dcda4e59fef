/* SPDX-License-Identifier: Apache-2.0 */
/* What clang's analyzer cannot see, as it reads one source at a time: a function that fills an error gives
 * -1. make lint puts this before every source but error.c. */
#ifndef HR_LINT_ANALYZER_H
#define HR_LINT_ANALYZER_H

#include "base/error.h"

/* What stands alone leaves the -1 unused. */
#pragma clang diagnostic ignored "-Wunused-value"

#define error_set(...) ((void)error_set(__VA_ARGS__), -1)
#define error_setv(...) ((void)error_setv(__VA_ARGS__), -1)
#define error_set_field(...) ((void)error_set_field(__VA_ARGS__), -1)
#define error_no_memory(...) ((void)error_no_memory(__VA_ARGS__), -1)
#define error_set_errno(...) ((void)error_set_errno(__VA_ARGS__), -1)
#define error_prefix(...) ((void)error_prefix(__VA_ARGS__), -1)

#endif
