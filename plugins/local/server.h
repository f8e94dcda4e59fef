/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headroom-local-server, the program of one server, in its parts:
 *   server_main.c    the command line
 *   server_launch.c  from the plain process that the host started into namespaces (or without)
 *   server_init.c    process 1 of the server
 *   server_files.c   the server's /etc, its host key
 *   server_sshd.c    a free port and the sshd on it
 *   server_child.c   starting programs
 *   server_sweep.c   ending processes where no namespace does it
 *   server_names.c   a library of its own: the server's user names, where /etc is the machine's
 *
 * It is started with its server's folder as working directory and the descriptors of protocol.h,
 * always with an unprivileged uid.
 */
#ifndef LOCAL_SERVER_H
#define LOCAL_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "protocol.h"

#define SERVER_USER "server"
#define SERVER_UID_INSIDE 1000
#define SERVER_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define KEYGEN_PROGRAM "/usr/bin/ssh-keygen"

struct server {
	const char *id;
	const char *host_name;
	const char *address;
	const char *isolation;
	const char *sshd;
	const char *bwrap;
	bool namespaces;   /* process 1 only: the server has its own / */
	const char *root;  /* process 1 only: before every path of the server; "" in namespaces */
	const char *names; /* the names library, or NULL in namespaces */
	const char *shell;
};

enum failure { FAILURE_INVALID, FAILURE_TRANSIENT };

#define SERVER_FORMAT(a, b) __attribute__((format(printf, a, b)))

/* Appends a line to the journal; what cannot be written is said on standard error. */
void journal_line(const char *format, ...) SERVER_FORMAT(1, 2);

/* Appends "start ...": this process, which holds the lock, is the server's process 1. False, with
 * a word on standard error, when the journal cannot be looked at. */
bool journal_start(const struct server *server, unsigned long long start_time);

/* Appends "failed ..." unless another process holds the journal: then it is that one's. */
void journal_failure(enum failure failure, const char *setting, const char *format, ...)
	SERVER_FORMAT(3, 4);

/* Takes the journal's lock for the life of the process. False, with a word on standard error:
 * the server runs already or is being removed. */
bool journal_lock(void);

/* server_launch.c: launch does not return when it succeeds. */
int server_launch(struct server *server);
int server_probe(struct server *server);

/* server_init.c */
int server_init(struct server *server);

/* server_sweep.c: ends every process whose parent is this one, and theirs as they come here.
 * False when some are still there after seconds. */
bool children_end(void);
int server_sweep(const struct server *server);

/* Calls visit for each process of this uid but this one; stops when it says so. */
void processes_visit(bool (*visit)(pid_t pid, void *context), void *context);

/* server_files.c */
bool files_write(const struct server *server);
bool sshd_config_write(const struct server *server, unsigned port);
/* Path of a file of the server, in one of sixteen buffers that take turns. */
const char *server_path(const struct server *server, const char *path);

/* server_sshd.c: sshd's pid with its port, or -1 with the failure in the journal. */
pid_t sshd_start(const struct server *server, unsigned *ret_port);

/* server_child.c */
/* Starts a program in a session of its own, its output going to descriptor out. -1 with errno. */
pid_t child_start(const struct server *server, const char **argv, int out);
/* Waits for a child: 0 when it succeeded. */
int child_wait(pid_t pid);

#endif
