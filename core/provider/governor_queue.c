/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of accounts, keys and entries. */
#include "provider/governor_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- Members and keys ---------------------------------------------------------------------- */

struct governor_member *governor_member_find(const struct governor_queues *queues, const char *id)
{
	for (struct governor_member *m = queues->members; m; m = m->next)
		if (strcmp(m->id, id) == 0)
			return m;
	return NULL;
}

struct governor_member *governor_member_new(const char *id)
{
	struct governor_member *member = calloc(1, sizeof(*member));

	if (member)
		text_copy(member->id, sizeof(member->id), id);
	return member;
}

struct governor_key *governor_key_get(struct governor_queues *queues, const char *text,
				      const struct governor_options *options, int64_t now_ms)
{
	struct governor_key *key;

	for (key = queues->keys; key; key = key->next)
		if (strcmp(key->text, text) == 0)
			return key;
	key = calloc(1, sizeof(*key));
	if (!key)
		return NULL;
	text_copy(key->text, sizeof(key->text), text);
	budget_init(&key->budget, 0, 0, now_ms);
	breaker_init(&key->breaker, options->breaker);
	key->next = queues->keys;
	queues->keys = key;
	return key;
}

static void append(struct governor_list *list, struct governor_entry *entry)
{
	entry->next = NULL;
	if (list->last)
		list->last->next = entry;
	else
		list->first = entry;
	list->last = entry;
	list->n++;
}

/* Where its number belongs: what moves from another key may be older than what is here. */
static void insert(struct governor_list *list, struct governor_entry *entry)
{
	struct governor_entry **at = &list->first;

	if (!list->last || list->last->number < entry->number) {
		append(list, entry);
		return;
	}
	while ((*at)->number < entry->number)
		at = &(*at)->next;
	entry->next = *at;
	*at = entry;
	list->n++;
}

static void unlink_entry(struct governor_list *list, struct governor_entry *entry)
{
	struct governor_entry **at = &list->first, *before = NULL;

	while (*at != entry) {
		before = *at;
		at = &(*at)->next;
	}
	*at = entry->next;
	if (list->last == entry)
		list->last = before;
	list->n--;
	entry->next = NULL;
}

static void move_waiting(struct governor_key *from, struct governor_key *to, const char *account)
{
	for (size_t i = 0; i < GOVERNOR_URGENCIES; i++) {
		struct governor_entry *entry = from->waiting[i].first, *next;

		for (; entry; entry = next) {
			next = entry->next;
			if (strcmp(entry->request->account, account) != 0)
				continue;
			unlink_entry(&from->waiting[i], entry);
			entry->key = to;
			insert(&to->waiting[i], entry);
		}
	}
}

void governor_member_join(struct governor_queues *queues, struct governor_member *member,
			  struct governor_key *key)
{
	if (member->key == key)
		return;
	if (member->key) {
		move_waiting(member->key, key, member->id);
		member->key->n_accounts--;
	} else {
		member->next = queues->members;
		queues->members = member;
	}
	member->key = key;
	key->n_accounts++;
}

void governor_member_remove(struct governor_queues *queues, struct governor_member *member)
{
	struct governor_member **at = &queues->members;

	while (*at != member)
		at = &(*at)->next;
	*at = member->next;
	member->key->n_accounts--;
	free(member);
}

static bool is_needed(const struct governor_key *key)
{
	unsigned n = key->n_accounts + key->n_in_flight;

	for (size_t i = 0; i < GOVERNOR_URGENCIES; i++)
		n += key->waiting[i].n;
	return n > 0;
}

void governor_keys_sweep(struct governor_queues *queues)
{
	struct governor_key **at = &queues->keys, *key;

	while ((key = *at) != NULL) {
		if (is_needed(key)) {
			at = &key->next;
			continue;
		}
		*at = key->next;
		free(key);
	}
}

/* ---- Entries ------------------------------------------------------------------------------- */

int governor_queue_add(struct governor_queues *queues, struct governor_member *member,
		       const struct dispatch_request *request)
{
	struct governor_entry *entry = calloc(1, sizeof(*entry));
	enum dispatch_urgency urgency =
		request->urgency < DISPATCH_LOOK ? request->urgency : DISPATCH_LOOK;

	if (!entry)
		return -1;
	entry->request = dispatch_request_copy(request);
	entry->answer = dispatch_answer_new(request);
	if (!entry->request || !entry->answer) {
		governor_entry_free(entry);
		return -1;
	}
	entry->request->urgency = urgency;
	entry->key = member->key;
	entry->member = member;
	entry->ticket = request->ticket;
	entry->number = ++queues->last_number;
	append(&member->key->waiting[urgency], entry);
	member->waiting[urgency]++;
	return 0;
}

struct governor_entry *governor_queue_next(const struct governor_key *key)
{
	struct governor_entry *first = NULL, *oldest = NULL;

	for (size_t i = 0; i < GOVERNOR_URGENCIES; i++) {
		struct governor_entry *entry = key->waiting[i].first;

		if (entry && !first)
			first = entry;
		if (entry && (!oldest || entry->number < oldest->number))
			oldest = entry;
	}
	return key->turn + 1 >= GOVERNOR_OLDEST_EVERY ? oldest : first;
}

void governor_queue_remove(struct governor_entry *entry)
{
	enum dispatch_urgency urgency = entry->request->urgency;

	unlink_entry(&entry->key->waiting[urgency], entry);
	entry->member->waiting[urgency]--;
	entry->member = NULL;
}

void governor_flight_begin(struct governor_queues *queues, struct governor_entry *entry)
{
	struct governor_key *key = entry->key;

	dispatch_request_free(entry->request);
	dispatch_answer_free(entry->answer);
	entry->request = NULL;
	entry->answer = NULL;
	key->turn = (key->turn + 1) % GOVERNOR_OLDEST_EVERY;
	key->n_in_flight++;
	key->sent++;
	entry->next = queues->in_flight;
	queues->in_flight = entry;
}

struct governor_entry *governor_flight_end(struct governor_queues *queues, uint64_t ticket)
{
	struct governor_entry **at = &queues->in_flight, *entry;

	while (*at && (*at)->ticket != ticket)
		at = &(*at)->next;
	entry = *at;
	if (!entry)
		return NULL;
	*at = entry->next;
	entry->next = NULL;
	entry->key->n_in_flight--;
	return entry;
}

void governor_entry_free(struct governor_entry *entry)
{
	if (!entry)
		return;
	dispatch_request_free(entry->request);
	dispatch_answer_free(entry->answer);
	free(entry);
}

static void free_entries(struct governor_entry *entry)
{
	while (entry) {
		struct governor_entry *next = entry->next;

		governor_entry_free(entry);
		entry = next;
	}
}

void governor_queues_clear(struct governor_queues *queues)
{
	free_entries(queues->in_flight);
	while (queues->members) {
		struct governor_member *next = queues->members->next;

		free(queues->members);
		queues->members = next;
	}
	while (queues->keys) {
		struct governor_key *next = queues->keys->next;

		for (size_t i = 0; i < GOVERNOR_URGENCIES; i++)
			free_entries(queues->keys->waiting[i].first);
		free(queues->keys);
		queues->keys = next;
	}
	*queues = (struct governor_queues){0};
}
