/* SPDX-License-Identifier: Apache-2.0 */
/* Starting of a host, its channel, its end. A host gets no environment and no descriptor but its end
 * of the channel; nothing secret is in its arguments. */
#include "provider/host_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/kill_point.h"
#include "base/log.h"
#include "base/text.h"
#include "provider/host_sandbox.h"

#define CHANNEL_FD 3
#define WORDS_MAX 16
#define TRACE_SIZE 1024
/* Room for some dozens of calls, so that the engine hardly ever has to come back to write. */
#define SEND_BUFFER (512 * 1024)

/* pidfd_open came with Linux 5.3. */
static int pidfd_open_of(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* "--serve --module PATH|--builtin NAME [--folder PATH] [--uid N --gid N]"; numbers holds the last two as text. */
static void fill_words(const struct host_process_options *options, const char **words,
		       char numbers[2][16])
{
	size_t n = 0;

	words[n++] = "headroom-host";
	words[n++] = "--serve";
	words[n++] = options->builtin ? "--builtin" : "--module";
	words[n++] = options->builtin ? options->builtin : options->module;
	if (options->folder) {
		words[n++] = "--folder";
		words[n++] = options->folder;
	}
	if (options->switches_user) {
		text_format(numbers[0], sizeof(numbers[0]), "%u", (unsigned)options->uid);
		text_format(numbers[1], sizeof(numbers[1]), "%u", (unsigned)options->gid);
		words[n++] = "--uid";
		words[n++] = numbers[0];
		words[n++] = "--gid";
		words[n++] = numbers[1];
	}
	words[n] = NULL;
}

static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int channel)
{
	sigset_t none, all;
	short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID;

	sigemptyset(&none);
	sigfillset(&all);
	/* Its own number, so that dup2 takes close-on-exec away in any case. */
	if (posix_spawn_file_actions_adddup2(actions, channel, CHANNEL_FD) != 0 ||
	    posix_spawnattr_setflags(attributes, flags) != 0 ||
	    posix_spawnattr_setsigmask(attributes, &none) != 0 ||
	    posix_spawnattr_setsigdefault(attributes, &all) != 0)
		return -1;
	return 0;
}

static int spawn(const struct host_process_options *options, int channel, pid_t *ret_pid)
{
	static char *const no_environment[] = {NULL};
	const char *words[WORDS_MAX];
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char numbers[2][16];
	int rc;

	fill_words(options, words, numbers);
	rc = posix_spawn_file_actions_init(&actions);
	if (rc != 0)
		return rc;
	rc = posix_spawnattr_init(&attributes);
	if (rc == 0 && prepare(&actions, &attributes, channel) != 0)
		rc = ENOMEM;
	if (rc == 0)
		rc = posix_spawn(ret_pid, options->program, &actions, &attributes,
				 (char *const *)(uintptr_t)words, no_environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

/* Two connected sockets: ours does not block, and none has a number below the child's. */
static int open_channel(int ret_fds[2])
{
	const int room = SEND_BUFFER;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
		ret_fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, CHANNEL_FD + 1);
		close(fds[i]);
	}
	if (ret_fds[0] >= 0 && ret_fds[1] >= 0 &&
	    fcntl(ret_fds[0], F_SETFL, fcntl(ret_fds[0], F_GETFL) | O_NONBLOCK) == 0)
		return 0;
	for (int i = 0; i < 2; i++)
		if (ret_fds[i] >= 0)
			close(ret_fds[i]);
	return -1;
}

int host_process_start(const struct host_process_options *options, struct host_process **ret_host,
		       struct hr_error *err)
{
	struct host_process *host = calloc(1, sizeof(*host));
	int fds[2], rc;

	if (!host)
		return error_no_memory(err, "starting a module's process");
	if (open_channel(fds) != 0) {
		free(host);
		return error_set_errno(err, errno, "cannot start a module's process");
	}
	host->fd = fds[0];
	host->pidfd = -1;
	rc = spawn(options, fds[1], &host->pid);
	close(fds[1]);
	if (rc == 0) {
		host->pidfd = pidfd_open_of(host->pid);
		rc = host->pidfd < 0 ? errno : 0;
	} else {
		host->pid = 0;
	}
	if (rc == 0) {
		*ret_host = host;
		return 0;
	}
	host_process_free(host);
	if (rc == ENOENT || rc == EACCES)
		return error_set(err, HR_INVALID,
				 "the program %s, in which modules run, cannot be started: %s; "
				 "install Headroom again, or correct \"host\" in the section "
				 "[providers] of headroom.conf",
				 options->program, strerror(rc));
	return error_set_errno(err, rc, "cannot start %s", options->program);
}

/* With log level debug, all that goes over the channel can be read. */
static void trace(const struct host_process *host, const char *direction, enum wire_kind kind,
		  uint64_t id, const void *value)
{
	char text[TRACE_SIZE];

	/* Its log is in ours anyway. */
	if (!log_enabled(LOG_LEVEL_DEBUG) || kind == WIRE_LOG)
		return;
	wire_trace(kind, id, value, text, sizeof(text));
	log_line(LOG_LEVEL_DEBUG, NULL, "%s process %d: %s", direction, (int)host->pid, text);
}

