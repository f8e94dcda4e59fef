/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that no message can carry, which a module may make all the same. Apart from httpcloud.c,
 * which is what a small provider looks like. */
#ifndef TESTS_MODULES_HTTPCLOUD_ODD_H
#define TESTS_MODULES_HTTPCLOUD_ODD_H

#include <headroom/http.h>
#include <headroom/secret.h>

/* A request to base (at most 500 bytes), or for a secret, with one thing too many, too long, or no text:
 * which, says the word. */
int32_t odd_ask(const struct hr_call *call, const struct hr_http_service *http,
		const struct hr_secret_service *secret, const char *base, const char *word);

#endif
