/* SPDX-License-Identifier: Apache-2.0 */
/* A host for the module local; see fake_host.h. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <headroom/clock.h>
#include <headroom/log.h>
#include <headroom/process.h>

#include "fake_host.h"
#include "host/process_program.h"

#undef fail /* Check's; here it is a function of the call */

#define FAKE_UID 61190

enum crash fake_crash;
const char *fake_module;
unsigned fake_n_starts;
const char *fake_missing;

static void span_copy(struct hr_span span, char *to, size_t size)
{
	size_t n = span.len < size ? span.len : size - 1;

	if (n)
		memcpy(to, span.ptr, n);
	to[n] = '\0';
}

static struct fake_call *fake_of(const struct hr_call *call)
{
	union {
		const struct hr_call *in;
		struct fake_call *out;
	} cast = {call};

	return cast.out;
}

static int64_t call_remaining(const struct hr_call *call)
{
	return fake_of(call)->remaining_ms;
}

static int32_t call_cancelled(const struct hr_call *call)
{
	return fake_of(call)->cancel;
}

static void *call_alloc(const struct hr_call *call, uint64_t bytes)
{
	struct fake_call *fake = fake_of(call);

	ck_assert_uint_lt(fake->n_blocks, 64);
	return fake->blocks[fake->n_blocks++] = calloc(1, bytes);
}

static void call_fail(const struct hr_call *call, const struct hr_fault *fault)
{
	struct fake_call *fake = fake_of(call);

	span_copy(fault->message, fake->message, sizeof(fake->message));
	span_copy(fault->setting, fake->setting, sizeof(fake->setting));
}

static void call_instance(const struct hr_call *call, struct hr_span id)
{
	span_copy(id, fake_of(call)->instance, sizeof(fake_of(call)->instance));
}

static void call_again(const struct hr_call *call, struct hr_span token, int64_t delay_ms,
		       int32_t percent, struct hr_span text)
{
	struct fake_call *fake = fake_of(call);

	ck_assert_uint_le(token.len, HR_RESUME_TOKEN_MAX);
	ck_assert(percent >= -1 && percent <= 100);
	span_copy(token, fake->token, sizeof(fake->token));
	span_copy(text, fake->text, sizeof(fake->text));
	fake->delay_ms = delay_ms;
}

void fake_call_init(struct fake_call *call)
{
	*call = (struct fake_call){
		.call = {.size = sizeof(struct hr_call),
			 .remaining_ms = call_remaining,
			 .cancelled = call_cancelled,
			 .alloc = call_alloc,
			 .fail = call_fail,
			 .instance = call_instance,
			 .again = call_again},
		.remaining_ms = 60000,
	};
}

void fake_call_free(struct fake_call *call)
{
	while (call->n_blocks > 0)
		free(call->blocks[--call->n_blocks]);
}

static void log_write(const struct hr_call *call, int32_t level, struct hr_span text)
{
	(void)call;
	fprintf(stderr, "log %d: %.*s\n", level, (int)text.len, text.ptr);
}

static int64_t time_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static int64_t clock_wall(void)
{
	return time_of(CLOCK_REALTIME);
}

static int64_t clock_monotonic(void)
{
	return time_of(CLOCK_MONOTONIC);
}

/* Start time of a process that lives, else 0. */
static uint64_t start_time_of(int64_t pid)
{
	char path[64], text[1024], *at;
	FILE *stream;
	size_t n;

	snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
	stream = fopen(path, "re");
	if (!stream)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, stream);
	fclose(stream);
	text[n] = '\0';
	at = strrchr(text, ')');
	if (!at || at[2] == 'Z' || at[2] == 'X')
		return 0;
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

struct start_words {
	char *argv[64], *env[16], *companions[8], *directory, *paths[10];
	int folder, fds[10], program;
};

static char *word(struct hr_span span)
{
	return strndup(span.ptr ? span.ptr : "", span.len);
}

