/* SPDX-License-Identifier: Apache-2.0 */
/* A service and accounts of it for tests, with a settings table that has every role. */
#ifndef HR_TESTS_HTTP_BENCH_H
#define HR_TESTS_HTTP_BENCH_H

#include <jansson.h>

#include "http/http.h"

extern struct http_service *service;

/* Fixtures for tcase_add_checked_fixture. */
void bench_start(void);
void bench_stop(void);

/* As bench_start, with folders for cassettes. */
void bench_start_as(const struct http_service_options *options);
void bench_start_with(const char *record_dir, const char *replay_dir);

struct bench_account {
	const char *id; /* NULL: "account" */
	const struct hr_host_rule *hosts;
	size_t n_hosts;
	uint64_t capabilities;
};

/* An account with those settings (a JSON text, ' for "); how may be NULL. The first must succeed. */
struct http_account *bench_account(const struct bench_account *how, const char *settings, ...)
	__attribute__((format(printf, 2, 3)));
int bench_try_account(const struct bench_account *how, const char *settings,
		      struct http_account **ret_account, struct hr_error *err);

/* Performs; the caller frees the answer. body may be NULL; headers end with a NULL name; or NULL. */
struct http_answer *bench_perform(struct http_account *account, const char *method, uint32_t flags,
				  const struct http_header *headers, const char *body,
				  const char *url, ...) __attribute__((format(printf, 6, 7)));

/* The value of an answer's header, or NULL. */
const char *bench_header(const struct http_answer *answer, const char *name);

/* Header rows of constants. */
#define HEADER(name, value)                                           \
	{                                                             \
		(char *)(uintptr_t)(name), (char *)(uintptr_t)(value) \
	}

#endif
