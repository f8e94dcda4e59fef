/* SPDX-License-Identifier: Apache-2.0 */
/* The few cleanup attributes. Never mixed with goto out for the same resource. */
#ifndef HR_BASE_CLEANUP_H
#define HR_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>

static inline void cleanup_free_pointer(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_json_decref(json_t **json)
{
	json_decref(*json);
}

#define CLEANUP_FREE __attribute__((cleanup(cleanup_free_pointer)))
#define CLEANUP_CLOSE __attribute__((cleanup(cleanup_close_fd)))
#define CLEANUP_JSON __attribute__((cleanup(cleanup_json_decref)))

#endif
