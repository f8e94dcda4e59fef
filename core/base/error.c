/* SPDX-License-Identifier: Apache-2.0 */
/* Fills the error object. Not here: how errors are shown (API, CLI) and what is done about them. */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const struct {
	int32_t number;
	const char *name;
} class_names[] = {
	{HR_AUTH, "auth"},           {HR_INVALID, "invalid"},     {HR_NOT_FOUND, "not_found"},
	{HR_QUOTA, "quota"},         {HR_CAPACITY, "capacity"},   {HR_THROTTLED, "throttled"},
	{HR_CONFLICT, "conflict"},   {HR_TRANSIENT, "transient"}, {HR_UNSUPPORTED, "unsupported"},
	{HR_CANCELLED, "cancelled"}, {HR_TIMEOUT, "timeout"},     {HR_INTERNAL, "internal"},
};

#define N_CLASSES (sizeof(class_names) / sizeof(class_names[0]))

int error_setv(struct hr_error *err, int32_t class, const char *format, va_list args)
{
	/* Formatted aside first: an argument may be the old message itself. */
	char message[sizeof(err->message)];

	if (!err)
		return -1;
	text_formatv(message, sizeof(message), format, args);
	text_clean(message); /* it goes into documents, which are UTF-8 */
	memset(err, 0, sizeof(*err));
	err->class = class;
	memcpy(err->message, message, sizeof(message));
	return -1;
}

int error_set(struct hr_error *err, int32_t class, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_setv(err, class, format, args);
	va_end(args);
	return -1;
}

int error_set_field(struct hr_error *err, int32_t class, const char *field, const char *example,
		    const char *format, ...)
{
	char field_copy[sizeof(err->field)];
	char example_copy[sizeof(err->example)];
	va_list args;

	if (!err)
		return -1;
	text_copy(field_copy, sizeof(field_copy), field);
	text_copy(example_copy, sizeof(example_copy), example);
	va_start(args, format);
	error_setv(err, class, format, args);
	va_end(args);
	memcpy(err->field, field_copy, sizeof(field_copy));
	memcpy(err->example, example_copy, sizeof(example_copy));
	return -1;
}

int error_no_memory(struct hr_error *err, const char *doing)
{
	return error_set(err, HR_INTERNAL, "out of memory while %s", doing);
}

int error_set_errno(struct hr_error *err, int errno_value, const char *format, ...)
{
	char what[sizeof(err->message)];
	char reason_buf[128];
	const char *reason = strerror_r(errno_value, reason_buf, sizeof(reason_buf));
	va_list args;

	va_start(args, format);
	text_formatv(what, sizeof(what), format, args);
	va_end(args);
	return error_set(err, HR_INTERNAL, "%s: %s", what, reason);
}

int error_prefix(struct hr_error *err, const char *format, ...)
{
	char prefix[sizeof(err->message)];
	char message[sizeof(err->message)];
	va_list args;

	if (!err)
		return -1;
	va_start(args, format);
	text_formatv(prefix, sizeof(prefix), format, args);
	va_end(args);
	memcpy(message, err->message, sizeof(message));
	text_format(err->message, sizeof(err->message), "%s: %s", prefix, message);
	text_clean(err->message);
	return -1;
}

const char *error_class_name(int32_t class)
{
	for (size_t i = 0; i < N_CLASSES; i++)
		if (class_names[i].number == class)
			return class_names[i].name;
	return "internal";
}

int32_t error_class_number(const char *name)
{
	for (size_t i = 0; name && i < N_CLASSES; i++)
		if (strcmp(class_names[i].name, name) == 0)
			return class_names[i].number;
	return HR_INTERNAL;
}
