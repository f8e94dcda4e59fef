/* SPDX-License-Identifier: Apache-2.0 */
/* What a function prints to a FILE, as text. */
#ifndef HR_TESTS_UNIT_CLI_PRINTED_H
#define HR_TESTS_UNIT_CLI_PRINTED_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

/* Open until printed_text(). */
static FILE *printed;
static char *printed_buffer;
static size_t printed_size;

static FILE *printed_open(void)
{
	printed = open_memstream(&printed_buffer, &printed_size);
	ck_assert_ptr_nonnull(printed);
	return printed;
}

/* The caller frees. */
static char *printed_text(void)
{
	ck_assert_int_eq(fclose(printed), 0);
	return printed_buffer;
}

#endif
