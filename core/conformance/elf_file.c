/* SPDX-License-Identifier: Apache-2.0 */
/* A shared object's file; see elf_file.h. Nothing in it is believed: every offset is held against the size. */
#include "conformance/elf_file.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* `size` bytes at that place, or NULL. Aligned as the format wants it. */
static const void *at(const struct elf_file *file, uint64_t offset, uint64_t size)
{
	if (offset % 8 != 0 || size > file->size || offset > file->size - size)
		return NULL;
	return (const char *)file->bytes + offset;
}

static void read_dynamic(struct elf_file *file, const Elf64_Phdr *segment)
{
	const Elf64_Dyn *entries = at(file, segment->p_offset, segment->p_filesz);

	for (uint64_t i = 0; entries && i < segment->p_filesz / sizeof(*entries); i++) {
		const Elf64_Dyn *d = &entries[i];

		if (d->d_tag == DT_BIND_NOW ||
		    (d->d_tag == DT_FLAGS && (d->d_un.d_val & DF_BIND_NOW)) ||
		    (d->d_tag == DT_FLAGS_1 && (d->d_un.d_val & DF_1_NOW)))
			file->bind_now = true;
	}
}

static int read_segments(struct elf_file *file, const char *path, struct hr_error *err)
{
	const Elf64_Ehdr *head = at(file, 0, sizeof(*head));
	const Elf64_Phdr *segments;

	if (!head || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 ||
	    head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_type != ET_DYN ||
	    head->e_phentsize != sizeof(*segments))
		return error_set(err, HR_INVALID, "%s is no shared object of this machine", path);
	segments = at(file, head->e_phoff, head->e_phnum * sizeof(*segments));
	for (unsigned i = 0; segments && i < head->e_phnum; i++) {
		file->relro |= segments[i].p_type == PT_GNU_RELRO;
		if (segments[i].p_type == PT_DYNAMIC)
			read_dynamic(file, &segments[i]);
	}
	return 0;
}

int elf_file_open(const char *path, struct elf_file *ret, struct hr_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	memset(ret, 0, sizeof(*ret));
	ret->bytes = MAP_FAILED;
	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0) {
		ret->size = (size_t)st.st_size;
		ret->bytes = mmap(NULL, ret->size, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	if (fd >= 0)
		close(fd);
	if (ret->bytes == MAP_FAILED) {
		ret->bytes = NULL;
		return error_set(err, HR_INVALID, "%s cannot be read", path);
	}
	if (read_segments(ret, path, err) == 0)
		return 0;
	elf_file_close(ret);
	return -1;
}

void elf_file_close(struct elf_file *file)
{
	if (file->bytes)
		munmap(file->bytes, file->size);
	file->bytes = NULL;
}

static const char *name_at(const struct elf_file *file, const Elf64_Shdr *names, uint32_t offset)
{
	const char *table =
		names->sh_offset <= file->size && names->sh_size <= file->size - names->sh_offset
			? (const char *)file->bytes + names->sh_offset
			: NULL;

	if (!table || offset >= names->sh_size ||
	    !memchr(table + offset, '\0', names->sh_size - offset))
		return NULL;
	return table + offset;
}

void elf_file_names(const struct elf_file *file, bool imports,
		    void (*each)(void *context, const char *name), void *context)
{
	const Elf64_Ehdr *head = file->bytes;
	const Elf64_Shdr *sections = at(file, head->e_shoff, head->e_shnum * sizeof(*sections));

	for (unsigned i = 0; sections && i < head->e_shnum; i++) {
		const Elf64_Sym *symbols = at(file, sections[i].sh_offset, sections[i].sh_size);

		if (sections[i].sh_type != SHT_DYNSYM || !symbols ||
		    sections[i].sh_link >= head->e_shnum)
			continue;
		for (uint64_t k = 1; k < sections[i].sh_size / sizeof(*symbols); k++) {
			const char *name =
				name_at(file, &sections[sections[i].sh_link], symbols[k].st_name);
			bool is_import = symbols[k].st_shndx == SHN_UNDEF;

			if (name && name[0] && is_import == imports &&
			    (imports || ELF64_ST_BIND(symbols[k].st_info) != STB_LOCAL))
				each(context, name);
		}
	}
}
