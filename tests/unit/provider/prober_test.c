/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in module probe in its process: a real sshd and silent, closed and wrong ports, one
 * process for all of them, killed and started again; what the process may not do is in
 * tests/modules/hostile. */
#include "provider/process.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#include "../../modules/module_folder.h"
#include "base/clock.h"
#include "base/text.h"
#include "model/server.h"

#define PATIENCE_MS 30000

static struct module_folder state;
static struct mailbox *answers;
static struct dispatcher *prober;
static struct module_metrics *metrics;
static uint64_t last_ticket;

static struct dispatch_answer *next_answer(void)
{
	int64_t until = clock_now().mono_ms + PATIENCE_MS;
	struct dispatch_answer *answer = NULL;

	while (!answer && clock_now().mono_ms < until) {
		struct pollfd one = {.fd = dispatch_fd(prober), .events = POLLIN};

		dispatch_step(prober, clock_now());
		answer = (struct dispatch_answer *)(void *)mailbox_take(answers);
		if (answer && answer->kind == DISPATCH_NEWS) {
			ck_assert_str_eq(answer->account, PROBE_ACCOUNT);
			dispatch_answer_free(answer);
			answer = NULL;
		} else if (!answer) {
			poll(&one, 1, 10);
		}
	}
	ck_assert_ptr_nonnull(answer);
	return answer;
}

static void submit(const struct dispatch_request *request)
{
	struct hr_error error = {0};

	ck_assert_msg(dispatch_submit(prober, request, &error) == 0, "%s", error.message);
}

static struct dispatch_request request(enum dispatch_kind kind)
{
	struct dispatch_request r = {.kind = kind, .timeout_ms = 20000, .ticket = ++last_ticket};

	text_copy(r.account, sizeof(r.account), PROBE_ACCOUNT);
	return r;
}

static struct dispatch_request probe_of(const char *address, int port, enum connection_type type)
{
	struct dispatch_request r = request(DISPATCH_PROBE);

	text_copy(r.probe.address, sizeof(r.probe.address), address);
	r.probe.port = port;
	r.probe.protocol = (int32_t)type;
	return r;
}

static struct dispatch_answer *ask(int port, enum connection_type type)
{
	struct dispatch_request r = probe_of("127.0.0.1", port, type);
	struct dispatch_answer *answer;

	submit(&r);
	answer = next_answer();
	ck_assert_uint_eq(answer->ticket, r.ticket);
	return answer;
}

static void expect_refusal(struct dispatch_answer *answer, int32_t class, const char *message)
{
	ck_assert_int_eq(answer->result, class);
	ck_assert_str_eq(answer->error.message, message);
	dispatch_answer_free(answer);
}

static void setup(void)
{
	const char *build = getenv("HEADROOM_BUILDDIR");
	static char host[600];
	struct process_options options = {.installation = "11111111-1111-4111-8111-111111111111",
					  .host_uid_first = 61184,
					  .host_uid_last = 61439,
					  .host_program = host};
	struct dispatch_request open = request(DISPATCH_OPEN);
	struct dispatch_answer *answer;
	struct hr_error error;
	json_t *none = json_object();

	snprintf(host, sizeof(host), "%s/headroom-host", build ? build : ".");
	ck_assert_int_eq(access(host, X_OK), 0);
	module_folder_make(&state);
	options.state_dir = state.path;
	answers = mailbox_new(NULL, NULL);
	ck_assert_int_eq(module_metrics_new(&metrics, &error), 0);
	options.answers = answers;
	options.metrics = metrics;
	ck_assert_int_eq(process_dispatcher_new(&options, &prober, &error), 0);
	open.settings = none;
	submit(&open);
	json_decref(none);
	answer = next_answer();
	ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
	dispatch_answer_free(answer);
}

