/* SPDX-License-Identifier: Apache-2.0 */
/* Opening the sockets, and what an administrator reads when that does not go. */
#include "api/listen.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../store/fixture.h"

START_TEST(any_free_port)
{
	char address[API_ADDRESS_SIZE], again[API_ADDRESS_SIZE];
	struct hr_error err = {0};
	int fd, second;

	must(api_listen("127.0.0.1:0", &fd, address, &err));
	ck_assert_msg(strncmp(address, "127.0.0.1:", 10) == 0 &&
			      strcmp(address, "127.0.0.1:0") != 0,
		      "%s", address);
	must_fail(
		api_listen(address, &second, again, &err), HR_CONFLICT,
		"cannot listen on %s: another program uses this port; see who with \"ss -ltnp\", stop it, "
		"or set another \"listen\" address",
		address);
	ck_assert_str_eq(err.field, "listen");
	close(fd);
}
END_TEST

START_TEST(bad_addresses)
{
	static const char *const bad[] = {"",           "8460",    ":8460",    "127.0.0.1",
					  "127.0.0.1:", "a:99999", "::1:8460", "127.0.0.1:x",
					  "[]:1",       "[::1:1"};
	char address[API_ADDRESS_SIZE];
	struct hr_error err;
	int fd;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		must_fail(
			api_listen(bad[i], &fd, address, &err), HR_INVALID,
			"cannot listen on \"%s\": it must be an address and a port, such as 127.0.0.1:8460 "
			"or [::1]:8460",
			bad[i]);
	must_fail(
		api_listen("192.0.2.77:0", &fd, address, &err), HR_INVALID,
		"cannot listen on 192.0.2.77:0: this machine has not that address; see \"ip address\"");
	ck_assert_int_eq(api_listen("no-such-host.invalid:1", &fd, address, &err), -1);
	ck_assert_ptr_nonnull(
		strstr(err.message, "the host \"no-such-host.invalid\" is not known"));
}
END_TEST

START_TEST(socket_is_private)
{
	char path[PATH_SIZE], folder[PATH_SIZE];
	struct hr_error err = {0};
	struct stat st;
	int fd;

	below(path, "run/api.sock");
	must(listen_local(path, &fd, &err));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_int_eq(stat(below(folder, "run"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	close(fd);
}
END_TEST

START_TEST(what_is_in_the_way)
{
	char path[PATH_SIZE], long_path[PATH_SIZE];
	struct hr_error err = {0};
	int fd, second;
	FILE *file;

	below(path, "api.sock");
	must(listen_local(path, &fd, &err));
	must_fail(listen_local(path, &second, &err), HR_CONFLICT,
		  "another daemon answers on %s; stop it, or set another \"socket\" path", path);
	/* Killed: its socket is still there, but nobody answers. */
	close(fd);
	must(listen_local(path, &fd, &err));
	close(fd);
	below(path, "file");
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	fclose(file);
	must_fail(listen_local(path, &fd, &err), HR_CONFLICT,
		  "%s is in the way and is no socket; remove it, or set another \"socket\" path",
		  path);
	text_format(long_path, sizeof(long_path), "%s/%0200d", test_folder, 1);
	must_fail(
		listen_local(long_path, &fd, &err), HR_INVALID,
		"the socket's path %s is longer than the 107 bytes that the system allows; set a shorter "
		"\"socket\" path",
		long_path);
	below(path, "none/such/api.sock");
	ck_assert_int_eq(listen_local(path, &fd, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.message, "cannot make the folder"));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {any_free_port, bad_addresses, socket_is_private,
				      what_is_in_the_way};

	return run_tests("listen", tests, sizeof(tests) / sizeof(tests[0]), folder_setup,
			 folder_teardown);
}
