/* SPDX-License-Identifier: Apache-2.0 */
/* bench-creates URL KEY NUMBER AT-ONCE: makes machines at headroom-sim by a bare libcurl multi loop, so many
 * at once. Prints the rate, and this program's processor time for each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/text.h"
#include "measure.h"

struct transfer {
	CURL *easy;
	char body[512];
};

static const char *url, *key;
static struct curl_slist *headers;
static long asked, answered;

static size_t drop(char *data, size_t size, size_t n, void *context)
{
	(void)data;
	(void)context;
	return size * n;
}

static void ask(CURLM *multi, struct transfer *transfer)
{
	asked++;
	text_format(
		transfer->body, sizeof(transfer->body),
		"{\"token\": \"bare-%d-%ld\", \"name\": \"bare-%d-%ld\", \"zone\": \"north-1\", "
		"\"size\": \"small\", \"image\": \"debian-12\", \"user_data\": \"\", \"marks\": "
		"{\"installation\": \"bare\", \"config\": \"bare\", \"server\": \"%d-%ld\"}}",
		(int)getpid(), asked, (int)getpid(), asked, (int)getpid(), asked);
	curl_easy_setopt(transfer->easy, CURLOPT_URL, url);
	curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(transfer->easy, CURLOPT_POSTFIELDS, transfer->body);
	curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
	if (curl_multi_add_handle(multi, transfer->easy) != CURLM_OK)
		measure_fail("libcurl takes no more requests");
}

static void take_done(CURLM *multi, long wanted)
{
	struct CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi, &left)) != NULL) {
		struct transfer *transfer;
		CURLcode result = message->data.result;
		CURL *easy = message->easy_handle;
		long status = 0;

		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		curl_multi_remove_handle(multi, easy);
		if (result != CURLE_OK || (status != 201 && status != 202))
			measure_fail("%s, status %ld", curl_easy_strerror(result), status);
		answered++;
		if (asked < wanted)
			ask(multi, transfer);
	}
}

int main(int argc, char **argv)
{
	char line[256], address[256];
	struct transfer *transfers;
	struct rusage used;
	int64_t begun_ns;
	long n, at_once;
	CURLM *multi;
	int running;

	if (argc != 5)
		measure_fail("bench-creates URL KEY NUMBER AT-ONCE");
	text_format(address, sizeof(address), "%s/v1/machines", argv[1]);
	url = address;
	key = argv[2];
	n = measure_count(argv[3]);
	at_once = measure_count(argv[4]);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	transfers = calloc((size_t)at_once, sizeof(*transfers));
	text_format(line, sizeof(line), "Authorization: Bearer %s", key);
	headers = curl_slist_append(headers, line);
	headers = curl_slist_append(headers, "Content-Type: application/json");
	if (!multi || !transfers || !headers)
		measure_fail("out of memory");
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, at_once);
	begun_ns = measure_now_ns();
	for (long i = 0; i < at_once && asked < n; i++) {
		transfers[i].easy = curl_easy_init();
		ask(multi, &transfers[i]);
	}
	while (answered < n) {
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			measure_fail("libcurl failed");
		take_done(multi, n);
		curl_multi_poll(multi, NULL, 0, 100, NULL);
	}
	getrusage(RUSAGE_SELF, &used);
	measure_tell("rate", (double)n * 1e9 / (double)(measure_now_ns() - begun_ns));
	measure_tell("cpu_us", ((double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
				(double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec)) /
				       (double)n);
	for (long i = 0; i < at_once && transfers[i].easy; i++)
		curl_easy_cleanup(transfers[i].easy);
	curl_multi_cleanup(multi);
	curl_slist_free_all(headers);
	free(transfers);
	curl_global_cleanup();
	return 0;
}
