-- SPDX-License-Identifier: Apache-2.0
-- How many commits were made: by it a database that was put back from a backup is known (headroom.newest).
ALTER TABLE installation ADD COLUMN commits INTEGER NOT NULL DEFAULT 0;
