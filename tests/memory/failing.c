/* SPDX-License-Identifier: Apache-2.0 */
/* See failing.h. This program's malloc stands before the C library's, so that what libraries take on a job's
 * behalf fails too: what the program, Jansson, SQLite, libyaml, libcurl's URL parser and the C library
 * itself take. Not libcrypto: what it does without memory is its own affair. */
#include "failing.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define RANGES_MAX 64
#define JOB_SECONDS 120
#define MANY 1000  /* allocations: of so many, every tenth is tried with all that follow */
#define WIPED 0xdb /* what is freed is not to be read again */

/* The C library's own, under the names it gives them. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static struct {
	uintptr_t from, to;
	const char *object;
} ranges[RANGES_MAX]; /* where code lies whose allocations fail */
static size_t n_ranges;

static bool armed;
static const char *spared;
static bool lasting; /* all that follow fail too */
static uint64_t fail_at, asked, failed;
static long kept; /* blocks taken and not given back */
static uint64_t notes;
static char where[256]; /* for a signal's handler */

/* ---- malloc ---- */

static bool is_ours(const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

	for (size_t i = 0; i < n_ranges; i++)
		if (at >= ranges[i].from && at < ranges[i].to)
			return !spared || !strstr(ranges[i].object, spared);
	return false;
}

static bool is_due(const void *caller)
{
	if (!armed || !is_ours(caller))
		return false;
	asked++;
	if (asked != fail_at && !(lasting && asked > fail_at))
		return false;
	failed++;
	errno = ENOMEM;
	return true;
}

static void *counted(void *memory)
{
	kept += memory ? 1 : 0;
	return memory;
}

void *malloc(size_t size)
{
	return is_due(__builtin_return_address(0)) ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
	return is_due(__builtin_return_address(0)) ? NULL : counted(__libc_calloc(n, size));
}

void *realloc(void *old, size_t size)
{
	void *memory;

	if (is_due(__builtin_return_address(0)))
		return NULL;
	memory = __libc_realloc(old, size);
	if (!old)
		return counted(memory);
	kept -= size == 0 ? 1 : 0;
	return memory;
}

void *memalign(size_t alignment, size_t size)
{
	return is_due(__builtin_return_address(0)) ? NULL
						   : counted(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return is_due(__builtin_return_address(0)) ? NULL
						   : counted(__libc_memalign(alignment, size));
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
	void *memory = is_due(__builtin_return_address(0))
			       ? NULL
			       : counted(__libc_memalign(alignment, size));

	if (!memory)
		return ENOMEM;
	*ret = memory;
	return 0;
}

void free(void *memory)
{
	if (!memory)
		return;
	kept--;
	memset(memory, WIPED, malloc_usable_size(memory));
	__libc_free(memory);
}

/* ---- Whose ---- */

static int add_object(struct dl_phdr_info *info, size_t size, void *context)
{
	static const char *const libraries[] = {"/libjansson.", "/libsqlite3.", "/libyaml-",
						"/libcurl.", "/libc.so."};
	bool is_one = info->dlpi_name[0] == '\0' && n_ranges == 0; /* the program is the first */

	(void)size;
	(void)context;
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
		is_one = is_one || strstr(info->dlpi_name, libraries[i]);
	for (int i = 0; is_one && i < info->dlpi_phnum && n_ranges < RANGES_MAX; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type != PT_LOAD || !(part->p_flags & PF_X))
			continue;
		ranges[n_ranges].object = info->dlpi_name;
		ranges[n_ranges].from = info->dlpi_addr + part->p_vaddr;
		ranges[n_ranges++].to = info->dlpi_addr + part->p_vaddr + part->p_memsz;
	}
	return 0;
}

/* ---- Notes ---- */

void memory_enough(void)
{
	armed = false;
}

void memory_scarce(void)
{
	armed = true;
}

void memory_note(const char *text)
{
	for (; *text; text++)
		notes = (notes ^ (unsigned char)*text) * UINT64_C(1099511628211);
}

void memory_note_json(const json_t *json)
{
	bool was = armed;
	char *text;

	armed = false;
	text = json_dumps(json, JSON_SORT_KEYS | JSON_ENCODE_ANY);
	memory_note(text ? text : "(nothing)");
	free(text);
	armed = was;
}

/* ---- Runs ---- */

struct run {
	int rc;
	uint64_t asked, failed, notes;
	long kept;
	struct hr_error error;
};

