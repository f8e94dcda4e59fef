/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folders and files below the account's folder. As root the module works in folders that belong
 * to an unprivileged uid, so nothing here follows a symbolic link, and every path is one name
 * below an open folder.
 *
 * All functions give 0 or a descriptor, or -1 with errno.
 */
#ifndef LOCAL_FOLDER_H
#define LOCAL_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "account.h"

#define FOLDER_SERVERS "servers"

/* Opens a folder below parent. */
int folder_open(int parent, const char *name);

/* Makes a folder of the servers' uid below parent; one that is there already is as good. */
int folder_make(const struct hr_account *account, int parent, const char *name, unsigned mode);

/* Makes and opens every folder of a relative path such as "root/var/lib". */
int folder_make_path(const struct hr_account *account, int parent, const char *path);

/* The folder of all servers, made when it is not there. */
int folder_servers(const struct hr_account *account);

/* Writes a whole file: it is there with all its bytes, or not at all, after a power cut too. */
int file_write(const struct hr_account *account, int folder, const char *name, unsigned mode,
	       const char *bytes, size_t n_bytes);

/* Makes an empty file where there is none. */
int file_touch(const struct hr_account *account, int folder, const char *name, unsigned mode);

/* Reads at most size - 1 bytes from the end of a file, NUL-terminated; gives their number. */
ssize_t file_read_end(int folder, const char *name, char *buffer, size_t size);

/* Removes a file or a folder with all that is in it, of any mode and depth. Before each entry it
 * asks pause(context); when that says yes it stops with errno EINTR. What is named last at the
 * top (or NULL) is removed last, so that a half-removed folder can still be told. */
int tree_remove(int parent, const char *name, const char *last, bool (*pause)(const void *context),
		const void *context);

#endif
