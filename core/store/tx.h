/* SPDX-License-Identifier: Apache-2.0 */
/* What a transaction is inside the store: for row files only. */
#ifndef HR_STORE_TX_H
#define HR_STORE_TX_H

#include "store/seal.h"
#include "store/sql.h"
#include "store/store.h"

struct tx {
	struct sql *sql;
	bool tells; /* it has added an event */
	/* What events, operations and sessions that are added come from; "" where not known. */
	char request_id[REQUEST_ID_SIZE];
	char operation_id[ID_SIZE];
	char operation_server_id[ID_SIZE];
	const struct seal_key *data_key;
};

#endif
