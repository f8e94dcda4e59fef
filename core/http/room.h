/* SPDX-License-Identifier: Apache-2.0 */
/* How many bytes of bodies an account has in memory: those of requests until these are answered,
 * those of answers until they are freed. Together at most HTTP_ACCOUNT_BYTES_MAX, whatever a module
 * asks for. Any thread. */
#ifndef HR_HTTP_ROOM_H
#define HR_HTTP_ROOM_H

#include <stdbool.h>
#include <stddef.h>

/* Counted references: answers outlive their account. */
struct http_room;

/* NULL: no memory. */
struct http_room *room_new(void);
struct http_room *room_hold(struct http_room *room);
void room_release(struct http_room *room); /* NULL is allowed */

/* false, and nothing is taken: there is no room for them now. */
bool room_take(struct http_room *room, size_t bytes);
void room_give_back(struct http_room *room, size_t bytes);

#endif