static struct run run_once(const struct memory_job *job, uint64_t at, bool lasts)
{
	struct run run = {0};
	long before;

	if (job->before)
		job->before();
	fail_at = at;
	lasting = lasts;
	spared = job->spared;
	asked = failed = 0;
	notes = UINT64_C(14695981039346656037);
	before = kept;
	text_format(where, sizeof(where), "%s, allocation %llu%s\n", job->name,
		    (unsigned long long)at, lasts ? " and all that follow" : "");
	armed = true;
	run.rc = job->run(&run.error);
	armed = false;
	run.kept = kept - before;
	run.asked = asked;
	run.failed = failed;
	run.notes = notes;
	if (job->after)
		job->after();
	return run;
}

static bool says_memory(const struct hr_error *error)
{
	return strstr(error->message, "memory") != NULL;
}

/* NULL: as it should be. */
static const char *fault_of(const struct run *run, const struct run *undisturbed)
{
	if (run->failed == 0)
		return "no allocation failed: they are not the same each time";
	if (run->rc == 0)
		return run->notes == undisturbed->notes ? NULL
							: "it says success and did otherwise";
	if (run->rc != -1)
		return "it gives neither 0 nor -1";
	return says_memory(&run->error) ? NULL : "it fails, but not for want of memory";
}

static int judge(const struct memory_job *job, uint64_t at, bool lasts,
		 const struct run *undisturbed)
{
	struct run run = run_once(job, at, lasts);
	const char *fault = fault_of(&run, undisturbed);

	/* What a library keeps for later it keeps once. */
	for (int i = 0; i < 2 && run.kept > undisturbed->kept && !fault; i++)
		run = run_once(job, at, lasts);
	if (!fault && run.kept > undisturbed->kept)
		fault = "it keeps memory";
	if (!fault)
		return 0;
	fprintf(stderr, "FAIL: %.*s: %s (result %d, %ld blocks kept, error \"%s\")\n",
		(int)strlen(where) - 1, where, fault, run.rc, run.kept, run.error.message);
	return -1;
}

/* Its limit ends what hangs; the handler says where. */
static void on_signal(int number)
{
	static const char said[] = "FAIL: ended by a signal, or its limit: ";

	if (write(STDERR_FILENO, said, sizeof(said) - 1) > 0)
		(void)!write(STDERR_FILENO, where, strlen(where));
	signal(number, SIG_DFL);
	raise(number);
}

static uint64_t seed(void)
{
	const char *text = getenv("MEMORY_SEED");

	return text ? strtoull(text, NULL, 10) : 0;
}

static int run_job(const struct memory_job *job, uint64_t most)
{
	struct run undisturbed;
	uint64_t stride = 1, first = 1;
	int faults = 0;

	alarm(JOB_SECONDS);
	/* Twice: what is made at first use must have been made. */
	run_once(job, 0, false);
	undisturbed = run_once(job, 0, false);
	if (undisturbed.rc != 0 || undisturbed.kept > 0 || undisturbed.asked == 0) {
		fprintf(stderr,
			"FAIL: %s, undisturbed: result %d, %ld blocks kept, %llu asked for: %s\n",
			job->name, undisturbed.rc, undisturbed.kept,
			(unsigned long long)undisturbed.asked, undisturbed.error.message);
		return 1;
	}
	if (undisturbed.asked > most) {
		stride = undisturbed.asked / most;
		first = 1 + seed() % stride;
	}
	for (uint64_t at = first; at <= undisturbed.asked; at += stride) {
		faults += judge(job, at, false, &undisturbed) != 0;
		if (undisturbed.asked <= MANY || stride > 1 || at % 10 == 0)
			faults += judge(job, at, true, &undisturbed) != 0;
	}
	printf("%-40s %6llu allocations, one of %llu tried, %d faults\n", job->name,
	       (unsigned long long)undisturbed.asked, (unsigned long long)stride, faults);
	fflush(stdout);
	return faults;
}

int memory_run_some(const struct memory_job *jobs, size_t n, uint64_t most)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGALRM};
	const char *only = getenv("MEMORY_JOB");
	int faults = 0;

	dl_iterate_phdr(add_object, NULL);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], on_signal);
	for (size_t i = 0; i < n; i++)
		if (!only || strstr(jobs[i].name, only))
			faults += run_job(&jobs[i], most);
	return faults == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int memory_run(const struct memory_job *jobs, size_t n)
{
	return memory_run_some(jobs, n, UINT64_MAX);
}
