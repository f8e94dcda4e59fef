/* SPDX-License-Identifier: Apache-2.0 */
/* The one error object: passed last, filled by whoever fails, never allocated, so that running out
 * of memory can be reported too. Classes are those of <headroom/provider.h>. */
#ifndef HR_BASE_ERROR_H
#define HR_BASE_ERROR_H

#include <stdarg.h>
#include <stdint.h>

#include <headroom/provider.h>

struct hr_error {
	int32_t class;          /* HR_AUTH .. HR_INTERNAL; 0: no error */
	uint32_t flags;         /* HR_FAULT_* */
	int32_t http_status;    /* the provider's, or the API's own choice; 0: not given */
	int64_t retry_after_ms; /* 0: not given */
	char message[512];      /* for a person: what happened, to which object, what to do */
	char field[128];        /* the field or setting at fault, "a.b"; or "" */
	char example[128];      /* a good value for it; or "" */
	char provider_code[64]; /* the provider's own code; or "" */
	char request_id[128];   /* the provider's id of its request; or "" */
};

/* Fills *err (may be NULL) and gives -1, so that a function can end with it. Messages that are too
 * long are cut at a character's border. */
int error_set(struct hr_error *err, int32_t class, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int error_setv(struct hr_error *err, int32_t class, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

/* The same, and names the field at fault and a good value for it (either may be NULL). */
int error_set_field(struct hr_error *err, int32_t class, const char *field, const char *example,
		    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* HR_INTERNAL "out of memory while <doing>"; gives -1. */
int error_no_memory(struct hr_error *err, const char *doing);

/* HR_INTERNAL "<what>: <text of errno_value>"; gives -1. */
int error_set_errno(struct hr_error *err, int errno_value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "<text>: " before the message; gives -1. */
int error_prefix(struct hr_error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "auth", "invalid", ... ; "internal" for what is not known. Never NULL, never freed. */
const char *error_class_name(int32_t class);

/* The number of such a name, or HR_INTERNAL. */
int32_t error_class_number(const char *name);

#endif
