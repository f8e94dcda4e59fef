/* SPDX-License-Identifier: Apache-2.0 */
/* A config file of sections and keys: "[section]", "key = value", "#" and ";" comments on lines of
 * their own. Values are taken as they stand, without quotes; a line does not go on in the next. */
#ifndef HR_SCHEMA_INI_H
#define HR_SCHEMA_INI_H

#include "base/error.h"

#define INI_SIZE_MAX (1 << 20)

/* One key, with the number of its line from 1. Borrowed during the call. */
struct ini_entry {
	const char *section;
	const char *key;
	const char *value;
	int line;
};

/* Takes an entry: 0, or -1 with *err filled; then reading ends. */
typedef int (*ini_entry_fn)(void *context, const struct ini_entry *entry, struct hr_error *err);

/* Reads a file and hands over each entry in order. HR_NOT_FOUND: there is no such file.
 * HR_INVALID: its form is wrong. Every message starts "FILE:LINE: " where there is a line, those of
 * the callback too. */
int ini_read(const char *path, ini_entry_fn entry, void *context, struct hr_error *err);

#endif
