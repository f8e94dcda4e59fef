/* SPDX-License-Identifier: Apache-2.0 */
/* What a module says of itself, as it travels from the process that has loaded it: all of its
 * descriptor but the functions. The message WIRE_DESCRIPTION (core/provider/wire_table.c). */
#ifndef HR_PROVIDER_DESCRIPTION_H
#define HR_PROVIDER_DESCRIPTION_H

#include <stddef.h>

#include <headroom/provider.h>

enum {
	DESCRIPTION_INJECT = 1u << 0,
	DESCRIPTION_DISCOVER = 1u << 1,
	DESCRIPTION_START = 1u << 2,
	DESCRIPTION_STOP = 1u << 3
};

struct description {
	char *module; /* its id */
	char *title;
	char *version;
	char *vendor;
	char *url;
	char *licence;
	char *file_sha256; /* of the file that was loaded; NULL: it could not be read */
	uint64_t file_size;
	uint32_t abi_major;
	uint32_t abi_minor;
	uint32_t draft;
	uint32_t thread_model;
	uint32_t max_concurrency;
	uint32_t profile;
	uint64_t capabilities;
	uint32_t linux_scripts;
	uint32_t windows_scripts;
	uint64_t script_max;
	uint64_t script_encoded_max;
	uint32_t rate_per_minute;
	uint32_t rate_burst;
	uint32_t operations; /* DESCRIPTION_*: which of the optional ones it has */
	struct hr_setting *settings;
	size_t n_settings;
	struct hr_host_rule *hosts;
	size_t n_hosts;
};

#endif
