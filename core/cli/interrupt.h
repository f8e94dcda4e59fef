/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts of a command that has something to take back before it ends: SIGINT, SIGTERM and SIGHUP
 * are noted instead of ending the program. For the program's one thread. */
#ifndef HR_CLI_INTERRUPT_H
#define HR_CLI_INTERRUPT_H

#include <signal.h>

/* From now on the signals are noted; those that were ignored as the program began stay so (nohup). */
void interrupt_catch(void);

/* The first signal noted, 0 while there is none. */
int interrupt_signal(void);

/* The same as a flag for who polls it. Borrowed, for ever. */
const volatile sig_atomic_t *interrupt_flag(void);

#endif
