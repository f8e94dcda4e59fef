/* SPDX-License-Identifier: Apache-2.0 */
/* See spawner_wire.h. */
#include "host/spawner_wire.h"

#include <stdbool.h>
#include <string.h>

/* ---- writing ------------------------------------------------------------------------------- */
struct writer {
	unsigned char *at;
	size_t left;
	bool failed;
};

static void put(struct writer *writer, const void *bytes, size_t size)
{
	if (writer->failed || size > writer->left) {
		writer->failed = true;
		return;
	}
	if (size > 0)
		memcpy(writer->at, bytes, size);
	writer->at += size;
	writer->left -= size;
}

static void put_span(struct writer *writer, struct hr_span span)
{
	uint32_t size = (uint32_t)span.len;

	if (span.len > SPAWNER_MESSAGE_MAX || (span.len > 0 && !span.ptr)) {
		writer->failed = true;
		return;
	}
	put(writer, &size, sizeof(size));
	put(writer, span.ptr, size);
}

static void put_spans(struct writer *writer, const struct hr_span *spans, uint32_t n)
{
	if (n > 0 && !spans)
		writer->failed = true;
	for (uint32_t i = 0; i < n && !writer->failed; i++)
		put_span(writer, spans[i]);
}

static void put_start(struct writer *writer, const struct hr_process_start *start)
{
	struct spawner_header header;

	memset(&header, 0, sizeof(header)); /* its padding is sent too */
	header.kind = SPAWNER_START;
	header.flags = start->flags;
	header.n_argv = start->n_argv;
	header.n_env = start->n_env;
	header.n_companions = start->n_companions;
	header.n_files = start->n_files;
	if (start->n_argv > SPAWNER_WORDS_MAX || start->n_env > SPAWNER_WORDS_MAX ||
	    start->n_companions > COMPANIONS_MAX || start->n_files > PROCESS_FILES_MAX ||
	    (start->n_files > 0 && !start->files)) {
		writer->failed = true;
		return;
	}
	for (uint32_t i = 0; i < start->n_files; i++) {
		header.files[i].fd = start->files[i].fd;
		header.files[i].writable = start->files[i].writable;
	}
	put(writer, &header, sizeof(header));
	put_spans(writer, start->argv, start->n_argv);
	put_spans(writer, start->env, start->n_env);
	put_spans(writer, start->companions, start->n_companions);
	put_span(writer, start->directory);
	for (uint32_t i = 0; i < start->n_files; i++)
		put_span(writer, start->files[i].path);
}

int spawner_encode(const struct hr_process_start *start, unsigned char *buf, size_t *ret_size,
		   struct hr_error *err)
{
	struct writer writer = {.at = buf, .left = SPAWNER_MESSAGE_MAX};

	if (start->size < sizeof(*start))
		return error_set(err, HR_INVALID,
				 "cannot start a process: the request has a size of %u bytes, at "
				 "least %zu are wanted",
				 start->size, sizeof(*start));
	put_start(&writer, start);
	if (writer.failed)
		return error_set(err, HR_INVALID,
				 "cannot start a process: at most %d words of argv and of env, %d "
				 "companions, %d files and %d bytes in all are possible",
				 SPAWNER_WORDS_MAX, COMPANIONS_MAX, PROCESS_FILES_MAX,
				 SPAWNER_MESSAGE_MAX);
	*ret_size = (size_t)(writer.at - buf);
	return 0;
}

/* ---- reading ------------------------------------------------------------------------------- */
struct reader {
	const unsigned char *at;
	size_t left;
};

static int take(struct reader *reader, void *bytes, size_t size)
{
	if (size > reader->left)
		return -1;
	memcpy(bytes, reader->at, size);
	reader->at += size;
	reader->left -= size;
	return 0;
}

static int take_span(struct reader *reader, struct hr_span *ret_span)
{
	uint32_t size;

	if (take(reader, &size, sizeof(size)) != 0 || size > reader->left)
		return -1;
	*ret_span = (struct hr_span){(const char *)reader->at, size};
	reader->at += size;
	reader->left -= size;
	return 0;
}

static int take_spans(struct reader *reader, struct hr_span *spans, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (take_span(reader, &spans[i]) != 0)
			return -1;
	return 0;
}

static int take_start(struct reader *reader, const struct spawner_header *header,
		      struct spawner_request *request)
{
	if (header->n_argv > SPAWNER_WORDS_MAX || header->n_env > SPAWNER_WORDS_MAX ||
	    header->n_companions > COMPANIONS_MAX || header->n_files > PROCESS_FILES_MAX)
		return -1;
	request->start = (struct hr_process_start){
		.size = sizeof(request->start),
		.n_argv = header->n_argv,
		.argv = request->argv,
		.files = request->files,
		.n_files = header->n_files,
		.flags = header->flags,
		.env = request->env,
		.n_env = header->n_env,
		.n_companions = header->n_companions,
		.companions = request->companions,
	};
	if (take_spans(reader, request->argv, header->n_argv) != 0 ||
	    take_spans(reader, request->env, header->n_env) != 0 ||
	    take_spans(reader, request->companions, header->n_companions) != 0 ||
	    take_span(reader, &request->start.directory) != 0)
		return -1;
	for (uint32_t i = 0; i < header->n_files; i++) {
		request->files[i].fd = header->files[i].fd;
		request->files[i].writable = header->files[i].writable;
		if (take_span(reader, &request->files[i].path) != 0)
			return -1;
	}
	return 0;
}

int spawner_decode(const unsigned char *message, size_t size, struct spawner_header *ret_header,
		   struct spawner_request *ret_request)
{
	struct reader reader = {message, size};

	if (take(&reader, ret_header, sizeof(*ret_header)) != 0)
		return -1;
	if (ret_header->kind == SPAWNER_START) {
		if (take_start(&reader, ret_header, ret_request) != 0)
			return -1;
	} else if (ret_header->kind != SPAWNER_SIGNAL && ret_header->kind != SPAWNER_PROBE) {
		return -1;
	}
	return reader.left == 0 ? 0 : -1;
}
