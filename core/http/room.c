/* SPDX-License-Identifier: Apache-2.0 */
/* See room.h. */
#include "http/room.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "http/http.h"

struct http_room {
	atomic_int references;
	atomic_size_t taken;
};

struct http_room *room_new(void)
{
	struct http_room *room = calloc(1, sizeof(*room));

	if (room) {
		atomic_init(&room->references, 1);
		atomic_init(&room->taken, 0);
	}
	return room;
}

struct http_room *room_hold(struct http_room *room)
{
	atomic_fetch_add(&room->references, 1);
	return room;
}

void room_release(struct http_room *room)
{
	if (room && atomic_fetch_sub(&room->references, 1) == 1)
		free(room);
}

bool room_take(struct http_room *room, size_t bytes)
{
	size_t before = atomic_load(&room->taken);

	do
		if (bytes > HTTP_ACCOUNT_BYTES_MAX - before)
			return false;
	while (!atomic_compare_exchange_weak(&room->taken, &before, before + bytes));
	return true;
}

void room_give_back(struct http_room *room, size_t bytes)
{
	atomic_fetch_sub(&room->taken, bytes);
}
