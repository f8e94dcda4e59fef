/* SPDX-License-Identifier: Apache-2.0 */
/* The list of a server row's columns, for server_rows.c and server_query.c. */
#ifndef HR_STORE_SERVER_COLUMNS_H
#define HR_STORE_SERVER_COLUMNS_H

#include "model/server.h"
#include "store/row.h"

/* clang-format off */
#define SERVER_REST(X) \
	X(ROW_TEXT, name, name) \
	X(ROW_TEXT, pool_id, pool_id) \
	X(ROW_TEXT, zone_id, zone_id) \
	X(ROW_TEXT, config_id, config_id) \
	X(ROW_INT64, config_revision, config_revision) \
	X(ROW_TEXT, provider_config_id, provider_config_id) \
	X(ROW_INT64, provider_revision, provider_revision) \
	X(ROW_TEXT, idempotency_token, idempotency_token) \
	X(ROW_INT32, state, state) \
	X(ROW_INT64, state_since_ms, state_since_ms) \
	X(ROW_INT64, created_ms, created_ms) \
	X(ROW_INT64, deadline_ms, deadline_ms) \
	X(ROW_INT64, provision_deadline_ms, provision_deadline_ms) \
	X(ROW_INT64, ready_ms, ready_ms) \
	X(ROW_BOOL, enabled, enabled) \
	X(ROW_BOOL, for_session, for_session) \
	X(ROW_BOOL, ever_created, ever_created) \
	X(ROW_INT32, connection_type, settings.connection_type) \
	X(ROW_INT64, connection_port, settings.connection_port) \
	X(ROW_TEXT, connection_username, settings.connection_username) \
	X(ROW_INT64, max_sessions, settings.max_sessions) \
	X(ROW_INT64, max_users, settings.max_users) \
	X(ROW_BOOL, reusable, settings.reusable) \
	X(ROW_BOOL, heartbeat, settings.heartbeat) \
	X(ROW_INT64, missing_after_ms, settings.missing_after_ms) \
	X(ROW_INT64, dead_after_ms, settings.dead_after_ms) \
	X(ROW_TEXT, instance_id, instance_id) \
	X(ROW_TEXT, address, address) \
	X(ROW_INT64, provider_port, provider_port) \
	X(ROW_INT64, token_issued_ms, token_issued_ms) \
	X(ROW_INT64, token_expires_ms, token_expires_ms) \
	X(ROW_INT64, checked_in_ms, checked_in_ms) \
	X(ROW_TEXT, host_key, host_key) \
	X(ROW_TEXT, public_key, public_key) \
	X(ROW_TEXT, callback, callback) \
	X(ROW_TEXT, zone_name, zone_name) \
	X(ROW_TEXT, pool_name, pool_name) \
	X(ROW_INT64, sessions, sessions) \
	X(ROW_INT64, users, users) \
	X(ROW_INT64, sessions_ever, sessions_ever) \
	X(ROW_INT64, idle_since_ms, idle_since_ms) \
	X(ROW_TEXT, stage, stage) \
	X(ROW_INT64, percent, percent) \
	X(ROW_TEXT, failure, failure) \
	X(ROW_INT32, silence, silence) \
	X(ROW_INT64, listen_ms, listen_ms) \
	X(ROW_INT64, version, version)
/* clang-format on */
#define SERVER_COLUMNS "id" SERVER_REST(ROW_NAME)

extern const struct row_shape server_shape;

#endif
