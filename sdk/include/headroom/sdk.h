/* SPDX-License-Identifier: Apache-2.0 */
/* headroom/sdk.h - what most modules need beside the ABI. Optional: libheadroom-sdk.a is linked into
 * the module, and nothing of it crosses the boundary. Compatible as source, from release to release.
 *
 * Text that these functions give is NUL-terminated memory of the call. Where the call has none left it
 * is "", and nobody needs to look: the host sends nothing more for such a call, and answers
 * HR_INTERNAL in its place (provider.h, alloc).
 *
 * All functions: [any thread that works for this call] [no wait].
 * Not here: JSON (headroom/sdk_json.h). */
#ifndef HEADROOM_SDK_H
#define HEADROOM_SDK_H

#include <headroom/provider.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HR_PRINTS(format_, first_) __attribute__((format(printf, format_, first_)))
#else
#define HR_PRINTS(format_, first_)
#endif

/* ---- Text ---------------------------------------------------------------------------------- */

/* For "%.*s". */
#define HR_SPAN_ARG(span) (int)(span).len, ((span).ptr ? (span).ptr : "")

/* The text, borrowed; NULL is empty. */
struct hr_span hr_span_of(const char *text);

/* Not 0: they are equal. */
int hr_span_is(struct hr_span span, const char *text);

const char *hr_text(const struct hr_call *call, const char *format, ...) HR_PRINTS(2, 3);

/* One part of a URL, percent-encoded (RFC 3986: all but letters, digits and -._~). */
const char *hr_url_part(const struct hr_call *call, struct hr_span part);

/* A URL's query, or a form's body: begin with {.call = call}. */
struct hr_form {
	const struct hr_call *call;
	char *text; /* NULL: no field yet */
	uint64_t len;
	uint64_t room;
};

/* Adds key=value, encoded. */
void hr_form_add(struct hr_form *form, const char *key, struct hr_span value);
/* "a=1&b=2"; "" of no field. Borrowed from the form, until the next is added. */
const char *hr_form_text(const struct hr_form *form);
/* "path?a=1&b=2"; the path alone of no field. */
const char *hr_form_url(const struct hr_form *form, const char *path);

/* ---- Settings into a struct ---------------------------------------------------------------- */

/* A list's items; a map's keys and values in turn. */
struct hr_texts {
	const char *const *items;
	uint32_t n;
};

/* Which member takes a setting. By its type the member is
 *   string, enum, text, json                 const char *, NULL while unset
 *   integer, boolean, duration (s), bytes    int64_t, 0 while unset
 *   list, map                                struct hr_texts
 * There is none for a secret: it is asked for at each use (headroom/secret.h), so that a new one
 * takes effect, and is not kept. */
struct hr_field {
	const char *key;
	uint32_t type;   /* HR_TYPE_*, as in the settings table */
	uint32_t offset; /* offsetof(struct, member) */
};

/* Keys of what open is told besides the settings, for members that are texts. */
#define HR_OPEN_INSTALLATION "(installation)"
#define HR_OPEN_ACCOUNT "(account)"
#define HR_OPEN_STATE_DIR "(state dir)"

/* A row for a setting whose key is the member's name. */
#define HR_FIELD(struct_, member_, type_)                               \
	{                                                               \
#member_, (type_), (uint32_t)offsetof(struct_, member_) \
	}

/* A new zeroed struct of that size, with the members of the table filled in. It and all its texts are
 * one piece of memory. NULL: open is to return HR_INTERNAL; details are set. */
void *hr_settings_new(const struct hr_call *call, const struct hr_open *request, size_t size,
		      const struct hr_field *fields, size_t n_fields);
/* Does for close, where the account holds nothing else. */
void hr_settings_free(struct hr_account *account);

/* ---- Errors -------------------------------------------------------------------------------- */

