/* SPDX-License-Identifier: Apache-2.0 */
/* What a module has the host do while it works, by process inside its sandbox: crypto, random bytes,
 * lines for the log; and the step inject. Not here: HTTP and secrets (dispatch_http_test.c), the services' own vectors
 * (tests/unit/host). */
#include "dispatch_bench.h"
#include "transcript.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/log.h"
#include "base/text.h"

#define KEY_BITS 2048
#define KEY_BYTES (KEY_BITS / 8)

/* HMAC-SHA-256 of SERVER with the key SECRET, and SHA-256 of SERVER, as openssl-dgst(1) has them. */
#define MAC_AND_HASH                                   \
	"Hckoxw0TNeSrbZEL2xh3bueiaGnVI-_jTIyLOqZb4qo." \
	"8dEe31xcvoS8YNbFQ9DVk4pb06gzOBSZr3VJ3cSTOiM"
#define TOLD "only the key's owner reads this"

static char *pem_of(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *at = NULL, *text;
	long len;

	ck_assert_int_eq(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	len = BIO_get_mem_data(bio, &at);
	text = strndup(at, (size_t)len);
	ck_assert_ptr_nonnull(text);
	BIO_free(bio);
	return text;
}

/* TOLD for the key's owner, as base64. */
static void seal(EVP_PKEY *key, char *ret, size_t size)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
	unsigned char sealed[KEY_BYTES];
	size_t len = sizeof(sealed);

	ck_assert_int_eq(EVP_PKEY_encrypt_init(context), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING), 1);
	ck_assert_int_eq(
		EVP_PKEY_encrypt(context, sealed, &len, (const unsigned char *)TOLD, strlen(TOLD)),
		1);
	ck_assert_uint_gt(size, 4 * (len + 2) / 3);
	EVP_EncodeBlock((unsigned char *)ret, sealed, (int)len);
	EVP_PKEY_CTX_free(context);
}

/* It is the key's signature of SERVER. */
static void expect_signature(EVP_PKEY *key, const char *base64)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char signature[KEY_BYTES + 2];

	ck_assert_uint_eq(strlen(base64), 4 * (KEY_BYTES + 2) / 3);
	ck_assert_int_eq(
		EVP_DecodeBlock(signature, (const unsigned char *)base64, (int)strlen(base64)),
		KEY_BYTES + 2);
	ck_assert_int_eq(EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key), 1);
	ck_assert_int_eq(EVP_DigestVerify(context, signature, KEY_BYTES,
					  (const unsigned char *)SERVER, strlen(SERVER)),
			 1);
	EVP_MD_CTX_free(context);
}

