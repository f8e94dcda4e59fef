/* SPDX-License-Identifier: Apache-2.0 */
/* headroom, the command line: global options, then one command of the table. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/text.h"
#include "cli/command_names.h"
#include "cli/help.h"
#include "model/daemon_config.h"

struct globals {
	struct client_options client;
	enum output output;
};

static int usage_error(const char *format, const char *word, const char *near)
{
	fprintf(stderr, "headroom: ");
	fprintf(stderr, "%s \"%s\"", format, word);
	if (near != NULL)
		fprintf(stderr, "; did you mean \"%s\"?", near);
	fprintf(stderr, "; see: headroom help\n");
	return EXIT_USAGE;
}

/* Where the noun should be stands an option that is none of ours. */
static int unknown_option(char *option)
{
	const char *known[16] = {NULL}, *near;

	for (size_t i = 0; i < 15 && global_options[i].name != NULL; i++)
		known[i] = global_options[i].name;
	option[strcspn(option, "=")] = '\0';
	near = text_nearest(option, known);
	fprintf(stderr, "headroom: unknown option %s", terminal_safe(option, false));
	if (near != NULL)
		fprintf(stderr, "; did you mean %s?", near);
	fprintf(stderr, "; see: headroom help\n");
	return EXIT_USAGE;
}

static bool is_help(const char *word)
{
	return strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int output_read(const char *text, enum output *ret_output)
{
	static const char *const names[] = {"table", "json", "name"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(text, names[i]) == 0) {
			*ret_output = (enum output)i;
			return 0;
		}
	}
	return -1;
}

/* The value of the option at argv[*i] when it is this one, "--name=value" or in the next argument
 * (then *i moves on); NULL: it is not this one; "": without a value. */
static const char *global_value(const char *name, int argc, char **argv, int *i)
{
	size_t len = strlen(name);

	/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): only the last of argv is NULL */
	if (strncmp(argv[*i], name, len) != 0)
		return NULL;
	if (argv[*i][len] == '=')
		return argv[*i] + len + 1;
	if (argv[*i][len] != '\0')
		return NULL;
	return *i + 1 < argc ? argv[++*i] : "";
}

/* Takes a global option at argv[*i]; gives 1 when it was one, 0 when not, -1 on a mistake. What the
 * command line names goes before what the environment names. */
static int global_take(struct globals *globals, int argc, char **argv, int *i)
{
	const char *value = NULL;
	size_t n = 0;

	while (n < GLOBAL_VALUES &&
	       (value = global_value(global_options[n].name, argc, argv, i)) == NULL)
		n++;
	if (value == NULL)
		return 0;
	if (value[0] == '\0') {
		usage_error("a value is missing after", global_options[n].name, NULL);
		return -1;
	}
	if (n == GLOBAL_SOCKET) {
		globals->client.socket = value;
		globals->client.url = NULL;
	} else if (n == GLOBAL_URL) {
		globals->client.url = value;
	} else if (n == GLOBAL_TOKEN_FILE) {
		globals->client.token_file = value;
	} else if (output_read(value, &globals->output) != 0) {
		usage_error("-o takes table, json or name, not", value, NULL);
		return -1;
	}
	return 1;
}

/* Removes global options wherever they stand; gives the number left, or -1. */
static int globals_take(struct globals *globals, int argc, char **argv)
{
	int left = 0;

	for (int i = 1; i < argc; i++) {
		int taken = global_take(globals, argc, argv, &i);

		if (taken < 0)
			return -1;
		if (taken == 0)
			argv[left++] = argv[i];
	}
	return left;
}

static int exit_code(const struct hr_error *err)
{
	if (err->class == HR_NOT_FOUND)
		return EXIT_NOT_FOUND;
	return err->class == HR_TRANSIENT ? EXIT_UNREACHABLE : EXIT_FAILED;
}

/* Where to look for the right name of what is not there; NULL where the daemon names another thing. */
static const char *list_command(const char *message)
{
	static const char *const kinds[][2] = {
		{"pool ", "pool"},
		{"zone ", "zone"},
		{"autoscale-config ", "autoscale"},
		{"provider-config ", "provider-config"},
		{"server ", "server"},
		{"session ", "session"},
	};
	static const char begin[] = "there is no ";

	if (strncmp(message, begin, strlen(begin)) != 0)
		return NULL;
	message += strlen(begin);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strncmp(message, kinds[i][0], strlen(kinds[i][0])) == 0)
			return kinds[i][1];
	}
	return NULL;
}

