/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts are made and freed. */
#include "http/account.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "http/service.h"

static CURLSH *share_new(void)
{
	CURLSH *share = curl_share_init();

	/* No locks: only the http thread uses it. */
	if (share &&
	    (curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT) != CURLSHE_OK ||
	     curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK)) {
		curl_share_cleanup(share);
		share = NULL;
	}
	return share;
}

int http_account_new(struct http_service *service, const struct http_account_options *options,
		     struct http_account **ret_account, struct hr_error *err)
{
	struct http_account *account;

	if (options->id[0] == '\0' || strlen(options->id) >= sizeof(account->id))
		return error_set(err, HR_INVALID, "the account's id is empty or too long");
	account = calloc(1, sizeof(*account));
	if (!account)
		return error_no_memory(err, "opening an account");
	atomic_init(&account->references, 1);
	text_copy(account->id, sizeof(account->id), options->id);
	if (http_policy_init(&account->policy, options, err) != 0)
		goto no_policy;
	if (scrub_init(&account->scrub, options->schema, options->settings, err) != 0)
		goto no_scrub;
	account->share = share_new();
	account->room = room_new();
	if (!account->share || !account->room ||
	    (account->policy.proxy_password &&
	     scrub_add(&account->scrub, account->policy.proxy_password) != 0)) {
		error_no_memory(err, "opening an account");
		goto failed;
	}
	if (service_find_cassette(service, account->id, &account->cassette, err) != 0)
		goto failed;
	account->service = service_hold(service);
	*ret_account = account;
	return 0;
failed:
	room_release(account->room);
	if (account->share)
		curl_share_cleanup(account->share);
	scrub_clear(&account->scrub);
no_scrub:
	http_policy_clear(&account->policy);
no_policy:
	free(account);
	return -1;
}

int http_account_add_secret(struct http_account *account, const char *value)
{
	return scrub_add(&account->scrub, value);
}

void http_account_free(struct http_account *account)
{
	if (account)
		account_release(account);
}

struct http_account *account_hold(struct http_account *account)
{
	atomic_fetch_add(&account->references, 1);
	return account;
}

void account_release(struct http_account *account)
{
	if (atomic_fetch_sub(&account->references, 1) == 1)
		service_bury(account->service, account);
}

void account_destroy(struct http_account *account)
{
	curl_share_cleanup(account->share);
	room_release(account->room);
	scrub_clear(&account->scrub);
	http_policy_clear(&account->policy);
	free(account);
}
