/* SPDX-License-Identifier: Apache-2.0 */
/* By hand, since nothing in a signal handler may allocate. */
#include "host/forbidden.h"

/* Appends text, or as much of it as there is room for. */
static size_t append(char *buf, size_t size, size_t used, const char *text)
{
	while (*text != '\0' && used + 1 < size)
		buf[used++] = *text++;
	buf[used] = '\0';
	return used;
}

size_t forbidden_head(char buf[FORBIDDEN_SIZE], const char *name, unsigned count)
{
	size_t used = append(buf, FORBIDDEN_SIZE, 0, "{\"m\":\"forbidden\",\"id\":0,\"name\":\"");
	char number[12];
	size_t at = sizeof(number) - 1;

	number[at] = '\0';
	do
		number[--at] = (char)('0' + count % 10);
	while ((count /= 10) > 0);
	used = append(buf, FORBIDDEN_SIZE, used, name);
	used = append(buf, FORBIDDEN_SIZE, used, "\",\"count\":");
	used = append(buf, FORBIDDEN_SIZE, used, number + at);
	return append(buf, FORBIDDEN_SIZE, used, "}");
}