static void teardown(void)
{
	struct mail *mail;

	dispatch_cancel_all(prober);
	dispatch_free(prober);
	module_metrics_free(metrics);
	while ((mail = mailbox_take(answers)) != NULL)
		dispatch_answer_free((struct dispatch_answer *)(void *)mail);
	mailbox_free(answers);
	module_folder_remove(&state);
}

/* A socket on a free port of 127.0.0.1. */
static int bound(int *ret_port, bool listens)
{
	struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(own);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&own, &size), 0);
	if (listens)
		ck_assert_int_eq(listen(fd, 100), 0);
	*ret_port = ntohs(own.sin_port);
	return fd;
}

/* ---- A real sshd ---- */

static pid_t sshd_start(int port)
{
	char key[700], host_key[720], where[64];
	pid_t pid = fork();
	int status;

	snprintf(key, sizeof(key), "%s/host_key", state.path);
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		execlp("ssh-keygen", "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key,
		       (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	if (geteuid() == 0)
		ck_assert_int_eq(chown(key, 65534, 65534), 0);
	snprintf(host_key, sizeof(host_key), "HostKey=%s", key);
	snprintf(where, sizeof(where), "ListenAddress=127.0.0.1:%d", port);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		/* As another user sshd needs no folder of the system's. */
		if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(126);
		execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-o",
		      host_key, "-o", where, "-o", "PidFile=none", (char *)NULL);
		_exit(127);
	}
	return pid;
}

static void end_process(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
}

START_TEST(a_real_sshd)
{
	struct dispatch_answer *answer = NULL;
	int port, fd = bound(&port, false), tries;
	pid_t sshd;

	close(fd);
	sshd = sshd_start(port);
	/* It takes a moment; until then the port is closed. */
	for (tries = 0; tries < 200; tries++) {
		answer = ask(port, CONNECTION_SSH);
		if (answer->result == HR_OK)
			break;
		expect_refusal(answer, HR_NOT_FOUND, "Connection refused");
		answer = NULL;
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	}
	ck_assert_ptr_nonnull(answer);
	ck_assert_msg(strncmp(answer->text, "SSH-2.0-OpenSSH_", 16) == 0, "%s", answer->text);
	dispatch_answer_free(answer);
	answer = ask(port, CONNECTION_RDP);
	ck_assert_int_eq(answer->result, HR_NOT_FOUND);
	ck_assert_msg(strstr(answer->error.message, "it answers \"SSH-2.0-") != NULL, "%s",
		      answer->error.message);
	dispatch_answer_free(answer);
	end_process(sshd);
}
END_TEST

/* Whoever had no turn in time is not said to be silent: 32 are asked at once. */
START_TEST(late_turns_say_nothing)
{
	int port, fd = bound(&port, true), n_silent = 0, n_late = 0;
	struct dispatch_request r = probe_of("127.0.0.1", port, CONNECTION_SSH);

	r.timeout_ms = 1500;
	for (int i = 0; i < 40; i++)
		submit(&r);
	for (int i = 0; i < 40; i++) {
		struct dispatch_answer *answer = next_answer();

		n_silent += answer->result == HR_NOT_FOUND;
		n_late += answer->result == HR_TIMEOUT;
		dispatch_answer_free(answer);
	}
	close(fd);
	ck_assert_int_ge(n_late, 8);
	ck_assert_int_eq(n_silent + n_late, 40);
}
END_TEST

/* ---- Ports that are none ---- */

START_TEST(silent_closed_and_named)
{
	int port, fd = bound(&port, true);
	struct dispatch_request r = probe_of("127.0.0.1", port, CONNECTION_SSH);

	r.timeout_ms = 600;
	submit(&r);
	expect_refusal(next_answer(), HR_NOT_FOUND,
		       "it accepts connections, but says nothing of SSH");
	close(fd);
	expect_refusal(ask(port, CONNECTION_SSH), HR_NOT_FOUND, "Connection refused");
	r = probe_of("localhost", port, CONNECTION_SSH);
	submit(&r);
	expect_refusal(next_answer(), HR_UNSUPPORTED,
		       "\"localhost\" is no numeric address, and names are not resolved for "
		       "probes; have the provider report one, or set probe to false");
}
END_TEST

