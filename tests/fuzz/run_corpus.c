/* SPDX-License-Identifier: Apache-2.0 */
/* Without libFuzzer: runs a fuzz target over the files of a folder, each as it is, cut at every length,
 * and with every byte changed in one way. Fails where there is no file. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run_file(const char *folder, const char *name, size_t *n_runs)
{
	static uint8_t data[FILE_MAX], changed[FILE_MAX];
	char path[4096];
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (!file) {
		perror(path);
		exit(1);
	}
	size = fread(data, 1, sizeof(data), file);
	fclose(file);
	LLVMFuzzerTestOneInput(data, size);
	for (size_t i = 0; i < size; i++) {
		LLVMFuzzerTestOneInput(data, i);
		memcpy(changed, data, size);
		changed[i] = (uint8_t)(changed[i] ^ (1u << (i % 7)));
		LLVMFuzzerTestOneInput(changed, size);
	}
	*n_runs += 1 + 2 * size;
}

int main(int argc, char **argv)
{
	size_t n_files = 0, n_runs = 0;
	struct dirent *entry;
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;

	if (!dir) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		run_file(argv[1], entry->d_name, &n_runs);
		n_files++;
	}
	closedir(dir);
	printf("%zu files, %zu runs\n", n_files, n_runs);
	return n_files > 0 ? 0 : 1;
}
