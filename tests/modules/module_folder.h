/* SPDX-License-Identifier: Apache-2.0 */
/* A temporary folder with copies of module files, for one test. Fails the test when it cannot. */
#ifndef TESTS_MODULES_MODULE_FOLDER_H
#define TESTS_MODULES_MODULE_FOLDER_H

#include <stddef.h>

struct module_folder {
	char path[256]; /* mode 0755, however the machine's umask is */
};

void module_folder_make(struct module_folder *folder);

/* With all that is in it. */
void module_folder_remove(struct module_folder *folder);

/* Copies a file of the build ("tests/modules/broken/badmagic.so") to the folder under that name,
 * mode 0644. Gives its path, in ret_path of size bytes. */
const char *module_folder_add(const struct module_folder *folder, const char *built,
			      const char *name, char *ret_path, size_t size);

/* Writes a text file, mode 0644. */
const char *module_folder_write(const struct module_folder *folder, const char *name,
				const char *text, char *ret_path, size_t size);

/* "tests/modules/good/.libs/NAME.so" */
#define GOOD_MODULE(name) "tests/modules/good/.libs/" name ".so"
#define BROKEN_MODULE(name) "tests/modules/broken/" name ".so"

/* Path of the build's headroom-host. Gives buf. */
const char *host_program(char *buf, size_t size);

/* What headroom-host says of a module's file, which it can load: JSON text of at most size - 1 bytes. */
void module_describe(const char *path, char *ret_text, size_t size);

#endif
