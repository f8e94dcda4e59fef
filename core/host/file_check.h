/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a module's file is one that only root or we ourselves could have put there. */
#ifndef HR_HOST_FILE_CHECK_H
#define HR_HOST_FILE_CHECK_H

#include "base/error.h"
#include "host/loader.h"

/* Takes the module's id from the file's name and looks at owner and mode of the file and of its folder, and
 * whether everybody may write a folder above (where the path is a symbolic link, of what it leads to as well).
 * Refusal as loader_open gives it. */
int file_check(const char *path, char ret_id[MODULE_ID_SIZE], struct hr_error *err);

#endif
