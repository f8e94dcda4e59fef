/* SPDX-License-Identifier: Apache-2.0 */
/* Seeds of messages to the spawner, whose numbers are as they lie in memory: of a machine with the least
 * byte first. "spawner_seeds FOLDER" writes them (make fuzz-seeds); "spawner_seeds --check FOLDER" fails
 * where one is missing or no longer what the encoder makes, or is read otherwise than is said here. */
#include "host/spawner_wire.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct hr_span words[] = {HR_SPAN_OF("/bin/sh"), HR_SPAN_OF("-c"),
				       HR_SPAN_OF("exec sleep 9"), HR_SPAN_OF("")};
static const struct hr_span environment[] = {HR_SPAN_OF("PATH=/bin:/usr/bin"), HR_SPAN_OF("A=")};
static const struct hr_span companions[] = {HR_SPAN_OF("a"), HR_SPAN_OF("libexec/b"),
					    HR_SPAN_OF("c"), HR_SPAN_OF("d")};
static const struct hr_process_file files[] = {{HR_SPAN_OF("servers/1/log"), 1, 1},
					       {HR_SPAN_OF("servers/1/script"), 0, 0}};

/* What the encoder makes of it; then the header's kind, and bytes added or taken away. */
static const struct seed {
	const char *name;
	bool good; /* it is understood */
	struct hr_process_start start;
	enum spawner_kind kind;
	int more;
	uint32_t n_argv, n_env, n_companions, n_files; /* instead of its own, where not 0 */
} seeds[] = {
	{.name = "start",
	 .good = true,
	 .start = {.size = sizeof(struct hr_process_start),
		   .n_argv = 4,
		   .argv = words,
		   .directory = HR_SPAN_OF("servers/1"),
		   .files = files,
		   .n_files = 2,
		   .env = environment,
		   .n_env = 2},
	 .kind = SPAWNER_START},
	{.name = "own-program",
	 .good = true,
	 .start = {.size = sizeof(struct hr_process_start),
		   .n_argv = 1,
		   .argv = words,
		   .directory = HR_SPAN_OF("x"),
		   .flags = HR_PROCESS_OWN_PROGRAM,
		   .n_companions = COMPANIONS_MAX,
		   .companions = companions},
	 .kind = SPAWNER_START},
	{.name = "nothing",
	 .good = true,
	 .start = {.size = sizeof(struct hr_process_start)},
	 .kind = SPAWNER_START},
	/* Empty texts, as many as are said to be there. */
	{.name = "too-many-argv",
	 .start = {.size = sizeof(struct hr_process_start)},
	 .kind = SPAWNER_START,
	 .more = (int)sizeof(uint32_t) * (SPAWNER_WORDS_MAX + 1),
	 .n_argv = SPAWNER_WORDS_MAX + 1},
	{.name = "too-many-env",
	 .start = {.size = sizeof(struct hr_process_start)},
	 .kind = SPAWNER_START,
	 .more = (int)sizeof(uint32_t) * (SPAWNER_WORDS_MAX + 1),
	 .n_env = SPAWNER_WORDS_MAX + 1},
	{.name = "too-many-companions",
	 .start = {.size = sizeof(struct hr_process_start)},
	 .kind = SPAWNER_START,
	 .more = (int)sizeof(uint32_t) * (COMPANIONS_MAX + 1),
	 .n_companions = COMPANIONS_MAX + 1},
	{.name = "too-many-files",
	 .start = {.size = sizeof(struct hr_process_start)},
	 .kind = SPAWNER_START,
	 .more = (int)sizeof(uint32_t) * (PROCESS_FILES_MAX + 1),
	 .n_files = PROCESS_FILES_MAX + 1},
	{.name = "fewer-than-said",
	 .start = {.size = sizeof(struct hr_process_start), .n_argv = 1, .argv = words},
	 .kind = SPAWNER_START,
	 .n_argv = SPAWNER_WORDS_MAX},
	{.name = "a-byte-more",
	 .start = {.size = sizeof(struct hr_process_start), .n_argv = 2, .argv = words},
	 .kind = SPAWNER_START,
	 .more = 1},
	{.name = "cut",
	 .start = {.size = sizeof(struct hr_process_start), .n_argv = 2, .argv = words},
	 .kind = SPAWNER_START,
	 .more = -3},
	/* Of these the header is all: what a start without texts has behind it is taken away. */
	{.name = "signal",
	 .good = true,
	 .start = {.size = sizeof(struct hr_process_start)},
	 .kind = SPAWNER_SIGNAL,
	 .more = -(int)sizeof(uint32_t)},
	{.name = "probe",
	 .good = true,
	 .start = {.size = sizeof(struct hr_process_start)},
	 .kind = SPAWNER_PROBE,
	 .more = -(int)sizeof(uint32_t)},
	{.name = "unknown",
	 .start = {.size = sizeof(struct hr_process_start)},
	 .kind = SPAWNER_PROBE + 1,
	 .more = -(int)sizeof(uint32_t)},
};

