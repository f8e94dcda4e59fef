-- SPDX-License-Identifier: Apache-2.0
-- Operations of an account without a free place are passed over, however many they are, within the index.
DROP INDEX operations_due;
CREATE INDEX operations_due ON operations (urgent, due_ms, id, provider_config_id, kind) WHERE state = 10;
