/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the daemon lives, serves, and which one it is. */
#include "api/handlers.h"
#include "api/names.h"
#include "store/document_rows.h"

#ifndef HEADROOM_VERSION
#define HEADROOM_VERSION "unknown"
#endif

int health_live(struct exchange *exchange, struct hr_error *err)
{
	return exchange_answer(exchange, json_pack("{ss}", "status", "alive"), err);
}

/* One row read proves that the store can be read. */
static int run_ready(struct tx *tx, struct exchange *exchange, struct hr_error *err)
{
	struct document *documents = NULL;
	size_t n = 0;

	if (document_list(tx, DOCUMENT_ZONE, "", 1, &documents, &n, err) != 0)
		return -1;
	document_list_free(documents, n);
	return exchange_answer(exchange, json_pack("{ss}", "status", "ready"), err);
}

int health_ready(struct exchange *exchange, struct hr_error *err)
{
	if (exchange_read(exchange, run_ready, err) == 0)
		return 0;
	err->http_status = MHD_HTTP_SERVICE_UNAVAILABLE;
	return -1;
}

int health_info(struct exchange *exchange, struct hr_error *err)
{
	return exchange_answer(exchange,
			       json_pack("{ss ss so}", "version", HEADROOM_VERSION, "installation",
					 store_installation(exchange->api->options.store),
					 "started", time_json(exchange->api->started_ms)),
			       err);
}
