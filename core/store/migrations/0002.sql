-- SPDX-License-Identifier: Apache-2.0
-- Brakes: which config an operation is counted for, when it was first sent (0: not yet), and whether
-- a person ordered it; how many servers of a config failed in a row.
ALTER TABLE operations ADD COLUMN config_id TEXT NOT NULL DEFAULT '';
ALTER TABLE operations ADD COLUMN started_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE operations ADD COLUMN by_person INTEGER NOT NULL DEFAULT 0;
UPDATE operations SET config_id =
	(SELECT servers.config_id FROM servers WHERE servers.id = operations.server_id);
UPDATE operations SET started_ms = created_ms WHERE attempt > 0 OR resume_token <> '';
CREATE INDEX operations_started ON operations (config_id, kind, started_ms)
	WHERE started_ms > 0 AND by_person = 0;
CREATE INDEX operations_waiting ON operations (config_id) WHERE state = 10 AND started_ms = 0;
ALTER TABLE config_states ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
