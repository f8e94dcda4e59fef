-- SPDX-License-Identifier: Apache-2.0
-- The first schema. Times are Unix time in ms; 9223372036854775807 is never. Booleans are 0 and 1.
-- States are the numbers of core/model. Ids are UUIDs as text; '' is none.

CREATE TABLE installation (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	id TEXT NOT NULL,
	machine TEXT NOT NULL,  -- machine id and folder at its making: a copy is known by them
	folder TEXT NOT NULL,
	data_key BLOB NOT NULL, -- wrapped by the master key
	created_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE documents (
	id TEXT PRIMARY KEY,
	kind TEXT NOT NULL,
	name TEXT NOT NULL,
	revision INTEGER NOT NULL,
	created_ms INTEGER NOT NULL,
	changed_ms INTEGER NOT NULL,
	body TEXT NOT NULL,
	UNIQUE (kind, name)
) STRICT;

-- Earlier revisions, while a server refers to them.
CREATE TABLE document_revisions (
	document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
	revision INTEGER NOT NULL,
	name TEXT NOT NULL,
	changed_ms INTEGER NOT NULL,
	body TEXT NOT NULL,
	PRIMARY KEY (document_id, revision)
) STRICT, WITHOUT ROWID;

-- Which document names which.
CREATE TABLE document_references (
	from_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
	to_id TEXT NOT NULL REFERENCES documents (id),
	PRIMARY KEY (from_id, to_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX document_references_to ON document_references (to_id);

CREATE TABLE config_states (
	config_id TEXT PRIMARY KEY,
	surplus_since_ms INTEGER NOT NULL,
	surplus_floor INTEGER NOT NULL,
	last_planned_ms INTEGER NOT NULL,
	paused_until_ms INTEGER NOT NULL,
	pause_step INTEGER NOT NULL,
	pause_reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- instances counts the provider config's servers that are not gone; kept with each server row.
CREATE TABLE account_states (
	provider_config_id TEXT PRIMARY KEY,
	instances INTEGER NOT NULL CHECK (instances >= 0),
	paused_until_ms INTEGER NOT NULL,
	pause_step INTEGER NOT NULL,
	pause_reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE servers (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL UNIQUE,
	pool_id TEXT NOT NULL,
	zone_id TEXT NOT NULL,
	config_id TEXT NOT NULL,
	config_revision INTEGER NOT NULL,
	provider_config_id TEXT NOT NULL,
	provider_revision INTEGER NOT NULL,
	idempotency_token TEXT NOT NULL,
	state INTEGER NOT NULL,
	state_since_ms INTEGER NOT NULL,
	created_ms INTEGER NOT NULL,
	deadline_ms INTEGER NOT NULL,
	provision_deadline_ms INTEGER NOT NULL,
	ready_ms INTEGER NOT NULL,
	enabled INTEGER NOT NULL,
	for_session INTEGER NOT NULL,
	ever_created INTEGER NOT NULL,
	connection_type INTEGER NOT NULL,
	connection_port INTEGER NOT NULL,
	connection_username TEXT NOT NULL,
	max_sessions INTEGER NOT NULL,
	max_users INTEGER NOT NULL,
	reusable INTEGER NOT NULL,
	instance_id TEXT NOT NULL,
	address TEXT NOT NULL,
	provider_port INTEGER NOT NULL,
	token_issued_ms INTEGER NOT NULL,
	token_expires_ms INTEGER NOT NULL,
	checked_in_ms INTEGER NOT NULL,
	host_key TEXT NOT NULL,
	public_key TEXT NOT NULL,
	callback TEXT NOT NULL,
	zone_name TEXT NOT NULL,
	pool_name TEXT NOT NULL,
	sessions INTEGER NOT NULL,
	users INTEGER NOT NULL,
	sessions_ever INTEGER NOT NULL,
	idle_since_ms INTEGER NOT NULL,
	stage TEXT NOT NULL,
	percent INTEGER NOT NULL,
	failure TEXT NOT NULL,
	version INTEGER NOT NULL,
	-- Its config's document has changed since; kept by changes of documents.
	outdated INTEGER NOT NULL,
	-- Not gone; a column, for indexes to be had beside a condition on the state.
	live INTEGER GENERATED ALWAYS AS (CASE WHEN state < 100 THEN 1 ELSE 0 END) STORED,
	-- For the orders of placing: 0 running, 1 on its way, 2 neither.
	rank INTEGER GENERATED ALWAYS AS
		(CASE WHEN state = 60 THEN 0 WHEN state < 60 THEN 1 ELSE 2 END) STORED,
	room INTEGER GENERATED ALWAYS AS
		(CASE WHEN enabled = 1 AND max_sessions > sessions THEN 1 ELSE 0 END) STORED
) STRICT;
CREATE INDEX servers_live ON servers (id) WHERE live = 1;
CREATE INDEX servers_pool ON servers (pool_id, id) WHERE live = 1;
CREATE INDEX servers_config ON servers (config_id, config_revision, id) WHERE live = 1;
CREATE INDEX servers_provider ON servers (provider_config_id, provider_revision, id)
	WHERE live = 1;
CREATE UNIQUE INDEX servers_instance ON servers (provider_config_id, instance_id)
	WHERE live = 1 AND instance_id <> '';
CREATE INDEX servers_spread ON servers (pool_id, rank, sessions, idle_since_ms, id)
	WHERE room = 1 AND live = 1;
CREATE INDEX servers_pack ON servers (pool_id, rank, sessions DESC, idle_since_ms, id)
	WHERE room = 1 AND live = 1;
CREATE INDEX servers_idle_pool
	ON servers (pool_id, state, outdated DESC, idle_since_ms, created_ms, id)
	WHERE sessions = 0 AND idle_since_ms > 0 AND live = 1;
CREATE INDEX servers_idle_config
	ON servers (config_id, state, outdated DESC, idle_since_ms, created_ms, id)
	WHERE sessions = 0 AND idle_since_ms > 0 AND live = 1;
CREATE INDEX servers_deadline ON servers (deadline_ms, id)
	WHERE deadline_ms < 9223372036854775807 AND live = 1;
CREATE INDEX servers_ready ON servers (config_id, ready_ms) WHERE ready_ms > 0;
CREATE INDEX servers_gone ON servers (state_since_ms) WHERE state = 100;

-- Servers not gone that the planner treats alike; kept with each server row.
CREATE TABLE cohorts (
	pool_id TEXT NOT NULL,
	config_id TEXT NOT NULL,
	config_revision INTEGER NOT NULL,
	zone_id TEXT NOT NULL,
	state INTEGER NOT NULL,
	enabled INTEGER NOT NULL,
	idle INTEGER NOT NULL,
	free INTEGER NOT NULL,
	servers INTEGER NOT NULL,
	PRIMARY KEY (pool_id, config_id, config_revision, zone_id, state, enabled, idle, free)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
	sequence INTEGER PRIMARY KEY AUTOINCREMENT,
	id TEXT NOT NULL UNIQUE,
	pool_id TEXT NOT NULL,
	zone_id TEXT NOT NULL,
	user_name TEXT NOT NULL,
	kind INTEGER NOT NULL,
	state INTEGER NOT NULL,
	server_id TEXT NOT NULL,
	queued_ms INTEGER NOT NULL,
	expires_ms INTEGER NOT NULL,
	assigned_ms INTEGER NOT NULL,
	ended_ms INTEGER NOT NULL,
	reason TEXT NOT NULL,
	-- Its server's sessions_ever has it.
	counted INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX sessions_queue ON sessions (pool_id, sequence) WHERE state = 10;
CREATE INDEX sessions_pool ON sessions (pool_id, state, sequence);
CREATE INDEX sessions_server ON sessions (server_id, state, sequence) WHERE server_id <> '';
CREATE INDEX sessions_user ON sessions (user_name, state, sequence);
CREATE INDEX sessions_uncounted ON sessions (server_id)
	WHERE counted = 0 AND state >= 20 AND server_id <> '';
CREATE INDEX sessions_zone ON sessions (zone_id) WHERE state < 30 AND zone_id <> '';
CREATE INDEX sessions_expiry ON sessions (expires_ms)
	WHERE state < 30 AND expires_ms < 9223372036854775807;
CREATE INDEX sessions_ended ON sessions (ended_ms) WHERE state >= 30;

CREATE TABLE operations (
	id TEXT PRIMARY KEY,
	kind INTEGER NOT NULL,
	state INTEGER NOT NULL,
	server_id TEXT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
	provider_config_id TEXT NOT NULL,
	attempt INTEGER NOT NULL,
	failures INTEGER NOT NULL,
	due_ms INTEGER NOT NULL,
	created_ms INTEGER NOT NULL,
	finished_ms INTEGER NOT NULL,
	urgent INTEGER NOT NULL,
	resume_token TEXT NOT NULL,
	percent INTEGER NOT NULL,
	text TEXT NOT NULL,
	error_class INTEGER NOT NULL,
	error TEXT NOT NULL,
	request_id TEXT NOT NULL
) STRICT;
CREATE INDEX operations_due ON operations (urgent, due_ms, id) WHERE state = 10;
CREATE UNIQUE INDEX operations_unfinished ON operations (server_id, kind) WHERE state = 10;
CREATE INDEX operations_server ON operations (server_id, created_ms, id);

CREATE TABLE events (
	number INTEGER PRIMARY KEY AUTOINCREMENT,
	at_ms INTEGER NOT NULL,
	kind TEXT NOT NULL,
	pool_id TEXT NOT NULL,
	config_id TEXT NOT NULL,
	server_id TEXT NOT NULL,
	session_id TEXT NOT NULL,
	message TEXT NOT NULL
) STRICT;
CREATE INDEX events_pool ON events (pool_id, number) WHERE pool_id <> '';
CREATE INDEX events_server ON events (server_id, number) WHERE server_id <> '';
CREATE INDEX events_session ON events (session_id, number) WHERE session_id <> '';

CREATE TABLE secrets (
	owner_table TEXT NOT NULL,
	owner_id TEXT NOT NULL,
	field TEXT NOT NULL,
	sealed BLOB NOT NULL, -- nonce, AES-256-GCM ciphertext, tag
	PRIMARY KEY (owner_table, owner_id, field)
) STRICT, WITHOUT ROWID;

CREATE TABLE api_tokens (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	role INTEGER NOT NULL,
	hash BLOB NOT NULL UNIQUE,
	created_ms INTEGER NOT NULL,
	expires_ms INTEGER NOT NULL,
	revoked_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX api_tokens_name ON api_tokens (name) WHERE revoked_ms = 0;
