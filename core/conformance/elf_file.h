/* SPDX-License-Identifier: Apache-2.0 */
/* What a shared object's file says of itself, read without loading it (64-bit ELF of this machine's order). */
#ifndef HR_CONFORMANCE_ELF_FILE_H
#define HR_CONFORMANCE_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct elf_file {
	void *bytes;
	size_t size;
	bool relro;    /* its tables are read only once it is loaded */
	bool bind_now; /* open references are found at load, not at a call */
};

/* HR_INVALID: it is no such file. The caller closes. */
int elf_file_open(const char *path, struct elf_file *ret, struct hr_error *err);
void elf_file_close(struct elf_file *file);

/* Calls each for every name that the file exports (imports: that it needs of others). */
void elf_file_names(const struct elf_file *file, bool imports,
		    void (*each)(void *context, const char *name), void *context);

#endif
