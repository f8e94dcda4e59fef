/* SPDX-License-Identifier: Apache-2.0 */
/* The check-in: the call by which a server says that it is ready, and the token that names it. */
#ifndef HR_ENGINE_CHECKIN_H
#define HR_ENGINE_CHECKIN_H

#include "engine/life.h"
#include "store/store.h"

/* JWT (HS256) for the server, from its own row's times and the installation's key: the same text
 * at each call. The caller wipes and frees. */
int checkin_token_make(struct tx *tx, const struct server *server, char **ret_token,
		       struct hr_error *err);

/* Makes the installation's signing key where there is none yet (start-up). */
int checkin_key_ensure(struct tx *tx, struct id_source *ids, struct hr_error *err);

/* What a server sent, already parsed from JSON (docs/checkin.md). */
struct checkin {
	const char *token;
	const char *status;       /* "running", "failed", or any other: progress */
	const char *message;      /* or NULL */
	int64_t percent;          /* -1: not given */
	const char *ssh_host_key; /* or NULL */
};

/* Verifies the token (HR_AUTH: wrong, expired, forged, alg none, of a server that is gone, of
 * another installation; the reason is for the log, the answer to the caller is one text) and
 * applies the check-in. The first `running` makes the server running and seats the queue. */
int checkin_apply(struct tx *tx, struct life_context *context, const struct checkin *checkin,
		  struct server *ret_server, struct hr_error *err);

#endif
