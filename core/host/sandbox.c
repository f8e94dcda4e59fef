/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which the process gives up what it has; see sandbox.h. */
#include "host/sandbox.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "host/sandbox_filter.h"
#include "host/sandbox_landlock.h"
#include "host/sandbox_memory.h"
#include "host/sandbox_rights.h"
#include "host/sandbox_trap.h"
#include "host/sandbox_view.h"

/* Together more than malloc keeps, each less than it maps by itself. */
#define HEAP_BLOCKS 8
#define HEAP_BLOCK 100000

static struct sandbox_program *closing; /* the second filter, until it is loaded */
static bool has_landlock;

bool sandbox_is_off(void)
{
#ifdef HR_SANITIZERS
	static bool said;

	if (!said)
		fputs("sandbox off: sanitizer build\n", stderr);
	said = true;
	return true;
#else
	return false;
#endif
}

bool sandbox_has_landlock(void)
{
	return has_landlock;
}

static int check_options(const struct sandbox_options *options, struct hr_error *err)
{
	struct stat st;

	if ((options->module && options->module[0] != '/') ||
	    (options->folder && options->folder[0] != '/'))
		return error_set(err, HR_INVALID, "the sandbox needs absolute paths");
	/* Two links and one per thread. */
	if (stat("/proc/self/task", &st) != 0)
		return error_set_errno(err, errno, "the sandbox cannot count threads");
	if (st.st_nlink > 3)
		return error_set(err, HR_INTERNAL,
				 "the sandbox is entered while other threads run");
	return 0;
}

/* What libraries read once, later or never: it is not to be had inside. */
static void load_early(void)
{
	/* pthread_exit and pthread_cancel need it, and end the process without it. */
	(void)dlopen("libgcc_s.so.1", RTLD_NOW | RTLD_LOCAL);
	tzset();
	(void)OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS,
				  NULL);
}

/* Everything that does not need the filters. */
static int give_up_rights(const struct sandbox_options *options, pid_t parent, struct hr_error *err)
{
	bool off = sandbox_is_off();

	if (clearenv() != 0)
		return error_set(err, HR_INTERNAL, "the environment cannot be emptied");
	load_early();
	if (sandbox_drop_descriptors(options, off, err) != 0 ||
	    sandbox_make_view(options, err) != 0 || sandbox_drop_user(options, err) != 0 ||
	    sandbox_drop_privileges(parent, off, err) != 0)
		return -1;
	return sandbox_check_view(options, err);
}

int sandbox_enter(const struct sandbox_options *options, struct hr_error *err)
{
	struct sandbox_program *program = NULL;
	pid_t parent = getppid();

	if (check_options(options, err) != 0 || give_up_rights(options, parent, err) != 0)
		return -1;
	if (sandbox_is_off())
		return 0;
	if (sandbox_filter_open(options, &program, err) != 0 ||
	    sandbox_filter_closed(options, &closing, err) != 0 || sandbox_trap(err) != 0 ||
	    sandbox_set_limits(options, err) != 0 || sandbox_watch_memory(err) != 0 ||
	    sandbox_landlock(options, &has_landlock, err) != 0) {
		free(program);
		return -1;
	}
	return sandbox_filter_load(program, err);
}

static void *give_back(void *unused)
{
	void *volatile blocks[HEAP_BLOCKS]; /* else the compiler sees that nobody needs them */

	for (size_t i = 0; i < HEAP_BLOCKS; i++)
		blocks[i] = malloc(HEAP_BLOCK);
	for (size_t i = 0; i < HEAP_BLOCKS; i++)
		free(blocks[i]);
	return unused;
}

/* The first time that memory of another thread than the first goes back to the system, malloc reads a
 * file; and it tries only once. Without a thread for it now, it will look as if the module did. */
static void shrink_a_heap(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, give_back, NULL) == 0)
		pthread_join(thread, NULL);
}

int sandbox_close(const struct sandbox_options *options, struct hr_error *err)
{
	struct sandbox_program *program = closing;

	(void)options; /* the filter was made for them in sandbox_enter */
	if (sandbox_is_off())
		return 0;
	if (!program)
		return error_set(err, HR_INTERNAL, "the sandbox is closed without being entered");
	closing = NULL;
	shrink_a_heap();
	return sandbox_filter_load(program, err);
}
