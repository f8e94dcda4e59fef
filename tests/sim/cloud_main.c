/* SPDX-License-Identifier: Apache-2.0 */
/* headroom-sim: a cloud to test against. Here: its command line. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <curl/curl.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "cloud_server.h"
#include "cloud_settings.h"

#define SETS_MAX 128

struct options {
	const char *command;
	const char *books;
	const char *listen;
	const char *sets[SETS_MAX];
	int n_sets;
	char **words; /* after the options */
	int n_words;
	int64_t seed;
	bool json;
};

static int usage(bool asked)
{
	CLEANUP_FREE char *settings = cloud_settings_help();

	fprintf(asked ? stdout : stderr,
		"Usage: headroom-sim serve --books FILE --listen ADDRESS[:PORT] [--seed N]"
		" [--set KEY=VALUE]...\n"
		"       headroom-sim set --books FILE KEY=VALUE...\n"
		"       headroom-sim busy --books FILE SERVER yes|no\n"
		"       headroom-sim books --books FILE [--json]\n\n"
		"A cloud for tests: its API by HTTP on this machine alone, its machines only rows\n"
		"that check in. serve prints its URL once it listens, and ends on SIGTERM; set\n"
		"changes how it behaves from the next call on; busy notes that a session is on\n"
		"a server's machine; books prints what is and was, and ends with 1 where a server\n"
		"had two machines, an account more than judge_max, or a busy one was destroyed.\n\n"
		"ACCOUNT.key=TEXT makes an account. The other settings are for all accounts, or\n"
		"with ACCOUNT. before them for one. A value @FILE is read from that file.\n\n%s",
		settings ? settings : "");
	return asked ? 0 : 2;
}

static int complain(const struct hr_error *err)
{
	fprintf(stderr, "headroom-sim: %s\n", err->message);
	return 2;
}

static int set_all(struct cloud *cloud, const char *const *texts, int n, struct hr_error *err)
{
	for (int i = 0; i < n; i++)
		if (cloud_set(cloud, texts[i], err) != 0)
			return -1;
	return 0;
}

static int serve(struct cloud *cloud, const struct options *options)
{
	struct cloud_shared shared = {.mutex = PTHREAD_MUTEX_INITIALIZER, .cloud = cloud};
	struct cloud_server *server;
	struct cloud_checkin *checkin;
	struct rlimit files;
	struct hr_error err;
	sigset_t signals;
	char url[64];
	int got;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (set_all(cloud, options->sets, options->n_sets, &err) != 0 ||
	    cloud_checkin_start(&shared, &checkin, &err) != 0)
		return complain(&err);
	if (cloud_server_start(&shared, options->listen, &server, url, &err) != 0) {
		cloud_checkin_stop(checkin);
		return complain(&err);
	}
	printf("%s\n", url);
	fflush(stdout);
	sigwait(&signals, &got);
	cloud_server_stop(server);
	cloud_checkin_stop(checkin);
	return 0;
}

static const char *word(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "-";
}