/* Sets the details of an error, and gives its class to return. setting: key of the one at fault, or NULL. */
int32_t hr_fail(const struct hr_call *call, int32_t result_class, const char *setting,
		const char *format, ...) HR_PRINTS(4, 5);

/* A problem found by a check, which goes on. */
void hr_problem(const struct hr_check_sink *sink, int32_t result_class, const char *setting,
		const char *format, ...) HR_PRINTS(4, 5);

/* What an answer that is no success means. The first row that fits counts; where none does:
 *   401, 403 auth · 404, 410 not found · 408, 504 timeout · 409, 423 conflict · 429 throttled
 *   other 4xx invalid · all else transient; of 408 and what is no 4xx it is not known whether it took effect. */
struct hr_error_row {
	int32_t status;   /* of HTTP; 0: any */
	const char *code; /* the provider's own; NULL: any */
	int32_t result_class;
	uint32_t flags;      /* HR_FAULT_* */
	const char *setting; /* key of the one at fault, or NULL */
};

struct hr_error_row hr_error_find(const struct hr_error_row *rows, size_t n_rows, int32_t status,
				  const char *code);

/* ---- Steps --------------------------------------------------------------------------------- */

/* To be called again after delay_ms; percent done, or -1; stage: for whoever waits. Gives HR_AGAIN. */
int32_t hr_again(const struct hr_call *call, const char *resume_token, int64_t delay_ms,
		 int32_t percent, const char *stage);

/* A task of the provider's that a step waits for: its id is kept in the resume token, under a word of [a-z] for
 * the part of the step that it belongs to. hr_task_id: empty where the step does not wait for one under
 * that word. hr_task_again: look again, after 0.5 s at first, each time half as much later, 15 s at last. */
struct hr_span hr_task_id(const struct hr_step *step, const char *word);
int32_t hr_task_again(const struct hr_call *call, const struct hr_step *step, const char *word,
		      struct hr_span id, int32_t percent, const char *stage);

/* The value of the step's mark with that key (HR_MARK_*); empty where it has none. */
struct hr_span hr_mark(const struct hr_step *step, const char *key);

/* A name within a provider's limits: [a-z0-9] and the characters of more ("-", "-_", ""), the first one a
 * letter, at most max (14 or more). One that is so already stays; of others what does not fit is replaced, the
 * rest cut, and twelve digits of a hash of the whole added: names that differ stay different. */
const char *hr_name_fit(const struct hr_call *call, struct hr_span name, uint32_t max,
			const char *more);

/* ---- Ids, states, pages -------------------------------------------------------------------- */

/* An instance's id of two parts, "ID/SERVER", for a provider that uses its ids again (see destroy); and
 * the provider's part of such an id, borrowed. */
const char *hr_id_join(const struct hr_call *call, const char *id, const char *server_id);
struct hr_span hr_id_first(struct hr_span instance_id);

/* The provider's words for states. What is not in the table is HR_STATE_UNKNOWN, never gone. */
struct hr_state_row {
	const char *word;
	uint32_t state; /* HR_STATE_* */
};
uint32_t hr_state_find(const struct hr_state_row *rows, size_t n_rows, struct hr_span word);

/* Says that the provider does not know this instance: its definite answer, not a look that failed. */
void hr_instance_gone(const struct hr_instance_sink *sink, struct hr_span instance_id);

/* A list page by page: begin with {.call = call}, ask with token, then say what the answer named as the
 * next one ("" after the last):
 *   do { ...; rc = hr_pages_next(&pages, next); } while (rc == HR_AGAIN);
 * HR_OK: that was the last. HR_CANCELLED; HR_TRANSIENT where the provider names the page just read, or
 * more than HR_PAGES_MAX: what was read is then not all. */
#define HR_PAGES_MAX 10000
struct hr_pages {
	const struct hr_call *call;
	const char *token; /* NULL: of the first page */
	uint32_t n;
};
int32_t hr_pages_next(struct hr_pages *pages, const char *next);

#ifdef __cplusplus
}
#endif
#endif
