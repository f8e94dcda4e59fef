/* SPDX-License-Identifier: Apache-2.0 */
/* The backend of a module that runs in the calling process: its requests and secrets, done here. */
#ifndef HR_PROVIDER_INLINE_BACKEND_H
#define HR_PROVIDER_INLINE_BACKEND_H

#include "host/backend.h"
#include "provider/account_services.h"

struct inline_backend {
	struct host_backend functions; /* context is the backend itself: it must not move */
	struct account_services services;
	struct secret_rules secrets;
};

/* As account_services_open; closed also after an error. */
int inline_backend_open(struct inline_backend *backend,
			const struct account_services_options *options, const json_t *settings,
			struct hr_error *err);
void inline_backend_close(struct inline_backend *backend);

#endif
