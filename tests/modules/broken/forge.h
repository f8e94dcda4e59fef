/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a description of its own where the process's goes, before that looks at the module. The file that
 * includes this says what is forged. */
#include <string.h>
#include <unistd.h>

#include "skeleton.h"

#define FORGED_TEXT_OF(number) #number
#define FORGED_TEXT(number) FORGED_TEXT_OF(number)
#define FORGED_DRAFT FORGED_TEXT(HR_ABI_DRAFT)

static void __attribute__((constructor)) when_loaded(void)
{
	static const char description[] =
		"{\"m\":\"description\",\"id\":0,\"module\":\"" FORGED_ID "\",\"title\":\"Acme\","
		"\"version\":\"1.0\",\"vendor\":\"Acme\",\"url\":\"https://acme.example\","
		"\"licence\":\"Apache-2.0\",\"draft\":" FORGED_DRAFT ",\"thread_model\":1000,"
		"\"profile\":" FORGED_PROFILE "}\n";

	for (int fd = 3; fd < 64; fd++)
		if (write(fd, description, strlen(description)) > 0)
			_exit(0);
}
