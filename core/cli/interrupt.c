/* SPDX-License-Identifier: Apache-2.0 */
/* Only notes signals. What an interrupted command takes back is its own matter. */
#include "cli/interrupt.h"

#include <stddef.h>

static volatile sig_atomic_t noted;

static void note(int number)
{
	if (noted == 0)
		noted = number;
}

void interrupt_catch(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		/* No SA_RESTART: a pause ends at once. */
		struct sigaction action = {.sa_handler = note};
		struct sigaction before;

		sigemptyset(&action.sa_mask);
		if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
	}
}

int interrupt_signal(void)
{
	return noted;
}

const volatile sig_atomic_t *interrupt_flag(void)
{
	return &noted;
}
