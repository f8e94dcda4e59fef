-- SPDX-License-Identifier: Apache-2.0
-- How many commits were made: by it a database that was put back from a backup is known (headroom.newest).
ALTER TABLE installation ADD COLUMN commits INTEGER NOT NULL DEFAULT 0;

-- Instances that no server claims and that were ordered away: the hourly limit of an account key counts them.
CREATE TABLE reapings (
	account_key TEXT NOT NULL,
	instance_id TEXT NOT NULL,
	at_ms INTEGER NOT NULL,
	PRIMARY KEY (account_key, instance_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX reapings_at ON reapings (account_key, at_ms);
