/* SPDX-License-Identifier: Apache-2.0 */
/* headroom-conformance: whether a provider module keeps the contract, shown on the module itself against its vendor's
 * test account. Not here: what is looked at (check_*.c). */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "conformance/checks.h"
#include "conformance/life.h"
#include "conformance/report.h"
#include "conformance/tap.h"

static const char usage[] =
	"Usage: headroom-conformance [--settings FILE] [--record DIR | --replay DIR]\n"
	"                            [--local] [--host PROGRAM] [--report FILE] MODULE.so\n"
	"Shows whether a provider module keeps Headroom's contract, line by line (TAP).\n"
	"\n"
	"  --settings FILE  the settings of a test account, a JSON object: servers are made and\n"
	"                   destroyed there. Without it the file alone is looked at.\n"
	"  --host PROGRAM   headroom-host, which describes the module\n"
	"                   (" HEADROOM_LIBEXECDIR "/headroom-host)\n"
	"  --record DIR     one life alone, whose HTTP is written to DIR/conformance.json, without\n"
	"                   the values of secret settings\n"
	"  --replay DIR     one life alone, answered from there: no provider is asked. The settings\n"
	"                   have to be those of the recording, but for secrets\n"
	"  --local          grant it profile local: it may start processes on this machine\n"
	"  --report FILE    what was shown, as JSON, to publish; no settings are in it\n"
	"  --help, --version\n"
	"\n"
	"Exit status: 0 all is as it should be, 1 something is not, 2 it could not be tried.\n";

struct options {
	const char *settings; /* of these three the paths as they were given */
	const char *host;
	const char *module;
	const char *report;
	struct subject_options subject;
};

/* -1: go on; else the exit status. */
static int options_read(int argc, char **argv, struct options *ret)
{
	static const struct option known[] = {{"settings", required_argument, NULL, 's'},
					      {"host", required_argument, NULL, 'o'},
					      {"local", no_argument, NULL, 'l'},
					      {"record", required_argument, NULL, 'c'},
					      {"replay", required_argument, NULL, 'p'},
					      {"report", required_argument, NULL, 'r'},
					      {"help", no_argument, NULL, 'h'},
					      {"version", no_argument, NULL, 'v'},
					      {0}};
	int option;

	*ret = (struct options){.host = HEADROOM_LIBEXECDIR "/headroom-host"};
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 's': ret->settings = optarg; break;
		case 'o': ret->host = optarg; break;
		case 'l': ret->subject.may_be_local = true; break;
		case 'c': ret->subject.http.record_dir = optarg; break;
		case 'p': ret->subject.http.replay_dir = optarg; break;
		case 'r': ret->report = optarg; break;
		case 'h': fputs(usage, stdout); return 0;
		case 'v': puts("headroom-conformance " HEADROOM_VERSION); return 0;
		default: return 2;
		}
	}
	if (optind != argc - 1) {
		fputs("headroom-conformance: name one module's file; see --help\n", stderr);
		return 2;
	}
	if ((ret->subject.http.record_dir || ret->subject.http.replay_dir) && !ret->settings) {
		fputs("headroom-conformance: --record and --replay need --settings\n", stderr);
		return 2;
	}
	if (ret->subject.http.record_dir && ret->subject.http.replay_dir) {
		fputs("headroom-conformance: record or replay, not both at once\n", stderr);
		return 2;
	}
	ret->module = argv[optind];
	return -1;
}

/* The end: plan, summary, and the report. The exit status. */
static int conclude(const struct options *options, const char *file,
		    const struct registry_module *module)
{
	struct hr_error err = {0};
	bool ok = tap_end();

	if (options->report && report_write(options->report, file, module, &err) != 0) {
		fprintf(stderr, "headroom-conformance: %s\n", err.message);
		return 2;
	}
	return ok ? 0 : 1;
}

static void look_at_life(struct subject *subject)
{
	const struct http_service_options *http = &subject->options->http;
	bool has_cassette = http->record_dir || http->replay_dir;

	check_manifest(subject);
	if (!check_life(subject) || has_cassette) {
		tap_skip(has_cassette ? "a cassette has one life"
				      : "its life without faults does not go well yet",
			 "laws and faults");
		return;
	}
	check_laws(subject);
	check_faults(subject);
	if (!tap_ok(subject->leak[0] == '\0', "no secret stands in what the module says"))
		tap_note("%s", subject->leak);
	check_process(subject);
	check_parallel(subject->options);
	check_memory(subject->options);
}

static int look_at(struct options *options)
{
	json_error_t where;
	json_t *settings = json_load_file(options->settings, JSON_REJECT_DUPLICATES, &where);
	struct subject subject;
	struct hr_error err = {0};
	int status;

	if (!json_is_object(settings)) {
		fprintf(stderr, "headroom-conformance: %s: %s\n", options->settings,
			settings ? "is no JSON object" : where.text);
		json_decref(settings);
		return 2;
	}
	options->subject.settings = settings;
	check_file(options->subject.file);
	if (options->subject.http.record_dir || options->subject.http.replay_dir)
		life_repeat();
	if (tap_ok(subject_open(&options->subject, &subject, &err) == 0, "Headroom loads it"))
		look_at_life(&subject);
	else
		tap_note("%s%s", err.message,
			 strstr(err.message, "profile local") ? "; here: --local" : "");
	status = conclude(options, options->subject.file, subject.described);
	subject_close(&subject);
	json_decref(settings);
	return status;
}

int main(int argc, char **argv)
{
	char file[PATH_MAX], host[PATH_MAX];
	struct options options;
	int status = options_read(argc, argv, &options);

	if (status >= 0)
		return status;
	if (!realpath(options.module, file)) {
		fprintf(stderr, "headroom-conformance: %s: there is no such file\n",
			options.module);
		return 2;
	}
	if (options.settings && !realpath(options.host, host)) {
		fprintf(stderr, "headroom-conformance: %s: there is no such program; give --host\n",
			options.host);
		return 2;
	}
	options.subject.file = file;
	options.subject.host_program = host;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (options.settings)
		return look_at(&options);
	check_file(file);
	tap_skip("no --settings", "a life, laws and faults");
	return conclude(&options, file, NULL);
}
