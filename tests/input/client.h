/* SPDX-License-Identifier: Apache-2.0 */
/* A client of the daemon that may send what no proper client sends. Not here: what is sent. */
#ifndef TESTS_INPUT_CLIENT_H
#define TESTS_INPUT_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#define CLIENT_WAIT_MS 60000

/* To "127.0.0.1:8460", or to a unix socket where the address begins with "/"; from ("" or NULL: any)
 * is the address of our end, of 127.0.0.0/8. Gives the descriptor, -1 with errno. */
int client_connect(const char *address, const char *from);

/* All of it; false where the other side has closed. */
bool client_send(int fd, const void *bytes, size_t len);

/* One answer's first line and body. The caller frees *ret_body ("" where there is none). Gives the
 * status; 0: closed without an answer; -1: nothing came within CLIENT_WAIT_MS. */
int client_answer(int fd, char **ret_body);

/* "422 field: detail" of a problem, "200" of any other; the caller frees. */
char *client_told(int status, const char *body);

#endif
