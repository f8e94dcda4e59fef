/* SPDX-License-Identifier: Apache-2.0 */
/* Every route's handler, named as in the table. */
#ifndef HR_API_HANDLERS_H
#define HR_API_HANDLERS_H

#include "api/exchange.h"

/* documents.c: zones, pools, autoscale configs, provider configs. */
int documents_list(struct exchange *exchange, struct hr_error *err);
int documents_get(struct exchange *exchange, struct hr_error *err);
int documents_create(struct exchange *exchange, struct hr_error *err);
int documents_put(struct exchange *exchange, struct hr_error *err);
int documents_patch(struct exchange *exchange, struct hr_error *err);
int documents_delete(struct exchange *exchange, struct hr_error *err);

/* pool_status.c */
int pools_status(struct exchange *exchange, struct hr_error *err);

/* providers.c */
int providers_list(struct exchange *exchange, struct hr_error *err);
int providers_show(struct exchange *exchange, struct hr_error *err);
int providers_schema(struct exchange *exchange, struct hr_error *err);
int provider_configs_check(struct exchange *exchange, struct hr_error *err);

/* servers.c */
int servers_list(struct exchange *exchange, struct hr_error *err);
int servers_get(struct exchange *exchange, struct hr_error *err);
int servers_drain(struct exchange *exchange, struct hr_error *err);
int servers_destroy(struct exchange *exchange, struct hr_error *err);

/* sessions.c */
int sessions_create(struct exchange *exchange, struct hr_error *err);
int sessions_list(struct exchange *exchange, struct hr_error *err);
int sessions_get(struct exchange *exchange, struct hr_error *err);
int sessions_stay(struct exchange *exchange, struct hr_error *err);
int sessions_delete(struct exchange *exchange, struct hr_error *err);
int sessions_connection(struct exchange *exchange, struct hr_error *err);

/* events.c, tokens.c */
int events_list(struct exchange *exchange, struct hr_error *err);
int tokens_list(struct exchange *exchange, struct hr_error *err);
int tokens_create(struct exchange *exchange, struct hr_error *err);
int tokens_delete(struct exchange *exchange, struct hr_error *err);

/* set_server_status.c */
int set_server_status(struct exchange *exchange, struct hr_error *err);
void set_server_status_answered(struct exchange *exchange);

/* metrics.c, health.c */
int metrics_get(struct exchange *exchange, struct hr_error *err);
int health_live(struct exchange *exchange, struct hr_error *err);
int health_ready(struct exchange *exchange, struct hr_error *err);
int health_info(struct exchange *exchange, struct hr_error *err);

#endif
