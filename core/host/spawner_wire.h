/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to the spawner and back: one packet each, a fixed header and then texts, each with its
 * length before it. Same machine, same program, so numbers are as they lie in memory. */
#ifndef HR_HOST_SPAWNER_WIRE_H
#define HR_HOST_SPAWNER_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include <headroom/process.h>

#include "base/error.h"
#include "host/process_child.h"
#include "host/process_program.h"

#define SPAWNER_MESSAGE_MAX 131072
#define SPAWNER_WORDS_MAX 256

enum spawner_kind { SPAWNER_START = 1, SPAWNER_SIGNAL, SPAWNER_PROBE };

struct spawner_header {
	uint32_t kind;
	int32_t number; /* of a signal */
	int64_t pid;
	uint64_t start_time;
	uint32_t flags; /* of a start, as all below; then follow argv, env, companions, the
			 * directory, the files' paths */
	uint32_t n_argv, n_env, n_companions, n_files;
	struct {
		uint32_t fd, writable;
	} files[PROCESS_FILES_MAX];
};

struct spawner_answer {
	int32_t class; /* 0: it is done */
	uint32_t reserved;
	int64_t pid;
	uint64_t start_time;
	char message[512];
};

/* A start as it came; the spans point into the message. */
struct spawner_request {
	struct hr_process_start start;
	struct hr_span argv[SPAWNER_WORDS_MAX], env[SPAWNER_WORDS_MAX];
	struct hr_span companions[COMPANIONS_MAX];
	struct hr_process_file files[PROCESS_FILES_MAX];
};

/* A start as a message in buf (of SPAWNER_MESSAGE_MAX bytes). -1: HR_INVALID, it is too large. */
int spawner_encode(const struct hr_process_start *start, unsigned char *buf, size_t *ret_size,
		   struct hr_error *err);

/* Checks a message and reads its header; of a start also the rest. -1: it is none. */
int spawner_decode(const unsigned char *message, size_t size, struct spawner_header *ret_header,
		   struct spawner_request *ret_request);

#endif