static void files_open(const struct hr_process_start *request, uid_t owner, gid_t group,
		       struct start_words *words)
{
	for (uint32_t i = 0; i < request->n_files; i++) {
		const struct hr_process_file *file = &request->files[i];
		char *path = word(file->path);
		int fd = open(path,
			      (file->writable ? O_WRONLY | O_CREAT | O_APPEND : O_RDONLY) |
				      O_CLOEXEC | O_NOFOLLOW,
			      0600);

		ck_assert_msg(fd >= 0, "open %s: %s", path, strerror(errno));
		if (geteuid() == 0 && file->writable)
			ck_assert_int_eq(fchown(fd, owner, group), 0);
		words->fds[i] = fcntl(fd, F_DUPFD_CLOEXEC, 40);
		close(fd);
		free(path);
	}
}

static void __attribute__((noreturn))
child_run(const struct hr_process_start *request, const struct start_words *words, uid_t uid,
	  gid_t gid, int report)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	if (fchdir(words->folder))
		_exit(1);
	for (int fd = 0; fd < 10; fd++) {
		if (fd < 3)
			dup2(null, fd);
		else if (fd != report)
			close(fd);
	}
	for (uint32_t i = 0; i < request->n_files; i++)
		dup2(words->fds[i], (int)request->files[i].fd);
	if (geteuid() == 0 &&
	    (setgroups(0, NULL) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid)))
		_exit(1);
	/* By descriptor: this host gives its processes no view of their own. */
	fexecve(words->program, words->argv, words->env);
	dprintf(report, "%d", errno);
	_exit(1);
}

static pid_t spawn(const struct hr_process_start *request, const struct start_words *words,
		   uid_t uid, gid_t gid, int *ret_errno)
{
	int ends[2], report, pids[2];
	char text[16] = "";
	pid_t middle, pid = -1;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_eq(pipe2(pids, O_CLOEXEC), 0);
	report = fcntl(ends[1], F_DUPFD_CLOEXEC, 60);
	close(ends[1]);
	middle = fork();
	if (middle == 0) {
		pid = fork();
		if (pid == 0)
			child_run(request, words, uid, gid, report);
		_exit(write(pids[1], &pid, sizeof(pid)) != sizeof(pid));
	}
	waitpid(middle, NULL, 0);
	ck_assert_int_eq(read(pids[0], &pid, sizeof(pid)), sizeof(pid));
	close(pids[0]);
	close(pids[1]);
	close(report);
	*ret_errno = read(ends[0], text, sizeof(text) - 1) > 0 ? (int)strtol(text, NULL, 10) : 0;
	close(ends[0]);
	return pid;
}

