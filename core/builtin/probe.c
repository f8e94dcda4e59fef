/* SPDX-License-Identifier: Apache-2.0 */
/* One conversation: wait for the connection, say the first word where the client has it, read until
 * what came is right or wrong. */
#include "builtin/probe.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "builtin/probe_tls.h"
#include "builtin/probe_words.h"
#include "model/server.h"

#define READ_MAX 4096 /* bytes of an answer; every right one is shorter */
#define SLICE_MS 100  /* how soon a cancellation is seen */
#define MARGIN_MS 200 /* so that the reason is there before the daemon cancels */
#define PROBE_NO \
	HR_NOT_FOUND /* the server's own word, or its silence; nothing else has this class */

struct protocol {
	enum connection_type type;
	const char *name;
	enum probe_verdict (*judge)(const unsigned char *data, size_t len,
				    char ret_text[PROBE_TEXT_SIZE]);
};

static const struct protocol protocols[] = {
	{CONNECTION_KASMVNC, "TLS", probe_tls},
	{CONNECTION_RDP, "RDP", probe_rdp},
	{CONNECTION_VNC, "VNC (RFB)", probe_rfb},
	{CONNECTION_SSH, "SSH", probe_ssh},
};

static const struct protocol *find(int32_t type)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if ((int32_t)protocols[i].type == type)
			return &protocols[i];
	return NULL;
}

static size_t hello_of(const struct protocol *protocol, unsigned char hello[PROBE_TLS_HELLO_MAX])
{
	if (protocol->type == CONNECTION_KASMVNC)
		return probe_tls_hello(hello);
	if (protocol->type != CONNECTION_RDP)
		return 0; /* the server has the first word */
	memcpy(hello, probe_rdp_hello, sizeof(probe_rdp_hello));
	return sizeof(probe_rdp_hello);
}

/* HR_OK: one of these events is there; else the call's fault is set, with what was waited for. */
static int32_t await(const struct call *call, int fd, short events, const char *what)
{
	struct pollfd one = {.fd = fd, .events = events};

	for (;;) {
		int n;

		if (call->abi.cancelled(&call->abi))
			return call_refuse(&call->abi, HR_CANCELLED, "%s", what);
		if (call->abi.remaining_ms(&call->abi) <= MARGIN_MS)
			return call_refuse(&call->abi, PROBE_NO, "%s", what);
		n = poll(&one, 1, SLICE_MS);
		if (n > 0)
			return HR_OK;
		if (n < 0 && errno != EINTR)
			return call_refuse(&call->abi, HR_INTERNAL, "poll: %s",
					   strerrordesc_np(errno));
	}
}

static int32_t connected(const struct call *call, int fd)
{
	int failure = 0;
	socklen_t size = sizeof(failure);
	int32_t rc = await(call, fd, POLLOUT, "nobody answers there");

	if (rc != HR_OK)
		return rc;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) != 0)
		failure = errno;
	return failure == 0 ? HR_OK
			    : call_refuse(&call->abi, PROBE_NO, "%s", strerrordesc_np(failure));
}

/* A few hundred bytes: a new connection takes them at once or is broken. */
static int32_t say(const struct call *call, const struct protocol *protocol, int fd)
{
	unsigned char hello[PROBE_TLS_HELLO_MAX];
	size_t len = hello_of(protocol, hello);

	if (len == 0 || send(fd, hello, len, MSG_NOSIGNAL) == (ssize_t)len)
		return HR_OK;
	return call_refuse(&call->abi, PROBE_NO, "the connection was closed at once");
}

static int32_t closed(const struct call *call, const struct protocol *protocol,
		      const unsigned char *data, size_t len)
{
	char text[PROBE_TEXT_SIZE];

	if (len == 0)
		return call_refuse(&call->abi, PROBE_NO,
				   "it closes the connection without a word of %s", protocol->name);
	probe_wrong(data, len, text);
	return call_refuse(&call->abi, PROBE_NO, "%s and closes", text);
}

static int32_t hear(struct call *call, const struct protocol *protocol, int fd)
{
	unsigned char data[READ_MAX];
	enum probe_verdict verdict = PROBE_MORE;
	char text[PROBE_TEXT_SIZE], what[64];
	size_t len = 0;

	text_format(what, sizeof(what), "it accepts connections, but says nothing of %s",
		    protocol->name);
	while (verdict == PROBE_MORE && len < sizeof(data)) {
		int32_t rc = await(call, fd, POLLIN, what);
		ssize_t n;

		if (rc != HR_OK)
			return rc;
		n = recv(fd, data + len, sizeof(data) - len, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return closed(call, protocol, data, len);
		len += (size_t)n;
		verdict = protocol->judge(data, len, text);
	}
	if (verdict == PROBE_SPEAKS) {
		text_copy(call->text, sizeof(call->text), text);
		return HR_OK;
	}
	if (verdict == PROBE_MORE)
		probe_wrong(data, len, text);
	return call_refuse(&call->abi, PROBE_NO, "%s", text);
}

int32_t probe_run(struct call *call, const struct dispatch_probe *probe)
{
	const struct protocol *protocol = find(probe->protocol);
	int32_t rc;

	if (!protocol)
		return call_refuse(&call->abi, HR_UNSUPPORTED,
				   "connection type %d cannot be probed", (int)probe->protocol);
	if (probe->descriptor < 0)
		return call_refuse(&call->abi, HR_INTERNAL, "a probe came without its connection");
	rc = connected(call, probe->descriptor);
	if (rc == HR_OK)
		rc = say(call, protocol, probe->descriptor);
	return rc == HR_OK ? hear(call, protocol, probe->descriptor) : rc;
}
