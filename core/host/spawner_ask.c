/* SPDX-License-Identifier: Apache-2.0 */
/* The asking side of spawner.h, inside the sandbox: plain sends and receives, and a thread that sees
 * the spawner's end where nothing is asked. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "host/spawner.h"
#include "host/spawner_wire.h"

#define ANSWER_MS 60000
#define STACK_SIZE (256u << 10)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct {
	int fd;
	void (*on_lost)(const char *reason); /* NULL: not watched */
} watched;

/* Does not return where the spawner is watched. */
static int lost(int32_t class, const char *reason, struct hr_error *err)
{
	if (watched.on_lost)
		watched.on_lost(reason);
	return error_set(err, class, "%s: this module's process is to be started anew", reason);
}

static int gone(struct hr_error *err)
{
	return lost(HR_TRANSIENT, "the process that starts servers has ended", err);
}

/* Under the mutex. After a failure what comes next could be the answer to this request: the socket
 * is shut. */
static int exchange(int fd, const void *message, size_t size, struct spawner_answer *ret_answer,
		    struct hr_error *err)
{
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	ssize_t n;
	int ready;

	do
		n = send(fd, message, size, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)size)
		return gone(err);
	do
		ready = poll(&wait, 1, ANSWER_MS);
	while (ready < 0 && errno == EINTR);
	if (ready == 0) {
		shutdown(fd, SHUT_RDWR);
		return lost(HR_TIMEOUT, "the process that starts servers does not answer", err);
	}
	do
		n = recv(fd, ret_answer, sizeof(*ret_answer), 0);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*ret_answer)) {
		shutdown(fd, SHUT_RDWR);
		return gone(err);
	}
	return 0;
}

static int ask(int fd, const void *message, size_t size, struct hr_process *ret_process,
	       struct hr_error *err)
{
	struct spawner_answer answer;
	int rc;

	pthread_mutex_lock(&mutex);
	rc = exchange(fd, message, size, &answer, err);
	pthread_mutex_unlock(&mutex);
	if (rc != 0)
		return -1;
	answer.message[sizeof(answer.message) - 1] = '\0';
	if (answer.class != 0)
		return error_set(err, answer.class, "%s", answer.message);
	if (ret_process)
		*ret_process = (struct hr_process){answer.pid, answer.start_time};
	return 0;
}

int spawner_ask_start(int fd, const struct hr_process_start *request,
		      struct hr_process *ret_process, struct hr_error *err)
{
	CLEANUP_FREE unsigned char *message = malloc(SPAWNER_MESSAGE_MAX);
	size_t size;

	if (!message)
		return error_no_memory(err, "starting a process");
	if (spawner_encode(request, message, &size, err) != 0)
		return -1;
	return ask(fd, message, size, ret_process, err);
}

static int ask_about(int fd, enum spawner_kind kind, const struct hr_process *process,
		     int32_t number, struct hr_error *err)
{
	struct spawner_header header;

	memset(&header, 0, sizeof(header));
	header.kind = kind;
	header.number = number;
	header.pid = process->pid;
	header.start_time = process->start_time;
	return ask(fd, &header, sizeof(header), NULL, err);
}

int spawner_ask_signal(int fd, const struct hr_process *process, int32_t number,
		       struct hr_error *err)
{
	return ask_about(fd, SPAWNER_SIGNAL, process, number, err);
}

int spawner_ask_probe(int fd, const struct hr_process *process, struct hr_error *err)
{
	return ask_about(fd, SPAWNER_PROBE, process, 0, err);
}

/* ---- Its end ------------------------------------------------------------------------------- */

static void *watch_main(void *context)
{
	/* Nothing but the end: answers are read by who asked. */
	struct pollfd wait = {.fd = watched.fd, .events = 0};

	while (poll(&wait, 1, -1) <= 0)
		;
	(void)gone(NULL);
	return context;
}

int spawner_watch(int fd, void (*on_lost)(const char *reason), struct hr_error *err)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int rc;

	watched.fd = fd;
	watched.on_lost = on_lost;
	rc = pthread_attr_init(&attributes);
	if (rc != 0)
		return error_no_memory(err, "watching the spawner");
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	rc = pthread_create(&thread, &attributes, watch_main, NULL);
	pthread_attr_destroy(&attributes);
	return rc == 0 ? 0
		       : error_set(err, HR_CAPACITY,
				   "cannot watch the spawner: no thread to be had");
}
