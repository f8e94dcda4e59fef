/* SPDX-License-Identifier: Apache-2.0 */
/* Servers found and shown. */
#ifndef HR_API_SERVERS_H
#define HR_API_SERVERS_H

#include <jansson.h>

#include "api/names.h"
#include "model/server.h"
#include "store/store.h"

/* By id or name, gone ones too. HR_NOT_FOUND. */
int server_find(struct tx *tx, const char *name_or_id, struct server *ret, struct hr_error *err);

#endif
