/* SPDX-License-Identifier: Apache-2.0 */
/* The part of a snapshot that names servers. */
#ifndef HR_ENGINE_SNAPSHOT_SERVERS_H
#define HR_ENGINE_SNAPSHOT_SERVERS_H

#include "engine/snapshot.h"

/* Index of the config in the snapshot, or PLAN_NO_CONFIG. */
size_t snapshot_config_index(const struct snapshot *snapshot, const char *config_id);

/* Servers that could seat the queue, with who is on them. */
int snapshot_load_seats(struct tx *tx, struct snapshot *snapshot, struct hr_error *err);

/* Idle servers in the order of removal, and planned ones, newest first. */
int snapshot_load_idle(struct tx *tx, struct snapshot *snapshot, struct hr_error *err);
int snapshot_load_planned(struct tx *tx, struct snapshot *snapshot, struct hr_error *err);

#endif
