/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets to listen on; opening the TCP one is api_listen in api.h. */
#ifndef HR_API_LISTEN_H
#define HR_API_LISTEN_H

#include "api/api.h"
#include "base/error.h"

/* "127.0.0.1:8460", as the kernel has it. */
int listen_address(int fd, char buf[API_ADDRESS_SIZE], struct hr_error *err);

/* Only its owner may connect (mode 0600); a folder that is missing is made with mode 0700. A socket
 * that nobody answers on is replaced. HR_CONFLICT: another daemon answers there. */
int listen_local(const char *path, int *ret_fd, struct hr_error *err);

#endif
