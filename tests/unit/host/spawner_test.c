/* SPDX-License-Identifier: Apache-2.0 */
/* The spawner against a hostile other side, and its end. What it does for a well-behaved one is
 * tested in process_test.c, by the same tests as in process. */
#include "host/spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#include "../../modules/module_folder.h"
#include "base/clock.h"
#include "host/process_record.h"
#include "host/process_signal.h"
#include "host/process_stat.h"
#include "host/spawner_wire.h"

#define ACCOUNT_UID 61438
#define PATIENCE_MS 20000

static struct module_folder top;
static char state[300];
static struct state_folder folder;
static unsigned char message[SPAWNER_MESSAGE_MAX + 64];
static int fd = -1;

static struct hr_span span_of(const char *text)
{
	return (struct hr_span){text, strlen(text)};
}

static void setup(void)
{
	bool is_root = geteuid() == 0;
	struct hr_error err = {0};

	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	module_folder_make(&top);
	snprintf(state, sizeof(state), "%s/state", top.path);
	ck_assert_int_eq(mkdir(state, 0700), 0);
	if (is_root)
		ck_assert_int_eq(chown(state, ACCOUNT_UID, ACCOUNT_UID), 0);
	folder = (struct state_folder){.path = state,
				       .fd = open(state, O_PATH | O_DIRECTORY | O_CLOEXEC),
				       .uid = is_root ? ACCOUNT_UID : geteuid(),
				       .gid = is_root ? ACCOUNT_UID : getegid()};
	ck_assert_msg(spawner_start(&folder, NULL, &fd, &err) == 0, "%s", err.message);
}

static void teardown(void)
{
	if (fd >= 0)
		close(fd);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
	close(folder.fd);
	module_folder_remove(&top);
}

static struct hr_process_start sleep_request(const struct hr_span *argv)
{
	return (struct hr_process_start){
		.size = sizeof(struct hr_process_start), .n_argv = 2, .argv = argv};
}

static struct hr_process start_sleep(void)
{
	const struct hr_span argv[] = {span_of("/bin/sleep"), span_of("1000")};
	const struct hr_process_start start = sleep_request(argv);
	struct hr_process process = {0};
	struct hr_error err = {0};

	ck_assert_msg(spawner_ask_start(fd, &start, &process, &err) == 0, "%s", err.message);
	return process;
}

/* The answer to bytes sent as they are. */
static struct spawner_answer ask_raw(size_t size)
{
	struct spawner_answer answer = {0};

	ck_assert_int_eq(send(fd, message, size, MSG_NOSIGNAL), (ssize_t)size);
	ck_assert_int_eq(recv(fd, &answer, sizeof(answer), 0), (ssize_t)sizeof(answer));
	return answer;
}

static void expect_refused(size_t size)
{
	const struct spawner_answer answer = ask_raw(size);

	ck_assert_int_eq(answer.class, HR_INVALID);
	ck_assert_str_eq(answer.message, "this is no request that a spawner knows");
}

static size_t encode_sleep(void)
{
	const struct hr_span argv[] = {span_of("/bin/sleep"), span_of("1000")};
	const struct hr_process_start start = sleep_request(argv);
	struct hr_error err = {0};
	size_t size = 0;

	ck_assert_int_eq(spawner_encode(&start, message, &size, &err), 0);
	return size;
}

/* Cut at every length and with every count beyond its limit it is refused, and the next good
 * request is served all the same. */
START_TEST(broken_messages)
{
	size_t size = encode_sleep();
	struct spawner_header header;
	struct hr_process process;

	for (size_t cut = 1; cut < size; cut++)
		expect_refused(cut);
	expect_refused(size + 1); /* something behind it */
	memcpy(&header, message, sizeof(header));
	uint32_t *const counts[] = {&header.n_argv, &header.n_env, &header.n_companions,
				    &header.n_files, &header.kind};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		const uint32_t bad[] = {300, 0x7fffffff, 0xffffffff};

		for (size_t j = 0; j < 3; j++) {
			const uint32_t good = *counts[i];

			*counts[i] = bad[j];
			memcpy(message, &header, sizeof(header));
			expect_refused(size);
			*counts[i] = good;
		}
	}
	memcpy(message, &header, sizeof(header));
	memset(message + sizeof(header), 0xff, 4); /* the length of argv[0] */
	expect_refused(size);
	expect_refused(sizeof(message));
	process = start_sleep();
	ck_assert_int_eq(spawner_ask_signal(fd, &process, SIGKILL, NULL), 0);
}
END_TEST

