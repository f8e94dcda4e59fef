/* SPDX-License-Identifier: Apache-2.0 */
/* Messages to the spawner, which come from the process that the module is in. What is understood lies
 * within the message, and encoded anew it is the same message but for what a start has no use for. */
#include "host/spawner_wire.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void want(bool holds)
{
	if (!holds)
		abort();
}

/* One behind the other, each after its length. */
static const unsigned char *follow(const unsigned char *at, const unsigned char *end,
				   const struct hr_span *span)
{
	uint32_t length;

	want((size_t)(end - at) >= sizeof(length));
	memcpy(&length, at, sizeof(length));
	at += sizeof(length);
	want(span->len == length && (const unsigned char *)span->ptr == at &&
	     length <= (size_t)(end - at));
	return at + length;
}

/* That the spans are the message's, all of it, in the order of the header. */
static void look_at_spans(const struct hr_process_start *start, const unsigned char *message,
			  size_t size)
{
	const unsigned char *at = message + sizeof(struct spawner_header), *end = message + size;

	want(start->n_argv <= SPAWNER_WORDS_MAX && start->n_env <= SPAWNER_WORDS_MAX &&
	     start->n_companions <= COMPANIONS_MAX && start->n_files <= PROCESS_FILES_MAX);
	for (uint32_t i = 0; i < start->n_argv; i++)
		at = follow(at, end, &start->argv[i]);
	for (uint32_t i = 0; i < start->n_env; i++)
		at = follow(at, end, &start->env[i]);
	for (uint32_t i = 0; i < start->n_companions; i++)
		at = follow(at, end, &start->companions[i]);
	at = follow(at, end, &start->directory);
	for (uint32_t i = 0; i < start->n_files; i++)
		at = follow(at, end, &start->files[i].path);
	want(at == end);
}

static void look_at_header(const struct spawner_header *again, const struct spawner_header *header)
{
	want(again->kind == SPAWNER_START && again->flags == header->flags &&
	     again->n_argv == header->n_argv && again->n_env == header->n_env &&
	     again->n_companions == header->n_companions && again->n_files == header->n_files);
	for (uint32_t i = 0; i < header->n_files; i++)
		want(again->files[i].fd == header->files[i].fd &&
		     again->files[i].writable == header->files[i].writable);
	want(again->number == 0 && again->pid == 0 && again->start_time == 0);
}

static void encode_again(const struct hr_process_start *start, const unsigned char *message,
			 size_t size, const struct spawner_header *header)
{
	static unsigned char written[SPAWNER_MESSAGE_MAX];
	static struct spawner_request request;
	struct spawner_header again;
	struct hr_error err = {0};
	size_t n = 0;

	want(spawner_encode(start, written, &n, &err) == 0 && n == size);
	want(memcmp(written + sizeof(again), message + sizeof(again), size - sizeof(again)) == 0);
	want(spawner_decode(written, n, &again, &request) == 0);
	look_at_header(&again, header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct spawner_request request;
	struct spawner_header header;
	unsigned char *message;

	if (size > SPAWNER_MESSAGE_MAX) /* no such packet is read */
		return 0;
	message = malloc(size ? size : 1); /* of that size: what reads beyond it is seen */
	want(message != NULL);
	memcpy(message, data, size);
	memset(&request, 0xa5, sizeof(request));
	if (spawner_decode(message, size, &header, &request) == 0) {
		want(size >= sizeof(header) && memcmp(&header, message, sizeof(header)) == 0);
		if (header.kind == SPAWNER_START) {
			look_at_spans(&request.start, message, size);
			encode_again(&request.start, message, size, &header);
		} else {
			want((header.kind == SPAWNER_SIGNAL || header.kind == SPAWNER_PROBE) &&
			     size == sizeof(header));
		}
	}
	free(message);
	return 0;
}
