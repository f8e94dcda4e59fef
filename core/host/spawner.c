/* SPDX-License-Identifier: Apache-2.0 */
/* The spawner's own process: its loop; see spawner.h. */
#include "host/spawner.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"
#include "host/process_signal.h"
#include "host/process_start.h"
#include "host/spawner_wire.h"

/* What it has and may do with. */
struct spawner {
	const struct state_folder *folder;
	const char *module;
	unsigned char *message;
	struct spawner_request request;
};

/* Does what a message asks; -1 with the error when it is refused. */
static int serve(struct spawner *spawner, size_t size, struct hr_process *ret_process,
		 struct hr_error *err)
{
	struct spawner_header header;

	if (size > SPAWNER_MESSAGE_MAX ||
	    spawner_decode(spawner->message, size, &header, &spawner->request) != 0)
		return error_set(err, HR_INVALID, "this is no request that a spawner knows");
	*ret_process = (struct hr_process){header.pid, header.start_time};
	switch (header.kind) {
	case SPAWNER_START:
		return process_start(spawner->folder, spawner->module, &spawner->request.start,
				     ret_process, err);
	case SPAWNER_SIGNAL:
		return process_signal(spawner->folder, ret_process, header.number, err);
	default: return process_look(ret_process, err);
	}
}

static int answer(int fd, int rc, const struct hr_process *process, const struct hr_error *error)
{
	struct spawner_answer answer;
	ssize_t n;

	memset(&answer, 0, sizeof(answer));
	if (rc != 0) {
		answer.class = error->class;
		text_copy(answer.message, sizeof(answer.message), error->message);
	} else {
		answer.pid = process->pid;
		answer.start_time = process->start_time;
	}
	do
		n = send(fd, &answer, sizeof(answer), MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(answer) ? 0 : -1;
}

/* Until the other side is closed. Descriptors that a message brings are not taken. */
static void loop(struct spawner *spawner, int fd)
{
	for (;;) {
		struct hr_process process = {0};
		struct hr_error error = {0};
		ssize_t n = recv(fd, spawner->message, SPAWNER_MESSAGE_MAX, MSG_TRUNC);
		int rc;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		rc = serve(spawner, (size_t)n, &process, &error);
		if (answer(fd, rc, &process, &error) != 0)
			return;
	}
}

static void close_between(unsigned first, unsigned last)
{
	struct rlimit limit;

	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	for (unsigned fd = first; fd <= last && fd < limit.rlim_cur; fd++)
		close((int)fd);
}

/* Everything of the host's: its channel above all, whose end must be seen. */
static void close_others(int fd, int folder)
{
	unsigned low = (unsigned)(fd < folder ? fd : folder);
	unsigned high = (unsigned)(fd < folder ? folder : fd);

	close_between(3, low - 1);
	close_between(low + 1, high - 1);
	close_between(high + 1, ~0u);
}

_Noreturn static void run(const struct state_folder *folder, const char *module, int fd,
			  pid_t parent)
{
	struct spawner *spawner = calloc(1, sizeof(*spawner));
	struct state_folder own = *folder;

	prctl(PR_SET_NAME, "headroom-spawn", 0, 0, 0);
	/* As root this signal does not come, since the parent changes its user; the socket's end
	 * does. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (!spawner || getppid() != parent)
		_exit(1);
	setsid(); /* out of reach of a terminal's signals */
	close_others(fd, folder->fd);
	own.records = true;
	spawner->folder = &own;
	spawner->module = module;
	spawner->message = malloc(SPAWNER_MESSAGE_MAX);
	if (spawner->message)
		loop(spawner, fd);
	_exit(0);
}

int spawner_start(const struct state_folder *folder, const char *module, int *ret_fd,
		  struct hr_error *err)
{
	pid_t parent = getpid(), child;
	int ends[2];

	if (folder->fd < 3)
		return error_set(err, HR_INTERNAL, "the account has no state folder");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return error_set_errno(err, errno, "cannot make the spawner's socket");
	child = fork();
	if (child == 0) {
		close(ends[0]);
		run(folder, module, ends[1], parent);
	}
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return error_set(err, HR_CAPACITY,
				 "cannot start the spawner: no process to be had");
	}
	*ret_fd = ends[0];
	return 0;
}
