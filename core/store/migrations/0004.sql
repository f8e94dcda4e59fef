-- SPDX-License-Identifier: Apache-2.0
-- Heartbeat: each server's own copy of its settings; what its silence has come to (0: heard, 10: missing,
-- 20: beyond dead_after); when that is looked at again. A silent server's cohort is that of a disabled one.
ALTER TABLE servers ADD COLUMN heartbeat INTEGER NOT NULL DEFAULT 0;
ALTER TABLE servers ADD COLUMN missing_after_ms INTEGER NOT NULL DEFAULT 600000;
ALTER TABLE servers ADD COLUMN dead_after_ms INTEGER NOT NULL DEFAULT 3600000;
ALTER TABLE servers ADD COLUMN silence INTEGER NOT NULL DEFAULT 0;
ALTER TABLE servers ADD COLUMN listen_ms INTEGER NOT NULL DEFAULT 9223372036854775807;
CREATE INDEX servers_listen ON servers (listen_ms, id) WHERE heartbeat = 1 AND state = 60;