/* A descriptor sent along does not stay in the spawner. */
START_TEST(descriptors_are_not_taken)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {{0}};
	struct iovec data = {message, encode_sleep()};
	struct msghdr packet = {.msg_iov = &data,
				.msg_iovlen = 1,
				.msg_control = &control,
				.msg_controllen = sizeof(control)};
	struct cmsghdr *head = CMSG_FIRSTHDR(&packet);
	struct spawner_answer answer;
	struct hr_process process;
	int ends[2];
	char byte;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &ends[1], sizeof(int));
	ck_assert_int_gt(sendmsg(fd, &packet, MSG_NOSIGNAL), 0);
	ck_assert_int_eq(recv(fd, &answer, sizeof(answer), 0), (ssize_t)sizeof(answer));
	ck_assert_int_eq(answer.class, 0);
	close(ends[1]);
	ck_assert_int_eq(read(ends[0], &byte, 1), 0); /* nobody else holds it */
	close(ends[0]);
	process = (struct hr_process){answer.pid, answer.start_time};
	ck_assert_int_eq(spawner_ask_signal(fd, &process, SIGKILL, NULL), 0);
}
END_TEST

START_TEST(not_the_accounts)
{
	struct hr_process self = {.pid = getpid()}, init = {.pid = 1};
	struct hr_error err = {0};
	char letter;

	ck_assert_int_eq(process_stat(0, &letter, &self.start_time), 0);
	ck_assert_int_ne(spawner_ask_signal(fd, &self, SIGKILL, &err), 0);
	ck_assert_int_eq(err.class, HR_INVALID);
	if (geteuid() == 0 && process_stat(1, &letter, &init.start_time) == 0) {
		ck_assert_int_ne(spawner_ask_signal(fd, &init, SIGCONT, &err), 0);
		ck_assert_int_eq(err.class, HR_INVALID);
	}
	ck_assert_int_ne(spawner_ask_signal(fd, &self, 65, &err), 0);
	ck_assert_str_eq(err.message, "65 is no signal");
}
END_TEST

/* Of the account's user, but nothing that was started for it; and what another spawner has started for it,
 * before this one began. */
START_TEST(only_what_was_started)
{
	struct hr_process other = {0}, ours = start_sleep();
	struct hr_error err = {0};
	char letter;

	other.pid = fork();
	if (other.pid == 0) {
		if (geteuid() == 0 && setresuid(ACCOUNT_UID, ACCOUNT_UID, ACCOUNT_UID) != 0)
			_exit(1);
		for (;;)
			pause();
	}
	ck_assert_int_gt(other.pid, 0);
	ck_assert_int_eq(process_stat((pid_t)other.pid, &letter, &other.start_time), 0);
	nanosleep(&(struct timespec){0, 50000000}, NULL);
	ck_assert_int_ne(spawner_ask_signal(fd, &other, SIGKILL, &err), 0);
	ck_assert_int_eq(err.class, HR_INVALID);
	ck_assert_int_eq(process_look(&other, &err), 0);
	ck_assert_int_eq(kill((pid_t)other.pid, SIGKILL), 0);
	close(fd);
	ck_assert_int_eq(spawner_start(&folder, NULL, &fd, &err), 0);
	ck_assert_msg(spawner_ask_signal(fd, &ours, SIGKILL, &err) == 0, "%s", err.message);
}
END_TEST

/* The first of a session may end before the others: they are the account's all the same. */
START_TEST(what_it_started_in_turn)
{
	const struct hr_span argv[] = {span_of("/bin/sh"), span_of("-c"),
				       span_of("sleep 1000 & echo $! >child")};
	struct hr_process_start start = sleep_request(argv);
	struct hr_process process = {0}, child = {0};
	struct hr_error err = {0};
	char path[320], letter;
	FILE *file = NULL;

	start.n_argv = 3;
	ck_assert_int_eq(spawner_ask_start(fd, &start, &process, &err), 0);
	while (process_look(&process, &err) == 0)
		nanosleep(&(struct timespec){0, 5000000}, NULL);
	snprintf(path, sizeof(path), "%s/child", state);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file, "%ld", &child.pid), 1);
	fclose(file);
	ck_assert_int_eq(process_stat((pid_t)child.pid, &letter, &child.start_time), 0);
	ck_assert_msg(spawner_ask_signal(fd, &child, SIGKILL, &err) == 0, "%s", err.message);
}
END_TEST

/* What has ended is forgotten once the file has grown; what runs is not. */
START_TEST(the_record_stays_small)
{
	const struct hr_process ours = start_sleep();
	struct hr_process ended = {.pid = 1};
	struct hr_error err = {0};
	char path[320];
	struct stat st;

	for (uint64_t i = 1; i <= 3000; i++) {
		ended.start_time = UINT64_MAX - i;
		ck_assert_int_eq(process_record_add(&folder, &ended, &err), 0);
	}
	ck_assert(process_record_has(&folder, &ended));
	ck_assert(process_record_has(&folder, &ours));
	snprintf(path, sizeof(path), "%s/.state.started", top.path);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	ck_assert_int_lt(st.st_size, 17000);
	ck_assert_int_eq(spawner_ask_signal(fd, &ours, SIGKILL, &err), 0);
}
END_TEST

