/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the module and headroom-local-server agree on: the files of a server's folder, the
 * descriptors that the server's program is started with, and the lines of its journal.
 *
 * A server's folder, servers/<server id>/:
 *   mark          whose it is; written once, whole
 *   journal       what happened, one line each; process 1 of the server holds a lock on it for life
 *   init.log      words of the launcher and of process 1
 *   sshd.log      words of sshd
 *   script.log    output of the startup script
 *   headroom-*    copies of this module's programs, made by the host where the server's user has no
 *                 way to them
 *   root/         the server's own file tree: / for it, or (without namespaces) a folder
 *
 * Lines of the journal (each appended by one write, so a line is there whole or not at all):
 *   launch                               module: the program is about to be started
 *   launcher PID START FILE              module: it was started as this process
 *   start START FILE namespaces|supervisor
 *                                        process 1: has the lock; its start time
 *   init PID START FILE                  module: process 1, as seen from outside
 *   port N                               process 1: sshd listens
 *   script started | exit N | signal N   process 1: the startup script
 *   sshd exit N | signal N               process 1: sshd ended, and with it the server
 *   failed CLASS SETTING TEXT            why it could not be started; SETTING may be "-"
 *   reported                             module: that failure was reported
 *   swept                                no process of the server (without namespaces) is left
 *   usable namespaces|supervisor         answer of a probe
 *
 * FILE is the journal's own device and inode (DEV:INO) when the line was written. In a copy of the
 * folder they differ from the file's: the processes of that line belong to the original.
 *
 * Everything but the root folder is out of reach of a server that runs in namespaces.
 */
#ifndef LOCAL_PROTOCOL_H
#define LOCAL_PROTOCOL_H

/* A server's folder on its way out. */
#define TRASH_PREFIX ".trash-"
#define PROBE_PREFIX ".probe-"

#define FILE_MARK "mark"
#define FILE_JOURNAL "journal"
#define FILE_INIT_LOG "init.log"
#define FILE_SSHD_LOG "sshd.log"
#define FILE_SCRIPT_LOG "script.log"
#define FOLDER_ROOT "root"
#define SERVER_PROGRAM "headroom-local-server"
#define NAMES_LIBRARY "headroom-local-names.so"

/* Below root/. */
#define FOLDER_SCRIPT "var/lib/headroom"
#define FILE_SCRIPT "startup-script"

enum { FD_JOURNAL = 3, FD_SCRIPT_LOG = 4, FD_SSHD_LOG = 5 };

/* The journal's mode: this bit is set before a server is removed. Process 1 looks for it once it
 * has the lock, the module looks for the lock once it has set it: one of the two always sees the
 * other, so that nothing starts in a folder that is going away. */
#define JOURNAL_MODE 0600
#define JOURNAL_MODE_REMOVING 0700

/* A server id is a folder name and a word in a command line. */
#define SERVER_ID_MAX 63

#endif
