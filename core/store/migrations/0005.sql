-- SPDX-License-Identifier: Apache-2.0
-- Servers on their way are few, and are looked for at every plan and every look: not among all of a pool.
CREATE INDEX servers_on_the_way_pool ON servers (pool_id, rank, id) WHERE rank = 1 AND live = 1;
CREATE INDEX servers_on_the_way_config ON servers (config_id, rank, id) WHERE rank = 1 AND live = 1;
CREATE INDEX servers_on_the_way_provider ON servers (provider_config_id, rank, id)
	WHERE rank = 1 AND live = 1;