START_TEST(too_large)
{
	static char word[SPAWNER_MESSAGE_MAX];
	const struct hr_span argv[] = {{word, sizeof(word)}, {word, 1}};
	struct hr_process_start start = sleep_request(argv);
	struct hr_process process;
	struct hr_error err = {0};

	ck_assert_int_ne(spawner_ask_start(fd, &start, &process, &err), 0);
	ck_assert_int_eq(err.class, HR_INVALID);
	start.n_argv = SPAWNER_WORDS_MAX + 1;
	ck_assert_int_ne(spawner_ask_start(fd, &start, &process, &err), 0);
	ck_assert_int_eq(err.class, HR_INVALID);
}
END_TEST

/* The spawner ends with the socket; what it started lives on. */
START_TEST(its_end)
{
	const struct hr_process process = start_sleep();
	int64_t until = clock_now().mono_ms + PATIENCE_MS;
	struct hr_error err = {0};
	pid_t ended = 0;

	close(fd);
	fd = -1;
	while (ended == 0 && clock_now().mono_ms < until) {
		ended = waitpid(-1, NULL, WNOHANG);
		nanosleep(&(struct timespec){0, 5000000}, NULL);
	}
	ck_assert_int_gt(ended, 0);
	ck_assert_int_ne(ended, process.pid);
	ck_assert_int_eq(process_look(&process, &err), 0);
	ck_assert_int_eq(kill((pid_t)process.pid, SIGKILL), 0);
}
END_TEST

/* Once it is no more, that is what the asking side says. */
START_TEST(it_is_gone)
{
	const struct hr_process nobody = {.pid = 1};
	struct hr_error err = {0};

	ck_assert_int_eq(shutdown(fd, SHUT_RDWR), 0);
	ck_assert_int_ne(spawner_ask_probe(fd, &nobody, &err), 0);
	ck_assert_int_eq(err.class, HR_TRANSIENT);
}
END_TEST

/* ---- The module's own program -------------------------------------------------------------- */
static int32_t start_own(const char *name, const char *module, struct hr_process *ret_process,
			 struct hr_error *err)
{
	const struct hr_span argv[] = {span_of(name), span_of("1000")};
	const struct hr_span companions[] = {span_of("beside"), span_of("deep/beside")};
	struct hr_process_start start = sleep_request(argv);
	int other, rc;

	start.flags = HR_PROCESS_OWN_PROGRAM;
	start.companions = companions;
	start.n_companions = 2;
	ck_assert_int_eq(spawner_start(&folder, module, &other, err), 0);
	rc = spawner_ask_start(other, &start, ret_process, err);
	close(other);
	return rc == 0 ? HR_OK : err->class;
}

static void copy_program(const char *to, mode_t mode)
{
	static char bytes[1 << 20];
	int from = open("/bin/sleep", O_RDONLY | O_CLOEXEC);
	int target = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, mode);
	ssize_t n = read(from, bytes, sizeof(bytes));

	ck_assert_int_gt(n, 0);
	ck_assert_int_eq(write(target, bytes, (size_t)n), n);
	ck_assert_int_eq(fchmod(target, mode), 0);
	close(from);
	close(target);
}

static void end(const struct hr_process *process)
{
	ck_assert_int_eq(kill((pid_t)process->pid, SIGKILL), 0);
}

START_TEST(own_program)
{
	char program[400], module[400], beside[400], copied[400], path[64], exe[400] = "";
	struct hr_process process = {0};
	struct hr_error err = {0};
	bool is_root = geteuid() == 0;

	snprintf(module, sizeof(module), "%s/module.so", top.path);
	snprintf(program, sizeof(program), "%s/own-program", top.path);
	snprintf(beside, sizeof(beside), "%s/beside", top.path);
	snprintf(copied, sizeof(copied), "%s/own-program", state);
	copy_program(program, 0755);
	copy_program(module, 0644);
	copy_program(beside, 0644);
	/* By its name beside the module, where it is open. */
	ck_assert_msg(start_own("own-program", module, &process, &err) == HR_OK, "%s", err.message);
	ck_assert_int_ne(access(copied, F_OK), 0);
	end(&process);
	/* Where only root may go, as a copy in the process's folder, with what it needs. */
	ck_assert_int_eq(chmod(top.path, 0700), 0);
	ck_assert_msg(start_own("own-program", module, &process, &err) == HR_OK, "%s", err.message);
	snprintf(path, sizeof(path), "/proc/%lld/exe", (long long)process.pid);
	ck_assert_int_gt(readlink(path, exe, sizeof(exe) - 1), 0);
	ck_assert_str_eq(exe, is_root ? copied : program);
	snprintf(beside, sizeof(beside), "%s/beside", state);
	ck_assert_int_eq(access(beside, F_OK), is_root ? 0 : -1);
	end(&process);
}
END_TEST

