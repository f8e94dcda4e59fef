/* SPDX-License-Identifier: Apache-2.0 */
/* The account, and how the module speaks to the cloud and the host. */
#ifndef SIM_REQUEST_H
#define SIM_REQUEST_H

#include <stdbool.h>

#include <headroom/http.h>
#include <headroom/provider.h>
#include <headroom/secret.h>
#include <jansson.h>

#define SPAN(span) (int)(span).len, (span).ptr /* for "%.*s" */
/* For json_pack's "s#", which takes no NULL: an empty span may have one. */
#define SIZED(span) (span).ptr ? (span).ptr : "", (int)(span).len
#define NOTHING ((struct hr_span){0})

struct hr_account {
	const struct hr_http_service *http;
	const struct hr_secret_service *secret;
	char url[512], zone[64], size[64], image[64], installation[64];
};

struct answer {
	json_t *body;          /* to be released; NULL with an error */
	struct hr_fault fault; /* what the cloud said */
};

/* One request; body: JSON or NULL. HR_OK: it was granted. Else details are set. */
int32_t ask(const struct hr_account *a, const struct hr_call *call, const char *method,
	    const char *path, const char *body, struct answer *ret);

/* Sets details of an error without more to say; gives its class. */
int32_t fail(const struct hr_call *call, int32_t class, const char *message);

/* Text in the call's memory; "" where there is none left. */
const char *text(const struct hr_call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The text under key, or "". */
const char *word(const json_t *object, const char *key);

/* Our id of a machine, and the cloud's part of it ("" of none). */
const char *id_of(const struct hr_call *call, const json_t *machine);
const char *cloud_id(const struct hr_call *call, struct hr_span id);

/* Whether the text is among the array's. */
bool holds(const json_t *array, const char *text);

struct hr_span mark(const struct hr_step *step, const char *key);
struct hr_span span_of(const char *text);
bool is_text(struct hr_span span, const char *text);

#endif
