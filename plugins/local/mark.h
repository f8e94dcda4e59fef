/* SPDX-License-Identifier: Apache-2.0 */
/* A server's mark: the file in its folder that says whose it is. */
#ifndef LOCAL_MARK_H
#define LOCAL_MARK_H

#include "account.h"
#include "protocol.h"

#define MARK_VALUE_MAX 128

struct server_mark {
	char server_id[MARK_VALUE_MAX];
	char server_name[MARK_VALUE_MAX];
	char installation[MARK_VALUE_MAX];
	char config[MARK_VALUE_MAX];
	int64_t created_ms;
};

enum mark_read { MARK_FOUND, MARK_ABSENT, MARK_UNREADABLE };

/* Checks a server id as the host gives it and copies it: letters, digits, '-' and '_', at most
 * SERVER_ID_MAX, so that it is a folder name of its own. 0, or -1. */
int server_id_copy(struct hr_span id, char *ret_id, size_t size);

/* Fills a mark from a step: its marks, and where one is missing the account's own values.
 * 0, or -1 when a value is too long or holds a control character. */
int mark_from_step(const struct hr_account *account, const struct hr_step *step,
		   struct server_mark *ret_mark);

/* Writes the mark into the server's folder; 0, or -1 with errno. */
int mark_write(const struct hr_account *account, int folder, const struct server_mark *mark);

/* Reads it; what is wrong with an unreadable one goes to ret_why (a constant). */
enum mark_read mark_read(int folder, struct server_mark *ret_mark, const char **ret_why);

#endif