/* By an absolute path of the module's choice nothing can be read that is closed to others. */
START_TEST(no_secrets_by_copy)
{
	char program[400], copied[400];
	struct hr_process process = {0};
	struct hr_error err = {0};

	snprintf(program, sizeof(program), "%s/secret", top.path);
	snprintf(copied, sizeof(copied), "%s/secret", state);
	copy_program(program, geteuid() == 0 ? 0700 : 0600);
	ck_assert_int_eq(start_own(program, NULL, &process, &err), HR_NOT_FOUND);
	ck_assert_int_ne(access(copied, F_OK), 0);
	ck_assert_int_eq(start_own("/etc/shadow", NULL, &process, &err), HR_NOT_FOUND);
	ck_assert_int_eq(start_own("absent", NULL, &process, &err), HR_NOT_FOUND);
	ck_assert_int_eq(start_own("../secret", NULL, &process, &err), HR_INVALID);
	ck_assert_int_eq(start_own("..", NULL, &process, &err), HR_INVALID);
	/* The file itself open, a folder above not: what is in there may be a secret all the same. */
	if (geteuid() == 0) {
		ck_assert_int_eq(chmod(program, 0755), 0);
		ck_assert_int_eq(chmod(top.path, 0700), 0);
		ck_assert_int_eq(start_own(program, NULL, &process, &err), HR_NOT_FOUND);
		ck_assert_int_ne(access(copied, F_OK), 0);
	}
}
END_TEST

/* Beside the module, a copy is made of what everybody may read and nobody else may write. */
START_TEST(only_open_files_are_copied)
{
	static const struct {
		const char *file;
		mode_t mode;
		uid_t owner;
		const char *message;
	} tried[] = {
		{"own-program", 0700, 0,
		 "cannot copy own-program for a process: not everybody may read it; if it came "
		 "with the module, run chmod a+r on it"},
		{"own-program", 0775, 0,
		 "cannot copy own-program for a process: others may write it"},
		{"beside", 0640, 0,
		 "cannot copy beside for a process: not everybody may read it; if it came with "
		 "the module, run chmod a+r on it"},
		{"beside", 0644, ACCOUNT_UID,
		 "cannot copy beside for a process: it does not belong to root"},
	};
	char path[400], module[400], copied[400];
	struct hr_process process = {0};
	struct hr_error err = {0};

	if (geteuid() != 0)
		return; /* nothing is ever copied */
	ck_assert_int_eq(chmod(top.path, 0700), 0);
	snprintf(module, sizeof(module), "%s/module.so", top.path);
	snprintf(copied, sizeof(copied), "%s/own-program", state);
	copy_program(module, 0644);
	for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
		snprintf(path, sizeof(path), "%s/own-program", top.path);
		copy_program(path, 0755);
		snprintf(path, sizeof(path), "%s/beside", top.path);
		copy_program(path, 0644);
		snprintf(path, sizeof(path), "%s/%s", top.path, tried[i].file);
		ck_assert_int_eq(chmod(path, tried[i].mode), 0);
		ck_assert_int_eq(chown(path, tried[i].owner, 0), 0);
		ck_assert_msg(start_own("own-program", module, &process, &err) == HR_INVALID, "%s",
			      err.message);
		ck_assert_str_eq(err.message, tried[i].message);
		ck_assert_int_ne(access(copied, F_OK), 0);
		ck_assert_int_eq(unlink(path), 0);
	}
	/* Not by a link in its place either. */
	ck_assert_int_eq(symlink("/bin/sleep", path), 0);
	ck_assert_msg(start_own("own-program", module, &process, &err) == HR_INVALID, "%s",
		      err.message);
	ck_assert_str_eq(err.message, "cannot copy beside for a process: a part of its path is a "
				      "symbolic link or no folder");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spawner");
	TCase *tests = tcase_create("spawner");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, broken_messages);
	tcase_add_test(tests, descriptors_are_not_taken);
	tcase_add_test(tests, not_the_accounts);
	tcase_add_test(tests, only_what_was_started);
	tcase_add_test(tests, what_it_started_in_turn);
	tcase_add_test(tests, the_record_stays_small);
	tcase_add_test(tests, too_large);
	tcase_add_test(tests, its_end);
	tcase_add_test(tests, it_is_gone);
	tcase_add_test(tests, own_program);
	tcase_add_test(tests, no_secrets_by_copy);
	tcase_add_test(tests, only_open_files_are_copied);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
