/* SPDX-License-Identifier: Apache-2.0 */
/* The process service with real processes: what they get and do not get, how they are known again
 * and ended, and every path that leads out of the state folder. As root the account's user is
 * another one; else it is the test's own. */
#include "host/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <check.h>

#include "../../modules/module_folder.h"
#include "base/clock.h"
#include "host/call.h"
#include "host/process_stat.h"
#include "host/spawner.h"

#define ACCOUNT_UID 61439
#define PATIENCE_MS 20000

static struct module_folder top;
static char folder_path[300];
static struct state_folder folder;
static struct call call;
static struct module module;
static struct hr_process process;
static int spawner = -1;

static void open_state(const char *path)
{
	bool is_root = geteuid() == 0;

	ck_assert_int_eq(mkdir(path, 0700), 0);
	if (is_root)
		ck_assert_int_eq(chown(path, ACCOUNT_UID, ACCOUNT_UID), 0);
	folder.path = realpath(path, NULL);
	folder.fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	folder.uid = is_root ? ACCOUNT_UID : geteuid();
	folder.gid = is_root ? ACCOUNT_UID : getegid();
}

static void setup(void)
{
	const struct call_subject subject = {
		.module = &module, .account = "a", .operation = "create", .folder = &folder};
	struct hr_error err;

	/* What is started comes to us when its parent ends, so that we can wait for it. */
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	umask(022);
	module_folder_make(&top);
	snprintf(folder_path, sizeof(folder_path), "%s/state", top.path);
	open_state(folder_path);
	ck_assert_int_eq(call_init(&call, &subject, clock_now().mono_ms + 60000, &err), 0);
	memset(&process, 0, sizeof(process));
}

