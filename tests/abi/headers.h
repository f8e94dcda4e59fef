/* SPDX-License-Identifier: Apache-2.0 */
/* Every header that modules and host have to agree on, byte by byte. Not here: sdk*.h, which are
 * compatible as source only. */
#include <headroom/clock.h>
#include <headroom/crypto.h>
#include <headroom/http.h>
#include <headroom/log.h>
#include <headroom/process.h>
#include <headroom/provider.h>
#include <headroom/random.h>
#include <headroom/secret.h>
