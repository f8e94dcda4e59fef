/* SPDX-License-Identifier: Apache-2.0 */
/* Brakes that the seed chose: hourly limits of configs, and times at which the administrator stops
 * new servers or all changes. What is sent is held against them. */
#ifndef HR_SIM_BRAKES_H
#define HR_SIM_BRAKES_H

#include "model/operation.h"
#include "world.h"

/* Chosen by the seed, from a stream of its own; before the documents are made. */
void brakes_make(struct world *world);

/* Lays a config's limits, if it has any, over its input. */
void brakes_add(const struct world *world, size_t config, json_t *input);

/* ENGINE_STOP_* of the present moment; the context is the world. */
unsigned brakes_stops(void *context);

/* A step of this operation is being sent, with the row as it is stored. */
void brakes_check(struct world *world, const struct operation *operation);

#endif