static long long number(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

static void print_books(const json_t *books)
{
	static const char *const verdicts[] = {"doubled", "over_limit", "busy_destroyed"};
	const json_t *verdict = json_object_get(books, "verdict");
	const json_t *item;
	size_t i;

	json_array_foreach (json_object_get(books, "machines"), i, item)
		printf("machine %s account %s server %s state %s\n", word(item, "id"),
		       word(item, "account"), word(item, "server"), word(item, "state"));
	json_array_foreach (json_object_get(books, "calls"), i, item)
		printf("calls %s account %s code %s delivery %lld: %lld\n", word(item, "kind"),
		       word(item, "account"), word(item, "code"), number(item, "delivery"),
		       number(item, "n"));
	json_array_foreach (json_object_get(books, "accounts"), i, item)
		printf("account %s made %lld alive %lld peak %lld limit %lld\n",
		       word(item, "account"), number(item, "made"), number(item, "alive"),
		       number(item, "peak"), number(item, "limit"));
	json_array_foreach (json_object_get(books, "machines"), i, item)
		if (strcmp(word(item, "state"), "gone") != 0)
			printf("alive server %s machine %s\n", word(item, "server"),
			       word(item, "id"));
	for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		printf("%s: %lld\n", verdicts[i], number(verdict, verdicts[i]));
}

static int show_books(struct cloud *cloud, const struct options *options)
{
	CLEANUP_JSON json_t *books = NULL;
	const json_t *verdict;
	struct hr_error err;

	if (cloud_books(cloud, clock_now().wall_ms, &books, &err) != 0)
		return complain(&err);
	if (options->json) {
		json_dumpf(books, stdout, JSON_INDENT(1));
		printf("\n");
	} else {
		print_books(books);
	}
	verdict = json_object_get(books, "verdict");
	return number(verdict, "doubled") || number(verdict, "over_limit") ||
	       number(verdict, "busy_destroyed");
}

static int run(struct cloud *cloud, const struct options *options)
{
	struct hr_error err;
	int rc = 0;

	if (strcmp(options->command, "serve") == 0)
		return serve(cloud, options);
	if (strcmp(options->command, "books") == 0)
		return show_books(cloud, options);
	if (strcmp(options->command, "set") == 0)
		rc = set_all(cloud, (const char *const *)options->words, options->n_words, &err);
	else
		rc = cloud_set_busy(cloud, options->words[0], strcmp(options->words[1], "yes") == 0,
				    clock_now().wall_ms, &err);
	return rc == 0 ? 0 : complain(&err);
}

/* Whether the command's words and options are all there. */
static bool fits(const struct options *options)
{
	const char *command = options->command;

	if (!options->books)
		return false;
	if (strcmp(command, "serve") == 0)
		return options->listen && options->n_words == 0;
	if (strcmp(command, "books") == 0)
		return options->n_words == 0;
	if (strcmp(command, "set") == 0)
		return options->n_words > 0;
	return strcmp(command, "busy") == 0 && options->n_words == 2 &&
	       (strcmp(options->words[1], "yes") == 0 || strcmp(options->words[1], "no") == 0);
}

/* 0, or the exit status plus 1. */
static int read_options(int argc, char **argv, struct options *ret)
{
	static const struct option known[] = {{"books", required_argument, NULL, 'b'},
					      {"listen", required_argument, NULL, 'l'},
					      {"seed", required_argument, NULL, 's'},
					      {"set", required_argument, NULL, 'k'},
					      {"json", no_argument, NULL, 'j'},
					      {"help", no_argument, NULL, 'h'},
					      {NULL, 0, NULL, 0}};
	bool good = true;
	int option;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
		switch (option) {
		case 'b': ret->books = optarg; break;
		case 'l': ret->listen = optarg; break;
		case 's': good &= text_to_int64(optarg, 0, INT64_MAX, &ret->seed) == 0; break;
		case 'k':
			good &= ret->n_sets < SETS_MAX;
			if (good)
				ret->sets[ret->n_sets++] = optarg;
			break;
		case 'j': ret->json = true; break;
		case 'h': return 1 + usage(true);
		default: good = false;
		}
	}
	if (optind == argc)
		return 1 + usage(false);
	ret->command = argv[optind];
	ret->words = argv + optind + 1;
	ret->n_words = argc - optind - 1;
	return good && fits(ret) ? 0 : 1 + usage(false);
}

int main(int argc, char **argv)
{
	struct options options = {.seed = 1};
	int status = read_options(argc, argv, &options);
	struct cloud *cloud;
	struct hr_error err;

	if (status != 0)
		return status - 1;
	/* Nothing is in books that are only made now. */
	if ((strcmp(options.command, "books") == 0 || strcmp(options.command, "busy") == 0) &&
	    access(options.books, F_OK) != 0) {
		fprintf(stderr, "headroom-sim: there is no file %s\n", options.books);
		return 2;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (cloud_open(options.books, (uint64_t)options.seed, clock_now().wall_ms, &cloud, &err) !=
	    0)
		return complain(&err);
	status = run(cloud, &options);
	cloud_close(cloud);
	curl_global_cleanup();
	return status;
}