/* Finds the program as the real host does; false, with the reason reported: there is none. */
static bool program_open(const struct hr_call *call, const struct hr_process_start *request,
			 const struct stat *owner, struct start_words *words)
{
	char module[1024], *path = NULL;
	struct state_folder folder = {.path = words->directory,
				      .fd = words->folder,
				      .uid = owner->st_uid,
				      .gid = owner->st_gid};
	struct program_request program = {.name = words->argv[0],
					  .module = fake_module ? fake_module : module,
					  .directory = "",
					  .companions = words->companions};
	struct hr_error err = {0};
	struct hr_fault fault = {.size = sizeof(fault)};
	int fd;

	ck_assert_uint_eq(request->flags, HR_PROCESS_OWN_PROGRAM);
	ck_assert_uint_lt(request->n_companions, 8);
	for (uint32_t i = 0; i < request->n_companions; i++)
		words->companions[i] = word(request->companions[i]);
	snprintf(module, sizeof(module), "%s/plugins/local/.libs/local.so",
		 getenv("HEADROOM_BUILDDIR"));
	if (process_program(&folder, &program, &path, &err) != 0) {
		ck_assert_int_eq(err.class, HR_NOT_FOUND);
		fault.message = (struct hr_span){err.message, strlen(err.message)};
		call->fail(call, &fault);
		return false;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	words->program = fcntl(fd, F_DUPFD_CLOEXEC, 40);
	close(fd);
	ck_assert_int_ge(words->program, 0);
	free(words->argv[0]);
	words->argv[0] = path;
	return true;
}

static void words_free(struct start_words *words)
{
	for (int i = 0; i < 64; i++)
		free(words->argv[i]);
	for (int i = 0; i < 16; i++)
		free(words->env[i]);
	for (int i = 0; i < 8; i++)
		free(words->companions[i]);
	free(words->directory);
	close(words->folder);
}

static int32_t process_start(const struct hr_call *call, const struct hr_process_start *request,
			     struct hr_process *ret_process)
{
	struct start_words words = {0};
	struct stat st;
	int number;

	if (fake_crash == CRASH_BEFORE_START)
		raise(SIGKILL);
	ck_assert_uint_eq(request->size, sizeof(*request));
	ck_assert_uint_lt(request->n_argv, 64);
	for (uint32_t i = 0; i < request->n_argv; i++)
		words.argv[i] = word(request->argv[i]);
	for (uint32_t i = 0; i < request->n_env; i++)
		words.env[i] = word(request->env[i]);
	words.directory = word(request->directory);
	words.folder = open(words.directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	ck_assert_int_ge(words.folder, 0);
	ck_assert_int_eq(fstat(words.folder, &st), 0);
	ck_assert_uint_ne(st.st_uid, 0);
	if (!program_open(call, request, &st, &words)) {
		words_free(&words);
		return HR_NOT_FOUND;
	}
	files_open(request, st.st_uid, st.st_gid, &words);
	fake_n_starts++;
	ret_process->pid = spawn(request, &words, st.st_uid, st.st_gid, &number);
	ret_process->start_time = start_time_of(ret_process->pid);
	for (uint32_t i = 0; i < request->n_files; i++)
		close(words.fds[i]);
	close(words.program);
	words_free(&words);
	if (fake_crash == CRASH_AFTER_START)
		raise(SIGKILL);
	if (number) {
		struct hr_fault fault = {.size = sizeof(fault),
					 .message = HR_SPAN_OF("the program cannot be run")};

		call->fail(call, &fault);
		return HR_INVALID;
	}
	return HR_OK;
}

static int32_t process_probe(const struct hr_call *call, const struct hr_process *process)
{
	(void)call;
	return start_time_of(process->pid) == process->start_time && process->start_time
		       ? HR_OK
		       : HR_NOT_FOUND;
}

static int32_t process_signal(const struct hr_call *call, const struct hr_process *process,
			      int32_t number)
{
	if (process_probe(call, process) != HR_OK)
		return HR_NOT_FOUND;
	return kill((pid_t)process->pid, number) == 0 ? HR_OK : HR_NOT_FOUND;
}

static const void *service_find(const struct hr_host *host, const char *name)
{
	static const struct hr_log_service log = {sizeof(log), log_write};
	static const struct hr_clock_service clock = {sizeof(clock), clock_wall, clock_monotonic};
	static const struct hr_process_service process = {sizeof(process), process_start,
							  process_signal, process_probe};

	(void)host;
	if (fake_missing && !strcmp(name, fake_missing))
		return NULL;
	if (!strcmp(name, HR_LOG_SERVICE))
		return &log;
	if (!strcmp(name, HR_CLOCK_SERVICE))
		return &clock;
	return strcmp(name, HR_PROCESS_SERVICE) ? NULL : &process;
}

const struct hr_host fake_host = {
	.magic = HR_ABI_MAGIC,
	.abi_major = HR_ABI_MAJOR,
	.abi_minor = HR_ABI_MINOR,
	.size = sizeof(struct hr_host),
	.draft = HR_ABI_DRAFT,
	.service = service_find,
};

void fake_folder_make(char *ret_base, size_t base_size, char *ret_state, size_t state_size,
		      bool closed)
{
	const char *top = getenv("TMPDIR");

	snprintf(ret_base, base_size, "%s/headroom-local-XXXXXX", top ? top : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(ret_base));
	ck_assert_int_eq(chmod(ret_base, closed ? 0700 : 0711), 0);
	snprintf(ret_state, state_size, "%s/state", ret_base);
	ck_assert_int_eq(mkdir(ret_state, 0700), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(chown(ret_state, FAKE_UID, FAKE_UID), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void fake_folder_remove(const char *base)
{
	ck_assert_int_eq(nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}
