/* SPDX-License-Identifier: Apache-2.0 */
/* Ids and other random values, derived from a seed. A transaction may be run again and must then
 * do the same; so it is handed a seed, never a source of randomness. */
#ifndef HR_BASE_ID_H
#define HR_BASE_ID_H

#include <stddef.h>
#include <stdint.h>

#define ID_SIZE 37 /* a random UUID as text, with its NUL */
#define SEED_SIZE 32
#define REQUEST_ID_SIZE 40 /* of a request to the API */

/* Gives values that follow from the seed alone: same seed, same order of calls, same values. */
struct id_source {
	uint8_t seed[SEED_SIZE];
	uint64_t counter;
};

/* Fills buf with random bytes; 0, or -1 when the system has none. The daemon's is random_system;
 * tests and the simulation give a seeded one. Any thread. */
typedef int (*random_fn)(void *context, void *buf, size_t len);
int random_system(void *context, void *buf, size_t len);

/* A new source, seeded from the given one. 0 or -1. */
int id_source_init(struct id_source *source, random_fn random, void *context);

/* The next len (at most 1024) bytes (SHA-256 in counter mode over the seed). */
void id_source_bytes(struct id_source *source, void *buf, size_t len);

/* A new random UUID (version 4), lower case. */
void id_new(struct id_source *source, char ret_id[ID_SIZE]);

/* Text of len characters from A-Z a-z 0-9 - _ (6 bits each), for secrets; buf holds len + 1. */
void id_secret_text(struct id_source *source, char *buf, size_t len);

/* Whether text has the form of an id. */
int id_valid(const char *text);

#endif
