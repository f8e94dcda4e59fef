/* SPDX-License-Identifier: Apache-2.0 */
/* Members of structs by their rows of the table, for the encoder, the decoder and the tracer. memcpy, since
 * the rows know offsets only. */
#ifndef HR_PROVIDER_WIRE_MEMBER_H
#define HR_PROVIDER_WIRE_MEMBER_H

#include <string.h>

#include "provider/wire.h"

static inline char *member_at(const void *value, size_t offset)
{
	return (char *)(uintptr_t)value + offset;
}

static inline size_t member_count(const struct wire_field *field, const void *value)
{
	size_t count;

	memcpy(&count, member_at(value, field->count_offset), sizeof(count));
	return count;
}

static inline void member_set_count(const struct wire_field *field, void *value, size_t count)
{
	memcpy(member_at(value, field->count_offset), &count, sizeof(count));
}

static inline void *member_pointer(const struct wire_field *field, const void *value)
{
	void *pointer;

	memcpy(&pointer, member_at(value, field->offset), sizeof(pointer));
	return pointer;
}

static inline void member_set_pointer(const struct wire_field *field, void *value, void *pointer)
{
	memcpy(member_at(value, field->offset), &pointer, sizeof(pointer));
}

/* Four bytes hold an int32_t or a uint32_t; which of them matters above INT32_MAX only, where none
 * of our numbers is negative and unsigned at once: they travel as the signed one. */
static inline int64_t member_integer(const struct wire_field *field, const void *value)
{
	int32_t small;
	int64_t large;

	if (field->size == sizeof(small)) {
		memcpy(&small, member_at(value, field->offset), sizeof(small));
		return small;
	}
	memcpy(&large, member_at(value, field->offset), sizeof(large));
	return large;
}

/* -1: the number is too large for the member. */
static inline int member_set_integer(const struct wire_field *field, void *value, int64_t number)
{
	int32_t small = (int32_t)number;

	if (field->size != sizeof(small))
		memcpy(member_at(value, field->offset), &number, sizeof(number));
	else if (small == number)
		memcpy(member_at(value, field->offset), &small, sizeof(small));
	else
		return -1;
	return 0;
}

static inline bool member_flag(const struct wire_field *field, const void *value)
{
	bool flag;

	memcpy(&flag, member_at(value, field->offset), sizeof(flag));
	return flag;
}

/* How many words are before the NULL. */
static inline size_t member_words(char *const *words)
{
	size_t count = 0;

	while (words[count])
		count++;
	return count;
}

/* Whether there is anything to send of it. */
bool member_is_set(const struct wire_field *field, const void *value);

#endif
