/* SPDX-License-Identifier: Apache-2.0 */
/* Host service "crypto/1": see <headroom/crypto.h>. */
#ifndef HR_HOST_CRYPTO_H
#define HR_HOST_CRYPTO_H

#include <headroom/crypto.h>

extern const struct hr_crypto_service crypto_service;

#endif
