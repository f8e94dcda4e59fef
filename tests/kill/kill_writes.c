/* SPDX-License-Identifier: Apache-2.0 */
/* The points at writes to the store: before and after the commit of a function that changed something.
 * A point is called after that function and its file, which stand in the program's symbol table; what
 * engine and API hand over by a wrapper of theirs is looked for in what the wrapper was given. */
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/exchange.h"
#include "base/kill_point.h"
#include "base/text.h"
#include "engine/task.h"
#include "kill_table.h"
#include "store/store_parts.h"

/* This program's file. */
struct symbols {
	const char *names;
	const Elf64_Sym *first;
	size_t n;
	uintptr_t moved; /* from addresses in the file to those in memory */
};

static const char *map_self(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat status;
	void *map = MAP_FAILED;

	if (fd >= 0 && fstat(fd, &status) == 0)
		map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		abort();
	close(fd);
	return map;
}

static struct symbols read_symbols(void)
{
	const char *file = map_self();
	const Elf64_Ehdr *header = (const void *)file;
	const Elf64_Shdr *sections = (const void *)(file + header->e_shoff);
	struct symbols symbols = {0};

	for (size_t i = 0; i < header->e_shnum; i++) {
		if (sections[i].sh_type != SHT_SYMTAB)
			continue;
		symbols.first = (const void *)(file + sections[i].sh_offset);
		symbols.n = sections[i].sh_size / sizeof(Elf64_Sym);
		symbols.names = file + sections[sections[i].sh_link].sh_offset;
	}
	for (size_t i = 0; i < symbols.n; i++)
		if (strcmp(symbols.names + symbols.first[i].st_name, "kill_point_writes") == 0)
			symbols.moved = (uintptr_t)kill_point_writes - symbols.first[i].st_value;
	if (symbols.moved == 0 && header->e_type == ET_DYN)
		abort(); /* stripped: then there are no names */
	return symbols;
}

/* "file.c:function" */
static void name_of(uintptr_t address, char *ret_name, size_t size)
{
	static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
	static struct symbols symbols;
	const char *file = "?";

	pthread_mutex_lock(&once);
	if (!symbols.names)
		symbols = read_symbols();
	pthread_mutex_unlock(&once);
	text_copy(ret_name, size, "?");
	for (size_t i = 0; i < symbols.n; i++) {
		const Elf64_Sym *symbol = &symbols.first[i];
		const char *name = symbols.names + symbol->st_name;

		if (ELF64_ST_TYPE(symbol->st_info) == STT_FILE)
			file = name;
		if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC ||
		    symbol->st_value + symbols.moved != address)
			continue;
		text_format(ret_name, size, "%s:%s", file, name);
		return;
	}
}

static void name_of_job(const struct job *job, char *ret_name, size_t size)
{
	name_of((uintptr_t)job->fn, ret_name, size);
	if (strcmp(ret_name, "task.c:task_run") == 0)
		name_of((uintptr_t)((const struct task *)job->arg)->run, ret_name, size);
	else if (strcmp(ret_name, "transaction.c:run_again") == 0)
		name_of((uintptr_t)((const struct exchange *)job->arg)->run, ret_name, size);
	else if (strcmp(ret_name, "store.c:write_run") == 0)
		name_of((uintptr_t)((const struct write_wait *)job->arg)->fn, ret_name, size);
}

void kill_point_writes(const struct job_list *list, enum kill_moment moment)
{
	char function[KILL_NAME_SIZE], name[KILL_NAME_SIZE];

	for (const struct job *job = list->first; job; job = job->next) {
		if (!job->wrote || job->failed)
			continue;
		name_of_job(job, function, sizeof(function));
		text_format(name, sizeof(name), "daemon.%s.%s",
			    moment == KILL_BEFORE ? "before" : "after", function);
		kill_table_pass(name);
	}
}