static void error_print(struct hr_error *err)
{
	const char *noun = err->class == HR_NOT_FOUND ? list_command(err->message) : NULL;

	fprintf(stderr, "headroom: %s\n", terminal_safe(err->message, true));
	terminal_safe(err->field, false);
	terminal_safe(err->example, false);
	if (err->field[0] != '\0' && strstr(err->message, err->field) == NULL)
		fprintf(stderr, "  field: %s\n", err->field);
	if (err->example[0] != '\0' && strstr(err->message, err->example) == NULL)
		fprintf(stderr, "  a good value: %s\n", err->example);
	if (noun != NULL)
		fprintf(stderr, "  what there is: headroom %s list\n", noun);
}

static int run(const struct command *command, const struct globals *globals, int argc, char **argv)
{
	struct invocation invocation = {.output = globals->output};
	struct hr_error err = {0};
	int failed;

	if (command_parse(command, argc, argv, &invocation, &err) != 0) {
		error_print(&err);
		return EXIT_USAGE;
	}
	if (client_open(&globals->client, &invocation.client, &err) != 0) {
		error_print(&err);
		return EXIT_FAILED;
	}
	failed = command->run(&invocation, &err);
	client_close(invocation.client);
	if (failed == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		failed = error_set_errno(&err, errno, "cannot write to standard output");
	if (failed != 0)
		error_print(&err);
	if (failed > 0)
		return failed;
	return failed != 0 ? exit_code(&err) : EXIT_OK;
}

/* Help, wherever it is asked for: gives 1 when it was, with the exit code; else 0, with the command
 * that the first words name, or NULL (a mistake, the exit code says which). */
static int help_or_command(int argc, char **argv, const struct command **ret_command, int *ret_code)
{
	struct hr_error err = {0};
	const char *noun;

	*ret_command = NULL;
	*ret_code = EXIT_OK;
	if (is_help(argv[0])) {
		if (help_run(stdout, argc - 1, argv + 1, &err) == 0)
			return 1;
	} else if ((noun = command_noun(argv[0], &err)) != NULL) {
		const char *verb = argc > 1 ? argv[1] : NULL;

		*ret_command = command_find(noun, verb, &err);
		if (*ret_command == NULL && verb != NULL && is_help(verb)) {
			help_noun(stdout, noun);
			return 1;
		}
	}
	if (*ret_command == NULL) {
		error_print(&err);
		*ret_code = EXIT_USAGE;
		return 0;
	}
	argc -= (*ret_command)->verb != NULL ? 2 : 1;
	argv += (*ret_command)->verb != NULL ? 2 : 1;
	if (!command_asks_help(*ret_command, argc, argv))
		return 0;
	help_command(stdout, *ret_command);
	return 1;
}

/* Everything that was printed has left. */
static int flushed(int code)
{
	struct hr_error err = {0};

	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	error_set_errno(&err, errno, "cannot write to standard output");
	error_print(&err);
	return EXIT_FAILED;
}

int main(int argc, char **argv)
{
	struct globals globals = {.client = {.socket = getenv("HEADROOM_SOCKET"),
					     .url = getenv("HEADROOM_URL"),
					     .token_file = getenv("HEADROOM_TOKEN_FILE")}};
	struct daemon_config config = {0};
	const struct command *command;
	struct hr_error err = {0};
	int left, code;

	left = globals_take(&globals, argc, argv);
	if (left < 0)
		return EXIT_USAGE;
	if (left == 0) {
		help_print(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[0], "--version") == 0) {
		puts("headroom " HEADROOM_VERSION);
		return flushed(EXIT_OK);
	}
	if (argv[0][0] == '-' && !is_help(argv[0]))
		return unknown_option(argv[0]);
	if (help_or_command(left, argv, &command, &code) != 0 || command == NULL)
		return flushed(code);
	if (globals.client.socket == NULL && globals.client.url == NULL) {
		if (daemon_config_load(NULL, &config, &err) != 0) {
			error_print(&err);
			return EXIT_FAILED;
		}
		globals.client.socket = config.socket;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	code = run(command, &globals, left - (command->verb != NULL ? 2 : 1),
		   argv + (command->verb != NULL ? 2 : 1));
	curl_global_cleanup();
	daemon_config_clear(&config);
	return code;
}
