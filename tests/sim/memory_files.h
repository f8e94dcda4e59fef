/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's files in this process's own memory: no system call per page, and a process made by
 * fork() has the database as it was then, for itself. As on a disk, what was written is there for
 * whoever opens it next, after a crash of the daemon too. Not here: other files of the store (lock,
 * master key), which stay in the run's folder; power cuts: nothing written is ever lost. */
#ifndef HR_SIM_MEMORY_FILES_H
#define HR_SIM_MEMORY_FILES_H

/* From now on for every connection that this process opens. One thread only. */
void memory_files_use(void);

/* Forgets all files. No connection is open. */
void memory_files_clear(void);

#endif
