/* SPDX-License-Identifier: Apache-2.0 */
/* headroom/sdk_json.h - requests to a provider that speaks JSON, and what lies where in its answers.
 * With jansson, which is linked into the module. See headroom/sdk.h for memory and threads. */
#ifndef HEADROOM_SDK_JSON_H
#define HEADROOM_SDK_JSON_H

#include <headroom/http.h>
#include <headroom/sdk.h>
#include <headroom/secret.h>
#include <jansson.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Paths ---------------------------------------------------------------------------------
 * Keys and indices, "items[0].status.phase". A key with one of "." and "[" in it cannot be reached by
 * them. What is not there, or of another type, is NULL, "" or 0. The result is borrowed from json. */
json_t *hr_json_at(const json_t *json, const char *path);
const char *hr_json_text(const json_t *json, const char *path);
int64_t hr_json_integer(const json_t *json, const char *path);

/* Not 0: the text is among the array's. */
int hr_json_has(const json_t *array, const char *text);

/* Of tags that are texts, "KEY:VALUE" or "KEY=VALUE": the value of the one with that key and separator; "" where
 * there is none. Borrowed from the array. */
const char *hr_json_tag(const json_t *array, const char *key, char separator);

/* For json_pack's "s#", which takes no NULL. */
#define HR_JSON_SPAN(span) ((span).ptr ? (span).ptr : ""), (int)(span).len

/* ---- Requests ------------------------------------------------------------------------------ */

/* How this provider says what is wrong. */
struct hr_json_errors {
	const struct hr_error_row *rows;
	size_t n_rows;
	const char *code;    /* path of its own code; or NULL */
	const char *message; /* path of its message; or NULL */
	const char *setting; /* path of the field at fault, if its names are our keys; or NULL */
};

/* The JSON as a request's body, in the call's memory. json is taken over; NULL (from a json_pack that
 * found no memory) uses the call's memory up: nothing is sent. */
const char *hr_json_body(const struct hr_call *call, json_t *json);

struct hr_json_request {
	uint32_t flags; /* HR_HTTP_*; HR_HTTP_EXPECT_JSON is not needed */
	uint32_t n_headers;
	const char *method;
	const char *url;
	const struct hr_http_header *headers; /* besides Accept and Content-Type; at most 16 */
	const char *body;                     /* JSON text; or NULL */
};

struct hr_json_answer {
	json_t *json; /* whoever asked releases it; NULL with an error, and of a success without a body */
	const json_t *list; /* hr_json_get: the list that was wanted, a part of json */
	struct hr_http_response http;
	struct hr_fault fault; /* what call->fail was told, of an answer that is an error */
};

/* "Not found" with a body that is no JSON is HR_TRANSIENT: it may be a proxy's word, and would be taken for "gone".
 * HR_OK: a success (2xx), with JSON, or but for GET without a body. Else the error's class by the table,
 * details set; HR_TRANSIENT where a success is something else. [blocks] */
int32_t hr_json_perform(const struct hr_call *call, const struct hr_http_service *http,
			const struct hr_json_request *request, const struct hr_json_errors *errors,
			struct hr_json_answer *ret_answer);

/* An error that a success tells of: a task that has failed, say. json has code, message and setting at the same
 * paths as answers that are errors; of the rows the code alone counts. A code that no row has is HR_CAPACITY:
 * the server is given up, and the next one tried elsewhere or later, since the same task fails again for ever.
 * Sets details, gives the class. */
int32_t hr_json_fail(const struct hr_call *call, const struct hr_json_errors *errors,
		     const json_t *json);

/* An API whose requests differ in method, path and body alone. */
struct hr_json_api {
	const struct hr_http_service *http;
	const struct hr_secret_service *secret;
	const char *url; /* what comes before each path */
	/* Key of the secret setting whose value authorizes each request; or NULL. It is sent as
	 * "Authorization: Bearer SECRET", or alone in a header of that name. */
	const char *secret_key;
	const char *secret_header;
	/* Of each request besides, at most 15; or NULL. Borrowed: it lies in the account, or for ever. */
	const struct hr_http_header *headers;
	uint32_t n_headers;
	uint32_t flags;                      /* HR_HTTP_*, of each request */
	const struct hr_json_errors *errors; /* NULL: by their statuses alone */
};

/* Fills in the services. HR_OK, or HR_UNSUPPORTED: details are set. */
int32_t hr_json_open(const struct hr_host *host, const struct hr_call *call,
		     struct hr_json_api *api);

/* As hr_json_perform; besides, the errors of secret/1. body: JSON text, or NULL. [blocks] */
int32_t hr_json_ask(const struct hr_json_api *api, const struct hr_call *call, const char *method,
		    const char *path, const char *body, struct hr_json_answer *ret_answer);

/* GET, for an answer that has an array at the path list ("" of the answer itself; NULL: none is wanted). One that
 * lacks it is HR_TRANSIENT: what a provider did not list it has not said to be gone. [blocks] */
int32_t hr_json_get(const struct hr_json_api *api, const struct hr_call *call, const char *path,
		    const char *list, struct hr_json_answer *ret_answer);

#ifdef __cplusplus
}
#endif
#endif