/* Gives its length; 0: the encoder refuses it. */
static size_t make(const struct seed *seed, unsigned char *message)
{
	struct spawner_header header;
	struct hr_error err = {0};
	size_t size = 0;

	memset(message, 0, SPAWNER_MESSAGE_MAX);
	if (spawner_encode(&seed->start, message, &size, &err) != 0) {
		fprintf(stderr, "spawner_seeds: %s: %s\n", seed->name, err.message);
		return 0;
	}
	memcpy(&header, message, sizeof(header));
	header.kind = seed->kind;
	if (seed->kind != SPAWNER_START) {
		header.number = 15;
		header.pid = 4711;
		header.start_time = UINT64_C(123456789);
	}
	header.n_argv = seed->n_argv ? seed->n_argv : header.n_argv;
	header.n_env = seed->n_env ? seed->n_env : header.n_env;
	header.n_companions = seed->n_companions ? seed->n_companions : header.n_companions;
	header.n_files = seed->n_files ? seed->n_files : header.n_files;
	memcpy(message, &header, sizeof(header));
	return seed->more < 0 ? size - (size_t)-seed->more : size + (size_t)seed->more;
}

static bool is_read_as_said(const struct seed *seed, const unsigned char *message, size_t size)
{
	static struct spawner_request request;
	struct spawner_header header;

	return (spawner_decode(message, size, &header, &request) == 0) == seed->good;
}

static bool is_there(const char *path, const unsigned char *message, size_t size)
{
	static unsigned char there[SPAWNER_MESSAGE_MAX];
	FILE *file = fopen(path, "rb");
	size_t n = file ? fread(there, 1, sizeof(there), file) : 0;

	if (file)
		fclose(file);
	return n == size && memcmp(there, message, size) == 0;
}

static bool write_seed(const char *path, const unsigned char *message, size_t size)
{
	FILE *file = fopen(path, "wb");
	bool written;

	if (!file)
		return false;
	written = fwrite(message, 1, size, file) == size;
	return fclose(file) == 0 && written;
}

int main(int argc, char **argv)
{
	bool checks = argc == 3 && strcmp(argv[1], "--check") == 0;
	static unsigned char message[SPAWNER_MESSAGE_MAX];
	int n_wrong = 0;

	if (argc != 2 && !checks) {
		fprintf(stderr, "usage: %s [--check] FOLDER\n", argv[0]);
		return 2;
	}
	if (*(const char *)&(const uint16_t){1} != 1) {
		printf("the seeds are of machines with the least byte first\n");
		return 0;
	}
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
		size_t size = make(&seeds[i], message);
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", argv[argc - 1], seeds[i].name);
		if (size > 0 && is_read_as_said(&seeds[i], message, size) &&
		    (checks ? is_there(path, message, size) : write_seed(path, message, size)))
			continue;
		fprintf(stderr, "%s: %s\n", path,
			checks ? "missing, or not what the encoder makes; run make fuzz-seeds"
			       : "cannot be written, or is not read as it should be");
		n_wrong++;
	}
	printf("%zu seeds, %d wrong\n", sizeof(seeds) / sizeof(seeds[0]), n_wrong);
	return n_wrong > 0;
}
