/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a request's headers say one thing only. A proxy before us may read an ambiguous one otherwise
 * than we do, and take for a body what we take for the next request (RFC 9112, 6.3 and 11.2). */
#ifndef HR_API_FRAMING_H
#define HR_API_FRAMING_H

#include "base/error.h"

struct MHD_Connection;

/* HR_INVALID with status 400: two lengths, a length beside an encoding, an encoding other than
 * chunked, two hosts, a header's name with white space in it. The connection must be closed after
 * the answer: where the next request begins is not known. */
int framing_check(struct MHD_Connection *connection, struct hr_error *err);

#endif