/* Both profiles: each has a sandbox of its own. */
START_TEST(crypto_is_done)
{
	struct dispatch_request r;
	struct dispatch_answer *answer;
	EVP_PKEY *key = EVP_RSA_gen(KEY_BITS);
	char *pem = pem_of(key), sealed[2 * KEY_BYTES];

	seal(key, sealed, sizeof(sealed));
	open_account(_i == 0 ? "mock" : "mocklocal", "\"behaviour\":\"signs\"");
	r = request(DISPATCH_CREATE);
	r.step.script = pem;
	r.step.resume_token = sealed;
	answer = ask(&r);
	ck_assert_msg(answer->result == HR_AGAIN, "%s", answer->error.message);
	ck_assert_str_eq(answer->instance_id, MAC_AND_HASH);
	ck_assert_str_eq(answer->text, TOLD);
	expect_signature(key, answer->resume_token);
	transcript_mask(answer->resume_token);
	dispatch_answer_free(answer);

	/* What it cannot do, it says. */
	r = request(DISPATCH_CREATE);
	r.step.script = "no key at all";
	r.step.resume_token = sealed;
	answer = ask(&r);
	ck_assert_int_eq(answer->result, HR_INVALID);
	ck_assert_str_ne(answer->error.message, "");
	dispatch_answer_free(answer);
	free(pem);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(random_bytes_are_had)
{
	static const char digits[] = "0123456789abcdef";
	struct dispatch_answer *answer;
	char before[64] = "";

	open_account(_i == 0 ? "mock" : "mocklocal", "\"behaviour\":\"dice\"");
	for (int i = 0; i < 3; i++) {
		answer = ask_kind(DISPATCH_CREATE);
		ck_assert_msg(answer->result == HR_OK, "%s", answer->error.message);
		ck_assert_uint_eq(strlen(answer->instance_id), 32);
		ck_assert_uint_eq(strspn(answer->instance_id, digits), 32);
		ck_assert_uint_lt(strspn(answer->instance_id, "0"), 32);
		ck_assert_str_ne(answer->instance_id, before);
		text_copy(before, sizeof(before), answer->instance_id);
		transcript_mask(answer->instance_id);
		dispatch_answer_free(answer);
	}
}
END_TEST

/* ---- log ------------------------------------------------------------------------------------ */

/* Everything that is written to standard error meanwhile goes into a file of the state folder. */
static int begin_log(int *ret_saved)
{
	char path[600];
	int fd;

	snprintf(path, sizeof(path), "%s/log", state.path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	*ret_saved = dup(STDERR_FILENO);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(*ret_saved, 0);
	ck_assert_int_ge(dup2(fd, STDERR_FILENO), 0);
	return fd;
}

static void end_log(int fd, int saved, char *ret, size_t size)
{
	ssize_t n = pread(fd, ret, size - 1, 0);

	ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
	ck_assert_int_gt(n, 0);
	ret[n] = '\0';
	close(fd);
	close(saved);
}

/* "BEFORE call=TICKET AFTER" is a line's end. */
static void expect_line(const char *log, const char *before, uint64_t ticket, const char *after)
{
	char line[256];

	snprintf(line, sizeof(line), "%s call=%llu %s\n", before, (unsigned long long)ticket,
		 after);
	ck_assert_msg(strstr(log, line) != NULL, "no \"%s\" in: %s", line, log);
}

/* What a module says can be told from what it says in another call, and what the API's request was. */
START_TEST(lines_name_their_call)
{
	struct dispatch_request create, list;
	char log[4096];
	int saved, fd = begin_log(&saved);

	open_behaving("says");
	create = request(DISPATCH_CREATE);
	text_copy(create.request_id, sizeof(create.request_id), "Xq1-17");
	dispatch_answer_free(ask(&create));
	list = request(DISPATCH_LIST);
	dispatch_answer_free(ask(&list));
	end_log(fd, saved, log, sizeof(log));
	expect_line(log, " info server=" SERVER " operation_kind=create", create.ticket,
		    "account=" ACCOUNT " request=Xq1-17 mock: at work");
	expect_line(log, " info operation_kind=list", list.ticket,
		    "account=" ACCOUNT " mock: at work");
}
END_TEST

/* ---- inject -------------------------------------------------------------------------------- */

static struct dispatch_answer *inject(const char *instance_id, const char *script,
				      const char *resume_token)
{
	struct dispatch_request r = request(DISPATCH_INJECT);

	text_copy(r.step.instance_id, sizeof(r.step.instance_id), instance_id);
	r.step.script = script;
	r.step.resume_token = resume_token;
	return ask(&r);
}

START_TEST(scripts_are_injected)
{
	struct dispatch_answer *answer;

	open_behaving("good");
	dispatch_answer_free(ask_kind(DISPATCH_CREATE));
	answer = inject("i-1", "true", NULL);
	ck_assert_int_eq(answer->result, HR_AGAIN);
	ck_assert_str_eq(answer->server_id, SERVER);
	ck_assert_str_eq(answer->resume_token, "running");
	ck_assert_str_eq(answer->text, "the script runs");
	ck_assert_int_eq(answer->delay_ms, 10);
	ck_assert_int_eq(answer->percent, 50);
	dispatch_answer_free(answer);
	answer = inject("i-1", "true", "running");
	ck_assert_int_eq(answer->result, HR_OK);
	dispatch_answer_free(answer);

	answer = inject("i-1", "false", "running");
	ck_assert_int_eq(answer->result, HR_INVALID);
	ck_assert_str_eq(answer->error.message, "the script ended with status 1: no output");
	dispatch_answer_free(answer);
	answer = inject("i-2", "true", NULL); /* not the instance of that server */
	ck_assert_int_eq(answer->result, HR_NOT_FOUND);
	ck_assert_str_eq(answer->error.message, "there is no such instance");
	dispatch_answer_free(answer);
}
END_TEST

int main(void)
{
	const char *name = by_process ? "process_services" : "inline_services";
	Suite *suite = suite_create(name);
	TCase *tests = tcase_create("services");
	SRunner *runner;
	int failed;

	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	tcase_add_checked_fixture(tests, bench_setup, bench_teardown);
	tcase_add_loop_test(tests, crypto_is_done, 0, 2);
	tcase_add_loop_test(tests, random_bytes_are_had, 0, 2);
	tcase_add_test(tests, lines_name_their_call);
	tcase_add_test(tests, scripts_are_injected);
	transcript_open(name);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
