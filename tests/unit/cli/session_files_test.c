/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "cli/session_files.h"
#include "../base/suite.h"
#include "folder.h"

#define ID_A "0a0a0a0a-1111-4222-8333-444444444444"
#define ID_B "0b0b0b0b-1111-4222-8333-444444444444"
#define HOST_KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample"

static struct hr_error err;
static char *command;

static void setup(void)
{
	folder_open();
	setenv("XDG_RUNTIME_DIR", folder, 1);
}

static json_t *connection_of(const char *host, const char *user, int port, const char *host_key,
			     const char *private_key)
{
	json_t *connection = json_pack("{s:s, s:s, s:s, s:i, s:s*, s:s*}", "type", "SSH", "host",
				       host, "username", user, "port", port, "host_key", host_key,
				       "private_key", private_key);

	ck_assert_ptr_nonnull(connection);
	return connection;
}

static int write_for(const char *id, const char *daemon, const char *host, const char *user,
		     int port, const char *host_key, const char *private_key)
{
	CLEANUP_JSON json_t *connection = connection_of(host, user, port, host_key, private_key);

	free(command);
	command = NULL;
	memset(&err, 0, sizeof(err));
	return session_files_write(id, daemon, connection, &command, &err);
}

static int write_usual(const char *id)
{
	return write_for(id, "/run/a.sock", "127.0.0.1", "ana", 2222, HOST_KEY, "KEY\n");
}

static const char *path_of(const char *rest)
{
	static char path[1024];

	snprintf(path, sizeof(path), "%s/headroom-sessions%s%s", getenv("XDG_RUNTIME_DIR"),
		 rest[0] != '\0' ? "/" : "", rest);
	return path;
}

static void holds(const char *name, const char *text)
{
	char got[512] = "";
	struct stat st;
	FILE *file = fopen(path_of(name), "r");

	ck_assert_msg(file != NULL, "%s is not there", path_of(name));
	got[fread(got, 1, sizeof(got) - 1, file)] = '\0';
	ck_assert_int_eq(fstat(fileno(file), &st), 0);
	fclose(file);
	ck_assert_str_eq(got, text);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
}

static bool is_there(const char *name)
{
	return access(path_of(name), F_OK) == 0;
}

