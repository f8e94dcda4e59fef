-- SPDX-License-Identifier: Apache-2.0
-- Because of what: the id of the API's request that an operation, a session or an event comes from, and
-- the operation that an event belongs to.
ALTER TABLE operations ADD COLUMN cause TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN cause TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN operation_id TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN request_id TEXT NOT NULL DEFAULT '';
