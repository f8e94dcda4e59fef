/* SPDX-License-Identifier: Apache-2.0 */
/* What a create sends, rendered from the server's row and the revisions that it names. */
#ifndef HR_ENGINE_CREATE_REQUEST_H
#define HR_ENGINE_CREATE_REQUEST_H

#include "model/server.h"
#include "provider/dispatch.h"
#include "store/store.h"

/* How servers reach this daemon when their zone has no address of its own. Borrowed. */
struct create_address {
	const char *own_address; /* host:port */
	const char *own_scheme;
};

/* Fills the step of any operation from the row: ids, name, token, instance. */
void step_from_server(const struct server *server, struct dispatch_step *ret_step);

/* Renders the startup script, check-in token included, and gives the guest's system (HR_GUEST_*).
 * The first time it puts what is not revisioned (address, names of zone and pool) on *server, which
 * the caller writes. HR_INVALID: the script cannot be rendered. The caller wipes and frees
 * *ret_script. */
int create_request_render(struct tx *tx, struct server *server,
			  const struct create_address *address, char **ret_script,
			  uint32_t *ret_guest_os, struct hr_error *err);

#endif
