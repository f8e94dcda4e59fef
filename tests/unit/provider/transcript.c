/* SPDX-License-Identifier: Apache-2.0 */
/* Transcripts of answers. Ports, folders, times and what a test masks, which no two runs share, are
 * left out; so is the number of requests, which only the one by process counts (0: not known). */
#include "transcript.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/text.h"

#define LINES 512
#define LINE_SIZE 4096
#define MASKS 8

static char path[600];
static const char *left_out;
static struct {
	uint64_t ticket;
	char text[LINE_SIZE];
} lines[LINES];
static size_t n_lines;
static char masked[MASKS][512];
static size_t n_masked;
static bool hides_places;

void transcript_open(const char *suite)
{
	const char *build = getenv("HEADROOM_BUILDDIR");
	FILE *file;

	if (!build)
		return;
	snprintf(path, sizeof(path), "%s/tests/unit/provider/%s.transcript", build, suite);
	file = fopen(path, "w");
	if (!file) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	fclose(file);
}

void transcript_begin(void)
{
	n_lines = 0;
	n_masked = 0;
	hides_places = false;
	left_out = NULL;
}

void transcript_leave_out(const char *test)
{
	left_out = test;
}

void transcript_hide_places(void)
{
	hides_places = true;
}

void transcript_drop(void)
{
	ck_assert_uint_gt(n_lines, 0);
	n_lines--;
}

void transcript_mask(const char *text)
{
	ck_assert_uint_lt(n_masked, MASKS);
	ck_assert_uint_gt(strlen(text), strlen("RANDOM"));
	ck_assert_uint_lt(strlen(text), sizeof(masked[0]));
	text_copy(masked[n_masked++], sizeof(masked[0]), text);
}

static void mask_random(char *text)
{
	for (size_t i = 0; i < n_masked; i++) {
		size_t len = strlen(masked[i]), word = strlen("RANDOM");
		char *at = text;

		while ((at = strstr(at, masked[i])) != NULL) {
			memcpy(at, "RANDOM", word);
			memmove(at + word, at + len, strlen(at + len) + 1);
			at += word;
		}
	}
}

/* Puts "PORT" for the number behind the address of a test's own server. */
static void mask_ports(char *text)
{
	static const char address[] = "127.0.0.1:";
	char *at = text;

	while ((at = strstr(at, address)) != NULL) {
		char *end;

		at += strlen(address);
		for (end = at; isdigit((unsigned char)*end); end++)
			;
		if (end - at >= 4) {
			memcpy(at, "PORT", 4);
			memmove(at + 4, end, strlen(end) + 1);
		}
	}
}

/* "/tmp/modules.bidNXq": the last six letters differ. */
static void mask_folders(char *text)
{
	static const char prefix[] = "/modules.";
	char *at = text;

	while ((at = strstr(at, prefix)) != NULL) {
		at += strlen(prefix);
		for (int i = 0; i < 6 && at[i] != '\0'; i++)
			at[i] = 'X';
	}
}

static void put_error(FILE *out, const struct hr_error *error)
{
	fprintf(out,
		" class=%d flags=%u http=%d retry=%lld field=%s example=%s code=%s request=%s: %s",
		(int)error->class, error->flags, (int)error->http_status,
		(long long)error->retry_after_ms, error->field, error->example,
		error->provider_code, error->request_id, error->message);
}

void transcript_add(const struct dispatch_answer *answer)
{
	FILE *out;

	ck_assert_uint_lt(n_lines, LINES);
	lines[n_lines].ticket = answer->ticket;
	out = fmemopen(lines[n_lines].text, LINE_SIZE, "w");
	ck_assert_ptr_nonnull(out);
	fprintf(out, "%llu %s %.8s server=%.8s result=%d", (unsigned long long)answer->ticket,
		dispatch_kind_name(answer->kind), answer->account, answer->server_id,
		(int)answer->result);
	if (answer->result != HR_OK && answer->result != HR_AGAIN)
		put_error(out, &answer->error);
	fprintf(out, " instance=%s token=%s delay=%lld percent=%d text=%s", answer->instance_id,
		answer->resume_token ? answer->resume_token : "-", (long long)answer->delay_ms,
		(int)answer->percent, answer->text);
	fprintf(out, " complete=%d unread=%s capabilities=%llx", answer->complete, answer->unread,
		(unsigned long long)answer->capabilities);
	for (size_t i = 0; i < answer->n_instances; i++) {
		const struct dispatch_instance *one = &answer->instances[i];

		fprintf(out, " [%s %s %s %s %s %u %u %lld]", one->instance_id, one->server_id,
			one->config_id, one->address, one->status_text, one->state,
			hides_places ? one->connection_port != 0 : one->connection_port,
			hides_places ? one->created_ms != 0 : (long long)one->created_ms);
	}
	for (size_t i = 0; i < answer->n_problems; i++)
		put_error(out, &answer->problems[i].error);
	fclose(out);
	mask_ports(lines[n_lines].text);
	mask_folders(lines[n_lines].text);
	n_lines++;
}

static int by_ticket(const void *a, const void *b)
{
	uint64_t first, second;

	memcpy(&first, a, sizeof(first));
	memcpy(&second, b, sizeof(second));
	return first < second ? -1 : first > second;
}

void transcript_end(void)
{
	FILE *file = path[0] ? fopen(path, "a") : NULL;

	if (!file)
		return;
	qsort(lines, n_lines, sizeof(lines[0]), by_ticket);
	fprintf(file, "== test\n");
	if (left_out)
		fprintf(file, "left out: %s\n", left_out);
	for (size_t i = 0; i < n_lines && !left_out; i++) {
		mask_random(lines[i].text);
		fprintf(file, "%s\n", lines[i].text);
	}
	fclose(file);
}