START_TEST(files_are_ours_alone)
{
	struct stat st;

	umask(0);
	ck_assert_msg(write_usual(ID_A) == 0, "%s", err.message);
	holds(ID_A "/key", "KEY\n");
	holds(ID_A "/known_hosts", "[127.0.0.1]:2222 " HOST_KEY "\n");
	ck_assert_int_eq(stat(path_of(ID_A), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0700);
	ck_assert_int_eq(stat(path_of(""), &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0700);
}
END_TEST

START_TEST(writing_again_replaces)
{
	ck_assert_int_eq(write_usual(ID_A), 0);
	ck_assert_int_eq(write_for(ID_A, "/run/a.sock", "127.0.0.2", "ana", 22, HOST_KEY, "NEW\n"),
			 0);
	holds(ID_A "/key", "NEW\n");
	holds(ID_A "/known_hosts", "127.0.0.2 " HOST_KEY "\n");
}
END_TEST

START_TEST(the_command_names_both_files_and_checks_the_host)
{
	char wanted[2048];

	ck_assert_int_eq(write_usual(ID_A), 0);
	snprintf(
		wanted, sizeof(wanted),
		"ssh -i %s/headroom-sessions/" ID_A "/key -o IdentitiesOnly=yes -o "
		"'UserKnownHostsFile=\"%s/headroom-sessions/" ID_A "/known_hosts\"' -o "
		"GlobalKnownHostsFile=/dev/null -o StrictHostKeyChecking=yes -p 2222 ana@127.0.0.1",
		folder, folder);
	ck_assert_str_eq(command, wanted);
}
END_TEST

/* What `sh -c script` prints. */
static void shell_prints(const char *script, char *ret_text, size_t size)
{
	int ends[2], status = 0;
	size_t have = 0;
	ssize_t n;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl("/bin/sh", "sh", "-c", script, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_gt(pid, 0);
	close(ends[1]);
	while (have < size - 1 && (n = read(ends[0], ret_text + have, size - 1 - have)) > 0)
		have += (size_t)n;
	ret_text[have] = '\0';
	close(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

/* What a shell makes of the command, one argument a line, by a function that stands for ssh. */
static void shell_sees(const char *wanted)
{
	char script[4096], got[4096];

	snprintf(script, sizeof(script), "ssh() { printf '%%s\\n' \"$@\"; }; %s", command);
	shell_prints(script, got, sizeof(got));
	ck_assert_str_eq(got, wanted);
}

START_TEST(the_command_survives_a_shell)
{
	static const char *const names[] = {"with blank", "it's",        "a;b&c|d", "(x)*?[!]",
					    "~#`id`",     "K\xc3\xb6ln", "-dash"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char runtime[512], wanted[4096];

		snprintf(runtime, sizeof(runtime), "%s/%s", folder, names[i]);
		ck_assert_int_eq(mkdir(runtime, 0700), 0);
		setenv("XDG_RUNTIME_DIR", runtime, 1);
		ck_assert_msg(
			write_for(ID_A, "d", "::1", "corp\\ana$@corp", 2222, HOST_KEY, "K\n") == 0,
			"%s: %s", names[i], err.message);
		snprintf(wanted, sizeof(wanted),
			 "-i\n%s/headroom-sessions/" ID_A "/key\n-o\nIdentitiesOnly=yes\n-o\n"
			 "UserKnownHostsFile=\"%s/headroom-sessions/" ID_A "/known_hosts\"\n-o\n"
			 "GlobalKnownHostsFile=/dev/null\n-o\nStrictHostKeyChecking=yes\n-p\n2222\n"
			 "corp\\ana$@corp@::1\n",
			 runtime, runtime);
		shell_sees(wanted);
	}
}
END_TEST

/* ssh itself reads the options: what it would use is what was written. */
START_TEST(ssh_reads_the_same_paths)
{
	char runtime[512], shell_line[4096], got[16384], wanted[2048];

	if (access("/usr/bin/ssh", X_OK) != 0)
		return;
	snprintf(runtime, sizeof(runtime), "%s/it's a # folder", folder);
	ck_assert_int_eq(mkdir(runtime, 0700), 0);
	setenv("XDG_RUNTIME_DIR", runtime, 1);
	ck_assert_int_eq(write_usual(ID_A), 0);
	snprintf(shell_line, sizeof(shell_line), "ssh -G -T -F none %s", command + strlen("ssh "));
	shell_prints(shell_line, got, sizeof(got));
	snprintf(wanted, sizeof(wanted),
		 "\nuserknownhostsfile %s/headroom-sessions/" ID_A "/known_hosts\n", runtime);
	ck_assert_msg(strstr(got, wanted) != NULL, "%s", got);
	snprintf(wanted, sizeof(wanted), "\nidentityfile %s/headroom-sessions/" ID_A "/key\n",
		 runtime);
	ck_assert_msg(strstr(got, wanted) != NULL, "%s", got);
	ck_assert_ptr_nonnull(strstr(got, "\nstricthostkeychecking true\n"));
	ck_assert_ptr_nonnull(strstr(got, "\nport 2222\n"));
}
END_TEST

START_TEST(paths_that_ssh_would_change_are_refused)
{
	static const char *const names[] = {"50%h", "$HOME", "a\"b", "a\\b", "a\nb"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char runtime[512];

		snprintf(runtime, sizeof(runtime), "%s/%s", folder, names[i]);
		ck_assert_int_eq(mkdir(runtime, 0700), 0);
		setenv("XDG_RUNTIME_DIR", runtime, 1);
		ck_assert_int_eq(write_usual(ID_A), -1);
		ck_assert_str_eq(err.message,
				 "the path of the runtime folder has a character that ssh does not "
				 "take as it is (% $ \" \\ or a control character); set "
				 "XDG_RUNTIME_DIR to another folder of yours");
		ck_assert(!is_there(""));
	}
}
END_TEST

START_TEST(a_path_that_is_too_long_is_refused)
{
	static char runtime[5000];

	memset(runtime, 'a', sizeof(runtime) - 1);
	runtime[0] = '/';
	setenv("XDG_RUNTIME_DIR", runtime, 1);
	ck_assert_int_eq(write_usual(ID_A), -1);
	ck_assert_str_eq(err.message, "the path of the runtime folder is too long; set "
				      "XDG_RUNTIME_DIR to a shorter one");
	session_files_remove(ID_A);
}
END_TEST

START_TEST(a_folder_of_others_is_refused)
{
	char wanted[1024];

	snprintf(wanted, sizeof(wanted),
		 "%s/headroom-sessions is not a folder of yours with mode 0700; remove it, or set "
		 "XDG_RUNTIME_DIR to one that is",
		 folder);
	/* Others may write there. */
	ck_assert_int_eq(mkdir(path_of(""), 0777), 0);
	ck_assert_int_eq(mkdir(path_of("theirs"), 0777), 0);
	ck_assert_int_eq(chmod(path_of(""), 0777), 0);
	ck_assert_int_eq(write_usual(ID_A), -1);
	ck_assert_str_eq(err.message, wanted);
	ck_assert_int_eq(rmdir(path_of("theirs")), 0);
	ck_assert_int_eq(rmdir(path_of("")), 0);
	/* A link to elsewhere. */
	ck_assert_int_eq(symlink("/tmp", path_of("")), 0);
	ck_assert_int_eq(write_usual(ID_A), -1);
	ck_assert_str_eq(err.message, wanted);
	ck_assert_int_eq(unlink(path_of("")), 0);
	if (geteuid() != 0)
		return;
	/* Somebody else's. */
	ck_assert_int_eq(mkdir(path_of(""), 0700), 0);
	ck_assert_int_eq(mkdir(path_of("theirs"), 0700), 0);
	ck_assert_int_eq(chown(path_of(""), 65534, 65534), 0);
	ck_assert_int_eq(write_usual(ID_A), -1);
	ck_assert_str_eq(err.message, wanted);
}
END_TEST

static void refuses(const char *host, const char *user, int port, const char *host_key,
		    const char *private_key, const char *message)
{
	ck_assert_int_eq(write_for(ID_A, "d", host, user, port, host_key, private_key), -1);
	ck_assert_msg(strncmp(err.message, message, strlen(message)) == 0, "%s", err.message);
	ck_assert_ptr_null(command);
	ck_assert(!is_there(""));
}

START_TEST(answers_that_could_do_harm_are_refused)
{
	static const char unclear[] = "the daemon's answer does not say whom to reach where";

	refuses("", "ana", 22, HOST_KEY, "K\n", unclear);
	refuses("-oProxyCommand=x", "ana", 22, HOST_KEY, "K\n", unclear);
	refuses("a b", "ana", 22, HOST_KEY, "K\n", unclear);
	refuses("*", "ana", 22, HOST_KEY, "K\n", unclear);
	refuses("a,b", "ana", 22, HOST_KEY, "K\n", unclear);
	refuses("h", "", 22, HOST_KEY, "K\n", unclear);
	refuses("h", "-l", 22, HOST_KEY, "K\n", unclear);
	refuses("h", "a'b", 22, HOST_KEY, "K\n", unclear);
	refuses("h", "a;b", 22, HOST_KEY, "K\n", unclear);
	refuses("h", "a\\", 22, HOST_KEY, "K\n", unclear);
	refuses("h", "a\nb", 22, HOST_KEY, "K\n", unclear);
	refuses("h", "ana", 0, HOST_KEY, "K\n", unclear);
	refuses("h", "ana", 65536, HOST_KEY, "K\n", unclear);
	refuses("h", "ana", 22, HOST_KEY "\n* " HOST_KEY, "K\n", unclear);
	ck_assert_int_eq(session_files_write("../../etc", "d", NULL, &command, &err), -1);
	ck_assert_str_eq(err.message, "the daemon's answer names no session");
}
END_TEST

START_TEST(without_keys_there_is_no_command)
{
	refuses("h", "ana", 22, NULL, "K\n",
		"the server told no SSH host key with its check-in, so ssh could not be sure whom it "
		"talks to; its startup script must send ssh_host_key");
	ck_assert_int_eq(err.class, HR_CONFLICT);
	refuses("h", "ana", 22, HOST_KEY, NULL, "there is no SSH key for this session");
	ck_assert_int_eq(err.class, HR_CONFLICT);
}
END_TEST

START_TEST(removal_takes_the_session_alone)
{
	ck_assert_int_eq(write_usual(ID_A), 0);
	ck_assert_int_eq(write_usual(ID_B), 0);
	session_files_remove(ID_A);
	ck_assert(!is_there(ID_A));
	ck_assert(is_there(ID_B "/key"));
	session_files_remove(ID_A);
	session_files_remove("../" ID_B);
	session_files_remove("");
	ck_assert(is_there(ID_B "/key"));
	session_files_remove(ID_B);
	ck_assert(!is_there(""));
}
END_TEST

static void remember(void *context, const char *session_id)
{
	char *seen = context;

	snprintf(seen + strlen(seen), 256 - strlen(seen), "%.8s ", session_id);
}

static void remove_each(void *context, const char *session_id)
{
	(void)context;
	session_files_remove(session_id);
}

START_TEST(each_gives_the_sessions_of_this_daemon)
{
	char seen[256] = "";

	session_files_each("/run/a.sock", remember, seen);
	ck_assert_str_eq(seen, "");
	ck_assert_int_eq(write_usual(ID_A), 0);
	ck_assert_int_eq(write_for(ID_B, "/run/b.sock", "h", "ana", 1, HOST_KEY, "K\n"), 0);
	ck_assert_int_eq(mkdir(path_of("notes"), 0700), 0);
	session_files_each("/run/a.sock", remember, seen);
	ck_assert_str_eq(seen, "0a0a0a0a ");
	session_files_each("/run/a", remember, seen);
	ck_assert_str_eq(seen, "0a0a0a0a ");
	session_files_each("/run/b.sock", remove_each, NULL);
	ck_assert(is_there(ID_A "/key"));
	ck_assert(!is_there(ID_B));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {files_are_ours_alone,
				      writing_again_replaces,
				      the_command_names_both_files_and_checks_the_host,
				      the_command_survives_a_shell,
				      ssh_reads_the_same_paths,
				      paths_that_ssh_would_change_are_refused,
				      a_path_that_is_too_long_is_refused,
				      a_folder_of_others_is_refused,
				      answers_that_could_do_harm_are_refused,
				      without_keys_there_is_no_command,
				      removal_takes_the_session_alone,
				      each_gives_the_sessions_of_this_daemon};
	Suite *suite = suite_create("session_files");
	TCase *tcase = tcase_create("session_files");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, setup, folder_close);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
