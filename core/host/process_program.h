/* SPDX-License-Identifier: Apache-2.0 */
/* The program that came with a module (HR_PROCESS_OWN_PROGRAM): where it is, and a copy of it where
 * the account's user has no way to it. */
#ifndef HR_HOST_PROCESS_PROGRAM_H
#define HR_HOST_PROCESS_PROGRAM_H

#include "base/error.h"
#include "host/call.h"

#define COMPANIONS_MAX 4

struct program_request {
	const char *name;        /* without '/', or an absolute path */
	const char *module;      /* the module's file; NULL: not known */
	const char *directory;   /* below the folder, for the copies; "" is the folder itself */
	char *const *companions; /* NULL-terminated; relative paths without ".." */
};

/* The absolute path to run it by, to be freed. As root, where the account's user has no way to a
 * program found by its name, it is copied into the folder, with its companions; a program by an
 * absolute path, which may be any file, is never copied. -1: HR_NOT_FOUND (also: the user may not
 * run it), HR_INVALID (a file is not as core/host/process_copy.h wants it), HR_INTERNAL,
 * HR_CAPACITY. Any thread. */
int process_program(const struct state_folder *folder, const struct program_request *request,
		    char **ret_path, struct hr_error *err);

#endif