/* A hundred at once, each with its own connection: no answer goes to another's question. */
START_TEST(many_at_once)
{
	int ports[4], fds[4], right = 0;
	char said[32];

	for (int i = 0; i < 4; i++)
		fds[i] = bound(&ports[i], true);
	for (int i = 0; i < 100; i++) {
		struct dispatch_request r = probe_of("127.0.0.1", ports[i % 4], CONNECTION_SSH);

		r.ticket = 1000 + (uint64_t)i;
		submit(&r);
	}
	for (int i = 0; i < 100; i++) {
		struct pollfd wait[4];
		struct dispatch_answer *answer;

		/* Whoever has come is told which port it came to. */
		do {
			dispatch_step(prober, clock_now());
			for (int j = 0; j < 4; j++)
				wait[j] = (struct pollfd){.fd = fds[j], .events = POLLIN};
			if (poll(wait, 4, 1) <= 0)
				break;
			for (int j = 0; j < 4; j++) {
				int fd = wait[j].revents ? accept(fds[j], NULL, NULL) : -1;

				if (fd < 0)
					continue;
				snprintf(said, sizeof(said), "SSH-2.0-port%d\r\n", ports[j]);
				ck_assert_int_eq(write(fd, said, strlen(said)),
						 (ssize_t)strlen(said));
				close(fd);
			}
		} while (true);
		answer = next_answer();
		ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
		snprintf(said, sizeof(said), "SSH-2.0-port%d", ports[(answer->ticket - 1000) % 4]);
		ck_assert_str_eq(answer->text, said);
		right++;
		dispatch_answer_free(answer);
	}
	ck_assert_int_eq(right, 100);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
}
END_TEST

/* The host's pid: the only child that is a headroom-host. */
static pid_t host_pid(void)
{
	char path[64], name[64] = "";
	FILE *children, *comm;
	int pid = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	children = fopen(path, "r");
	ck_assert_ptr_nonnull(children);
	while (fscanf(children, "%d", &pid) == 1) {
		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		comm = fopen(path, "r");
		if (comm && fgets(name, sizeof(name), comm) && strstr(name, "headroom-host")) {
			fclose(comm);
			break;
		}
		if (comm)
			fclose(comm);
		pid = 0;
	}
	fclose(children);
	return pid;
}

START_TEST(killed_and_started_again)
{
	int port, fd = bound(&port, true);
	struct dispatch_request r = probe_of("127.0.0.1", port, CONNECTION_SSH);
	struct dispatch_answer *answer;
	struct module_figures figures;
	pid_t pid = host_pid();

	ck_assert_int_gt(pid, 0);
	submit(&r);
	kill(pid, SIGKILL);
	answer = next_answer();
	ck_assert_int_eq(answer->result, HR_TRANSIENT);
	ck_assert_msg(strstr(answer->error.message, "the process of module probe was killed") !=
			      NULL,
		      "%s", answer->error.message);
	dispatch_answer_free(answer);
	close(fd);
	expect_refusal(ask(port, CONNECTION_SSH), HR_NOT_FOUND, "Connection refused");
	ck_assert_int_eq(module_metrics_copy(metrics, &figures, NULL), 0);
	ck_assert_uint_eq(figures.n_modules, 1);
	ck_assert_uint_eq(figures.modules[0].starts, 2);
	module_figures_clear(&figures);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("prober");
	TCase *tcase = tcase_create("prober");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	/* Where it is not installed, tests/integration/probe.sh says so. */
	if (access("/usr/sbin/sshd", X_OK) == 0)
		tcase_add_test(tcase, a_real_sshd);
	tcase_add_test(tcase, late_turns_say_nothing);
	tcase_add_test(tcase, silent_closed_and_named);
	tcase_add_test(tcase, many_at_once);
	tcase_add_test(tcase, killed_and_started_again);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
