/* SPDX-License-Identifier: Apache-2.0 */
/* By hand, since nothing in a signal handler may allocate. */
#include "host/signal_head.h"

/* Appends text, or as much of it as there is room for. */
static size_t append(char *buf, size_t size, size_t used, const char *text)
{
	while (*text != '\0' && used + 1 < size)
		buf[used++] = *text++;
	buf[used] = '\0';
	return used;
}

static size_t append_number(char *buf, size_t size, size_t used, unsigned value)
{
	char number[12];
	size_t at = sizeof(number) - 1;

	number[at] = '\0';
	do
		number[--at] = (char)('0' + value % 10);
	while ((value /= 10) > 0);
	return append(buf, size, used, number + at);
}

size_t signal_head_forbidden(char buf[SIGNAL_HEAD_SIZE], const char *name, unsigned count)
{
	size_t used = append(buf, SIGNAL_HEAD_SIZE, 0, "forbidden 0 name=");
	unsigned len = 0;

	while (name[len] != '\0')
		len++;
	used = append_number(buf, SIGNAL_HEAD_SIZE, used, len);
	used = append(buf, SIGNAL_HEAD_SIZE, used, ":");
	used = append(buf, SIGNAL_HEAD_SIZE, used, name);
	used = append(buf, SIGNAL_HEAD_SIZE, used, " count=");
	used = append_number(buf, SIGNAL_HEAD_SIZE, used, count);
	return append(buf, SIGNAL_HEAD_SIZE, used, " ");
}

size_t signal_head_exhausted(char buf[SIGNAL_HEAD_SIZE], unsigned limit_mib)
{
	size_t used = append(buf, SIGNAL_HEAD_SIZE, 0, "exhausted 0 limit_mib=");

	used = append_number(buf, SIGNAL_HEAD_SIZE, used, limit_mib);
	return append(buf, SIGNAL_HEAD_SIZE, used, " ");
}