/* descriptor: goes with it; -1: none does. *ret_sent: whether it is on its way. -1: it cannot be
 * written as a frame. */
static int send_message(struct host_process *host, enum wire_kind kind, uint64_t id,
			const void *value, int descriptor, bool *ret_sent, struct hr_error *err)
{
	struct frame frame;

	if (wire_encode(kind, id, value, &frame, err) != 0)
		return -1;
	frame.has_descriptor = descriptor >= 0;
	frame.descriptor = descriptor;
	trace(host, "to", kind, id, value);
	KILL_POINT_FRAME(kind, KILL_SENDING);
	*ret_sent = host->fd >= 0 && frame_writer_send(&host->writer, host->fd, &frame) == 0;
	KILL_POINT_FRAME(kind, KILL_SENT);
	frame_clear(&frame);
	return 0;
}

int host_process_send(struct host_process *host, enum wire_kind kind, uint64_t id,
		      const void *value, struct hr_error *err)
{
	bool sent;

	/* Of a channel that has ended we hear by reading. */
	return send_message(host, kind, id, value, -1, &sent, err);
}

int host_process_send_descriptor(struct host_process *host, enum wire_kind kind, uint64_t id,
				 const void *value, int descriptor, struct hr_error *err)
{
	bool sent;

	if (send_message(host, kind, id, value, descriptor, &sent, err) != 0)
		return -1;
	return sent ? 0 : error_set(err, HR_TRANSIENT, "its process is too busy to be asked");
}

void host_process_flush(struct host_process *host)
{
	if (host->fd >= 0)
		(void)frame_writer_flush(&host->writer, host->fd);
}

int host_process_receive(struct host_process *host, enum wire_kind *ret_kind, uint64_t *ret_id,
			 void **ret_value, struct hr_error *err)
{
	bool is_empty = host->is_empty;
	struct frame frame;
	int rc;

	host->is_empty = false;
	while ((rc = frame_reader_next(&host->reader, &frame, err)) == 0) {
		if (host->fd < 0 || is_empty)
			return 0;
		rc = frame_reader_fill(&host->reader, host->fd);
		if (rc == FRAME_READ_NOTHING)
			return 0;
		is_empty = rc == FRAME_READ_LAST;
		if (rc == FRAME_READ_MORE || rc == FRAME_READ_LAST)
			continue;
		close(host->fd);
		host->fd = -1;
	}
	if (rc < 0)
		return -1;
	/* The next call need not ask again for what is not there: epoll says when there is more. */
	host->is_empty = is_empty;
	rc = wire_decode(&frame, WIRE_HOST, ret_kind, ret_id, ret_value, err);
	frame_clear(&frame);
	if (rc != 0)
		return -1;
	trace(host, "from", *ret_kind, *ret_id, *ret_value);
	KILL_POINT_FRAME(*ret_kind, KILL_RECEIVED);
	return 1;
}

void host_process_finish(struct host_process *host)
{
	if (host->fd >= 0)
		shutdown(host->fd, SHUT_WR);
}

void host_process_deafen(struct host_process *host)
{
	if (host->fd >= 0)
		close(host->fd);
	host->fd = -1;
	frame_reader_clear(&host->reader);
}

void host_process_kill(const struct host_process *host)
{
	if (host->pid > 0)
		syscall(SYS_pidfd_send_signal, host->pidfd, SIGKILL, NULL, 0);
}

unsigned host_process_threads(const struct host_process *host)
{
	char path[40];
	struct stat st;

	text_format(path, sizeof(path), "/proc/%d/task", (int)host->pid);
	/* Two links, and one per thread. */
	if (host->pid <= 0 || stat(path, &st) != 0 || st.st_nlink < 2)
		return 0;
	return (unsigned)st.st_nlink - 2;
}

bool host_process_ended(struct host_process *host, struct host_ending *ret_ending)
{
	siginfo_t info = {0};

	if (host->pid <= 0)
		return false;
	if (waitid(P_PID, (id_t)host->pid, &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0)
		return false;
	host->pid = 0;
	ret_ending->was_killed = info.si_code != CLD_EXITED && info.si_status == SIGKILL;
	ret_ending->by_sandbox = info.si_code == CLD_EXITED ? info.si_status == HOST_EXIT_FORBIDDEN
							    : info.si_status == SIGSYS;
	if (info.si_code == CLD_EXITED)
		text_format(ret_ending->how, sizeof(ret_ending->how), "ended with status %d",
			    info.si_status);
	else
		text_format(ret_ending->how, sizeof(ret_ending->how), "was ended by signal %d (%s)",
			    info.si_status, strsignal(info.si_status));
	return true;
}

void host_process_free(struct host_process *host)
{
	siginfo_t info;

	if (!host)
		return;
	if (host->pid > 0) {
		kill(host->pid, SIGKILL);
		while (waitid(P_PID, (id_t)host->pid, &info, WEXITED) != 0 && errno == EINTR)
			;
	}
	if (host->fd >= 0)
		close(host->fd);
	if (host->pidfd >= 0)
		close(host->pidfd);
	frame_reader_clear(&host->reader);
	frame_writer_clear(&host->writer);
	free(host);
}