static void end_process(void)
{
	if (process.pid > 1 && process_service.probe(&call.abi, &process) == HR_OK)
		kill((pid_t)process.pid, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

/* The same work, done by a spawner on request. */
static void setup_spawner(void)
{
	struct hr_error err = {0};

	setup();
	ck_assert_msg(spawner_start(&folder, NULL, &spawner, &err) == 0, "%s", err.message);
	process_use_spawner(spawner);
}

static void teardown(void)
{
	/* First the processes: to wait for all children is to wait for the spawner too. */
	if (process.pid > 1 && process_service.probe(&call.abi, &process) == HR_OK)
		kill((pid_t)process.pid, SIGKILL);
	if (spawner >= 0)
		close(spawner);
	spawner = -1;
	process_use_spawner(-1);
	end_process();
	call_clear(&call);
	close(folder.fd);
	free(folder.path);
	module_folder_remove(&top);
}

static struct hr_span span_of(const char *text)
{
	struct hr_span span = {text, strlen(text)};

	return span;
}

/* Starts `/bin/sh -c script` with standard output appended to the file "out". */
static int32_t start_shell(const char *script, const char *directory, const char *out)
{
	const struct hr_span argv[] = {span_of("/bin/sh"), span_of("-c"), span_of(script)};
	const struct hr_span env[] = {span_of("PATH=/usr/bin:/bin"), span_of("NAME=value of it")};
	const struct hr_process_file files[] = {{span_of(out), 1, 1}};
	const struct hr_process_start start = {
		.size = sizeof(start),
		.n_argv = 3,
		.argv = argv,
		.directory = span_of(directory),
		.files = files,
		.n_files = 1,
		.env = env,
		.n_env = 2,
	};

	return process_service.start(&call.abi, &start, &process);
}

/* What stands in a file below the top folder once "end" does; waits for that. */
static const char *read_out(const char *name)
{
	static char text[8192];
	char path[700];
	int64_t until = clock_now().mono_ms + PATIENCE_MS;

	snprintf(path, sizeof(path), "%s/%s", folder.path, name);
	for (;;) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;

		if (fd >= 0)
			close(fd);
		text[n > 0 ? n : 0] = '\0';
		if (strstr(text, "end\n"))
			return text;
		ck_assert_msg(clock_now().mono_ms < until, "%s stays \"%s\"", path, text);
		nanosleep(&(struct timespec){0, 5000000}, NULL);
	}
}

static void wait_until_gone(void)
{
	int64_t until = clock_now().mono_ms + PATIENCE_MS;

	while (process_service.probe(&call.abi, &process) == HR_OK) {
		ck_assert_int_lt(clock_now().mono_ms, until);
		nanosleep(&(struct timespec){0, 5000000}, NULL);
	}
}

#define ASSERT_STARTED(expression)                                              \
	do {                                                                    \
		int32_t rc_ = (expression);                                     \
		ck_assert_msg(rc_ == HR_OK, "%d: %s", rc_, call.fault.message); \
	} while (0)

START_TEST(what_it_gets)
{
	char expected[2048], cwd[400];

	signal(SIGPIPE, SIG_IGN);
	ASSERT_STARTED(
		start_shell("pwd; id -u; id -G; env | "
			    "grep -v -e ^PWD -e ^_= -e ^OLDPWD -e ^SHLVL | sort; umask; "
			    "grep -h -e ^NoNewPrivs -e ^SigIgn -e ^SigBlk -e ^CapEff "
			    "/proc/self/status; readlink /proc/$$/fd/0 /proc/$$/fd/2; echo end",
			    "", "out"));
	snprintf(cwd, sizeof(cwd), "%s", folder.path);
	snprintf(expected, sizeof(expected),
		 "%s\n%u\n%u\nNAME=value of it\nPATH=/usr/bin:/bin\n0077\n"
		 "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
		 "CapEff:\t0000000000000000\nNoNewPrivs:\t1\n/dev/null\n/dev/null\nend\n",
		 cwd, (unsigned)folder.uid, (unsigned)folder.gid);
	if (geteuid() == 0)
		ck_assert_str_eq(read_out("out"), expected);
	else /* groups and capabilities stay as they were */
		ck_assert_ptr_nonnull(strstr(read_out("out"), "NoNewPrivs:\t1\n/dev/null\n"));
}
END_TEST

/* The descriptors of the started process, as soon as they are these. */
static void expect_descriptors(const char *expected)
{
	int64_t until = clock_now().mono_ms + PATIENCE_MS;
	char path[64], got[1024];

	snprintf(path, sizeof(path), "/proc/%lld/fd", (long long)process.pid);
	do { /* the loader opens libraries for a moment */
		struct dirent **names = NULL;
		int n = scandir(path, &names, NULL, alphasort);

		got[0] = '\0';
		for (int i = 0; i < n; i++) {
			size_t used = strlen(got);

			if (names[i]->d_name[0] != '.')
				snprintf(got + used, sizeof(got) - used, "%.20s ",
					 names[i]->d_name);
			free(names[i]);
		}
		free(names);
	} while (strcmp(got, expected) != 0 && clock_now().mono_ms < until);
	ck_assert_str_eq(got, expected);
}

START_TEST(descriptors)
{
	const struct hr_span argv[] = {span_of("/bin/sleep"), span_of("1000")};
	const struct hr_process_file files[] = {{span_of("out"), 1, 1}, {span_of("out"), 7, 1}};
	const struct hr_process_start start = {
		.size = sizeof(start), .n_argv = 2, .argv = argv, .files = files, .n_files = 2};
	int leaks[100];

	for (int i = 0; i < 100; i++) { /* not close-on-exec */
		leaks[i] = open("/dev/null", O_RDONLY);
		ck_assert_int_ge(leaks[i], 0);
	}
	ASSERT_STARTED(process_service.start(&call.abi, &start, &process));
	expect_descriptors("0 1 2 7 ");
	for (int i = 0; i < 100; i++)
		close(leaks[i]);
}
END_TEST

START_TEST(files_and_folders)
{
	const struct hr_span argv[] = {
		span_of("/bin/sh"), span_of("-c"),
		span_of("cat <&5 >&3; pwd >&3; echo more >&9; echo end >&3")};
	char inner[400], path[500], made[500], expected[900];
	struct hr_process_file files[] = {
		{span_of("in/data"), 5, 0}, {{NULL, 0}, 3, 1}, {span_of("log"), 9, 1}};
	struct hr_process_start start = {
		.size = sizeof(start), .n_argv = 3, .argv = argv, .files = files, .n_files = 3};
	struct stat st;
	FILE *file;

	snprintf(inner, sizeof(inner), "%s/in", folder.path);
	ck_assert_int_eq(mkdir(inner, 0755), 0);
	snprintf(path, sizeof(path), "%s/in/data", folder.path);
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	fputs("from a file\n", file);
	fclose(file);
	if (geteuid() == 0)
		ck_assert_int_eq(chown(inner, ACCOUNT_UID, ACCOUNT_UID), 0);
	snprintf(made, sizeof(made), "%s/in/made", folder.path); /* absolute, below */
	files[1].path = span_of(made);
	start.directory = span_of(inner);
	ck_assert_int_eq(chmod(inner, 0755), 0);
	ASSERT_STARTED(process_service.start(&call.abi, &start, &process));
	snprintf(expected, sizeof(expected), "from a file\n%s\nend\n", inner);
	ck_assert_str_eq(read_out("in/made"), expected);
	ck_assert_int_eq(stat(made, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_uint_eq(st.st_uid, folder.uid);
	wait_until_gone();
	/* A second one appends. */
	ASSERT_STARTED(process_service.start(&call.abi, &start, &process));
	wait_until_gone();
	ck_assert_int_eq(stat(made, &st), 0);
	ck_assert_int_eq(st.st_size, (off_t)(2 * strlen(expected)));
}
END_TEST

START_TEST(session_leader_known_again)
{
	struct hr_process other;
	uint64_t start_time;
	char state;

	ASSERT_STARTED(start_shell("echo end; exec sleep 1000", "", "out"));
	read_out("out");
	ck_assert_int_eq(getsid((pid_t)process.pid), process.pid);
	ck_assert_int_eq(process_stat((pid_t)process.pid, &state, &start_time), 0);
	ck_assert_uint_eq(start_time, process.start_time);
	ck_assert_int_eq(process_service.probe(&call.abi, &process), HR_OK);

	other = process;
	other.start_time++; /* another process of that number */
	ck_assert_int_eq(process_service.probe(&call.abi, &other), HR_NOT_FOUND);
	ck_assert_int_eq(process_service.signal(&call.abi, &other, SIGKILL), HR_NOT_FOUND);
	ck_assert_int_eq(process_service.probe(&call.abi, &process), HR_OK);

	ck_assert_int_eq(process_service.signal(&call.abi, &process, 0), HR_INVALID);
	ck_assert_str_eq(call.fault.message, "0 is no signal");
	ck_assert_int_eq(process_service.signal(&call.abi, &process, SIGTERM), HR_OK);
	wait_until_gone(); /* a zombie of ours from now on, since nobody waits for it yet */
	ck_assert_int_eq(process_stat((pid_t)process.pid, &state, &start_time), 0);
	ck_assert_int_eq(state, 'Z');
	ck_assert_int_eq(process_service.signal(&call.abi, &process, SIGTERM), HR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(call.fault.message, "is no more"));
}
END_TEST

START_TEST(not_ours)
{
	struct hr_process self = {.pid = getpid()}, nobody = {.pid = -1}, init = {.pid = 1};
	char message[128];
	char state;

	ck_assert_int_eq(process_stat(0, &state, &self.start_time), 0);
	ck_assert_int_eq(process_service.signal(&call.abi, &self, SIGTERM), HR_INVALID);
	snprintf(message, sizeof(message),
		 "process %d is not one of the account's: no signal is sent", getpid());
	ck_assert_str_eq(call.fault.message, message);
	ck_assert_int_eq(process_service.probe(&call.abi, &nobody), HR_INVALID);
	ck_assert_str_eq(call.fault.message, "-1 is no process id");
	if (process_stat(1, &state, &init.start_time) == 0 && getpid() != 1) {
		ck_assert_int_eq(process_service.probe(&call.abi, &init), HR_OK);
		if (geteuid() == 0)
			ck_assert_int_eq(process_service.signal(&call.abi, &init, SIGTERM),
					 HR_INVALID);
	}
}
END_TEST

START_TEST(exec_fails)
{
	const struct hr_span missing[] = {span_of("/nonexistent/program")};
	const struct hr_span folder_argv[] = {span_of("/etc")};
	struct hr_process_start start = {.size = sizeof(start), .n_argv = 1, .argv = missing};

	ck_assert_int_eq(process_service.start(&call.abi, &start, &process), HR_UNSUPPORTED);
	ck_assert_str_eq(call.fault.message,
			 "cannot run /nonexistent/program: No such file or directory");
	start.argv = folder_argv;
	ck_assert_int_eq(process_service.start(&call.abi, &start, &process), HR_UNSUPPORTED);
	ck_assert_str_eq(call.fault.message, "cannot run /etc: Permission denied");
	process.pid = 0;
}
END_TEST

static void refuse_request(const struct hr_process_start *start, const char *message)
{
	ck_assert_int_eq(process_service.start(&call.abi, start, &process), HR_INVALID);
	ck_assert_str_eq(call.fault.message, message);
}

START_TEST(bad_requests)
{
	const struct hr_span relative[] = {span_of("sh")}, good[] = {span_of("/bin/true")};
	const struct hr_span with_nul[] = {{"/bin\0/x", 7}}, bad_env[] = {span_of("NAME")};
	const struct hr_process_file twice[] = {{span_of("a"), 1, 1}, {span_of("b"), 1, 1}};
	struct hr_process_start start = {.size = 8, .n_argv = 1, .argv = good};
	char message[200];

	snprintf(message, sizeof(message),
		 "cannot start a process: the request has a size of 8 bytes, at least %zu are "
		 "wanted",
		 sizeof(start));
	refuse_request(&start, message);
	start.size = sizeof(start);
	start.n_argv = 0;
	refuse_request(&start, "cannot start a process: argv[0] must be an absolute path");
	start.n_argv = 1;
	start.argv = relative;
	refuse_request(&start, "cannot start a process: argv[0] must be an absolute path");
	start.argv = with_nul;
	refuse_request(&start, "cannot start a process: argv is too long or holds a NUL");
	start.argv = good;
	start.env = bad_env;
	start.n_env = 1;
	refuse_request(&start, "cannot start a process: word 1 of env is not NAME=value");
	start.n_env = 0;
	start.files = twice;
	start.n_files = 2;
	refuse_request(&start, "cannot start a process: descriptor 1 is above 9 or named twice");
	start.n_files = 11;
	refuse_request(&start, "cannot start a process: 11 files, at most 10 are possible");
}
END_TEST

START_TEST(paths_outside)
{
	const char *const bad[] = {"..",   "../x", "a/../../x", "/etc/passwd", "/",
				   "a//b", "./a",  "a/",        "../state/x",  "state/../x"};
	char message[900], beside[400];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_eq(start_shell("echo end", "", bad[i]), HR_INVALID);
		snprintf(message, sizeof(message),
			 "cannot start a process: \"%s\" does not lie below the account's state "
			 "folder %s",
			 bad[i], folder.path);
		ck_assert_str_eq(call.fault.message, message);
		ck_assert_int_eq(start_shell("echo end", bad[i], "out"), HR_INVALID);
	}
	/* A folder whose name begins like ours. */
	snprintf(beside, sizeof(beside), "%s2/x", folder.path);
	ck_assert_int_eq(start_shell("echo end", "", beside), HR_INVALID);
	ck_assert_int_eq(start_shell("echo end", "", ""), HR_INVALID); /* a file needs a name */
}
END_TEST

START_TEST(links_and_pipes)
{
	char path[400], message[900];
	struct stat st;

	snprintf(path, sizeof(path), "%s/link", folder.path);
	ck_assert_int_eq(symlink(top.path, path), 0);
	ck_assert_int_eq(start_shell("echo end", "", "link/out"), HR_INVALID);
	snprintf(message, sizeof(message),
		 "cannot open the file \"link/out\" of %s for a process: Not a directory",
		 folder.path);
	ck_assert_str_eq(call.fault.message, message);
	ck_assert_int_eq(start_shell("echo end", "link", "out"), HR_INVALID);
	ck_assert_int_eq(start_shell("echo end", "", "link"), HR_INVALID);
	ck_assert_ptr_nonnull(strstr(call.fault.message, "Too many levels of symbolic links"));
	snprintf(path, sizeof(path), "%s/out", top.path);
	ck_assert_int_ne(stat(path, &st), 0);

	snprintf(path, sizeof(path), "%s/pipe", folder.path);
	ck_assert_int_eq(mkfifo(path, 0666), 0);
	ck_assert_int_eq(start_shell("echo end", "", "pipe"), HR_INVALID);
	ck_assert_int_eq(start_shell("echo end", "missing", "out"), HR_INVALID);
	snprintf(message, sizeof(message),
		 "cannot start a process in the folder \"missing\" of %s: No such file or "
		 "directory",
		 folder.path);
	ck_assert_str_eq(call.fault.message, message);
	process.pid = 0;
}
END_TEST

START_TEST(no_folder)
{
	int fd = folder.fd;

	folder.fd = -1;
	ck_assert_int_eq(start_shell("echo end", "", "out"), HR_UNSUPPORTED);
	ck_assert_str_eq(call.fault.message,
			 "cannot start a process: the account has no state folder");
	folder.fd = fd;
}
END_TEST

START_TEST(never_as_root)
{
	char message[600];

	if (geteuid() != 0)
		return;
	folder.uid = 0;
	ck_assert_int_eq(start_shell("echo end", "", "out"), HR_INVALID);
	snprintf(message, sizeof(message),
		 "cannot start a process: the state folder %s belongs to root, and nothing of an "
		 "account runs as root; give it to a uid of host_uids",
		 folder.path);
	ck_assert_str_eq(call.fault.message, message);
}
END_TEST

/* The state folder lies below one that only root may enter, as below a checkout in root's home. */
START_TEST(below_a_closed_folder)
{
	const char *script = "pwd; echo x >made; ls ../..; "
			     "id -u; echo end";
	char closed[300], deep[400], inner[500], expected[900], path[600];
	FILE *secret;

	if (geteuid() != 0)
		return;
	close(folder.fd);
	free(folder.path);
	snprintf(closed, sizeof(closed), "%s/closed", top.path);
	ck_assert_int_eq(mkdir(closed, 0700), 0);
	snprintf(path, sizeof(path), "%s/secret", closed);
	secret = fopen(path, "we");
	ck_assert_ptr_nonnull(secret);
	fclose(secret);
	snprintf(deep, sizeof(deep), "%s/accounts", closed);
	ck_assert_int_eq(mkdir(deep, 0711), 0);
	snprintf(inner, sizeof(inner), "%s/one", deep);
	open_state(inner);
	umask(077); /* the daemon's; the way to the folder must be open all the same */
	ASSERT_STARTED(start_shell(script, "", "out"));
	umask(022);
	snprintf(expected, sizeof(expected), "%s\naccounts\n%d\nend\n", inner, ACCOUNT_UID);
	ck_assert_str_eq(read_out("out"), expected);
	/* For everybody else nothing has changed. */
	ck_assert_int_eq(access(path, F_OK), 0);
	snprintf(path, sizeof(path), "%s/made", inner);
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

/* Whether an ordinary user of this machine may use bubblewrap. */
static bool has_bubblewrap(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (geteuid() == 0 && (setgid(ACCOUNT_UID) != 0 || setuid(ACCOUNT_UID) != 0))
			_exit(1);
		execl("/usr/bin/bwrap", "bwrap", "--ro-bind", "/", "/", "--unshare-user",
		      "--unshare-pid", "--proc", "/proc", "/bin/true", (char *)NULL);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Servers are made with bubblewrap: it must work as the account's user, with no new privileges and
 * also below a closed folder. */
START_TEST(bubblewrap)
{
	char argv_text[400];
	const struct hr_span argv[] = {span_of("/usr/bin/bwrap"),
				       span_of("--ro-bind"),
				       span_of("/"),
				       span_of("/"),
				       span_of("--unshare-user"),
				       span_of("--unshare-pid"),
				       span_of("--proc"),
				       span_of("/proc"),
				       span_of("--dev"),
				       span_of("/dev"),
				       span_of("--bind"),
				       span_of(folder_path),
				       span_of("/mnt"),
				       span_of("/bin/sh"),
				       span_of("-c"),
				       span_of("echo x >/mnt/made; id -u; echo end")};
	const struct hr_process_file files[] = {{span_of("out"), 1, 1}, {span_of("err"), 2, 1}};
	const struct hr_process_start start = {.size = sizeof(start),
					       .n_argv = sizeof(argv) / sizeof(argv[0]),
					       .argv = argv,
					       .files = files,
					       .n_files = 2};
	char path[400];

	if (!has_bubblewrap()) {
		printf("process: bubblewrap was not tried: an ordinary user cannot run it here\n");
		return;
	}
	if (geteuid() == 0)
		ck_assert_int_eq(chmod(top.path, 0700), 0);
	ASSERT_STARTED(process_service.start(&call.abi, &start, &process));
	snprintf(argv_text, sizeof(argv_text), "%u\nend\n", (unsigned)folder.uid);
	ck_assert_str_eq(read_out("out"), argv_text);
	snprintf(path, sizeof(path), "%s/made", folder_path);
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(stat_texts)
{
	uint64_t start_time = 0;
	char state = '?';

	ck_assert_int_eq(process_stat_parse("12 (a) b) S (x) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 "
					    "16 17 18 4711 20\n",
					    &state, &start_time),
			 0);
	ck_assert_int_eq(state, 'S');
	ck_assert_uint_eq(start_time, 4711);
	ck_assert_int_ne(process_stat_parse("", &state, &start_time), 0);
	ck_assert_int_ne(process_stat_parse("12 (sh", &state, &start_time), 0);
	ck_assert_int_ne(process_stat_parse("12 (sh) S 1 2 3", &state, &start_time), 0);
	ck_assert_int_ne(process_stat_parse("1 (sh) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 "
					    "99999999999999999999999 1",
					    &state, &start_time),
			 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("process");
	TCase *tests = tcase_create("process"), *spawned;
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_it_gets);
	tcase_add_test(tests, descriptors);
	tcase_add_test(tests, files_and_folders);
	tcase_add_test(tests, session_leader_known_again);
	tcase_add_test(tests, not_ours);
	tcase_add_test(tests, exec_fails);
	tcase_add_test(tests, bad_requests);
	tcase_add_test(tests, paths_outside);
	tcase_add_test(tests, links_and_pipes);
	tcase_add_test(tests, no_folder);
	tcase_add_test(tests, never_as_root);
	tcase_add_test(tests, below_a_closed_folder);
	tcase_add_test(tests, bubblewrap);
	tcase_add_test(tests, stat_texts);
	suite_add_tcase(suite, tests);
	/* The others change the folder behind the spawner's back, or what is refused before it. */
	spawned = tcase_create("by a spawner");
	tcase_add_checked_fixture(spawned, setup_spawner, teardown);
	tcase_add_test(spawned, what_it_gets);
	tcase_add_test(spawned, descriptors);
	tcase_add_test(spawned, files_and_folders);
	tcase_add_test(spawned, session_leader_known_again);
	tcase_add_test(spawned, not_ours);
	tcase_add_test(spawned, exec_fails);
	tcase_add_test(spawned, paths_outside);
	tcase_add_test(spawned, links_and_pipes);
	tcase_add_test(spawned, bubblewrap);
	suite_add_tcase(suite, spawned);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
